"""What answers questions about schemas: a process that forks itself for each, so that none waits for imports.

The connection for a question comes along with one byte on stdin, which is a socket. The child writes its pid, then a
line for each answer, and ends; there are fewer lines than answers where these would have cost too much.
"""

import gc
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from typing import Final

import msgspec

from reyna.schemas.compatibility import SECONDS, Text, compare
from reyna.schemas.examining import examined

MEMORY: Final = 2 * 1024**3  # bytes of address space; the engines map far more than they use
FRAMES: Final = 20_000  # nested calls; a proof goes through the levels of both schemas
GRACE: Final = 1.0  # seconds of CPU to end what is at hand
BROKEN: Final = b"!"  # begins the line that says how answering broke
PIECE: Final = 64 * 1024  # bytes


class Question(msgspec.Struct, frozen=True):
    """Compare `new` with each of `olds`, or examine it when there are none; `seconds` of CPU is what it may cost."""

    new: Text
    olds: list[Text]
    seconds: float


def main() -> None:
    """Answer until nobody can ask any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to everybody; we end with whoever asks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    _warm()
    asked = socket.socket(fileno=0)
    while connections := socket.recv_fds(asked, 1, 1)[1]:
        with socket.socket(fileno=connections[0]) as connection:
            if os.fork() == 0:
                asked.close()
                _child(connection)


def _warm() -> None:
    """Do once what every child would otherwise do for its first time, and keep it where all of them share it."""
    either = Text({"properties": {"a": {"type": "string", "pattern": "^a"}}})
    examined(either)
    compare(either, Text({"properties": {"a": {"type": "string", "maxLength": 1}}}))
    gc.collect()
    gc.freeze()


def _child(connection: socket.socket) -> None:
    """Answer one question, and end without going back to where we were forked."""
    try:
        connection.sendall(b"%d\n" % os.getpid())
        _answer(connection)
    except (MemoryError, RecursionError):
        pass  # it costs too much, which the missing lines say
    except Exception:
        connection.sendall(BROKEN + msgspec.json.encode(traceback.format_exc()) + b"\n")
    finally:
        os._exit(0)


def _answer(connection: socket.socket) -> None:
    question = msgspec.json.decode(b"".join(iter(lambda: connection.recv(PIECE), b"")), type=Question)
    signal.setitimer(signal.ITIMER_PROF, question.seconds + GRACE)  # ends us, whatever we are doing then
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(FRAMES)
    for answer in _answers(question):
        connection.sendall(msgspec.json.encode(answer) + b"\n")


def _answers(question: Question) -> Iterator[msgspec.Struct]:
    """One for each of the older schemas, in order, as each is done; or one about the new one."""
    if not question.olds:
        yield examined(question.new)
    until = time.process_time() + question.seconds
    for number, old in enumerate(question.olds):
        left = max(0.0, until - time.process_time())
        share = left / (6 * (len(question.olds) - number))  # two directions, each of them up to three times that
        yield compare(old, question.new, seconds=min(SECONDS, share))
