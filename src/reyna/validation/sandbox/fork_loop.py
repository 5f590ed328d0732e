"""The loop of a fork server: one child process for each request, so that imports are done once and a child can be
killed.

A request is a connection that comes with one byte on stdin, which is a socket. The child writes its pid, then one
line for each answer, and ends; answers that would have cost too much are missing.
"""

import gc
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

RECURSION_LIMIT: Final = 20_000  # nested calls; a proof recurses through both schemas
GRACE_CPU_SECONDS: Final = 1.0  # to finish the current answer
FAILURE_PREFIX: Final = b"!"  # of the line with the traceback of a failure
CHUNK_BYTES: Final = 64 * 1024  # bytes

Answer = Callable[[bytes], Iterator[msgspec.Struct]]


def serve(warm_up: Callable[[], None], answer: Answer) -> None:
    """Serves requests until the parent process ends.

    `warm_up` does once what every child would otherwise do for its first request. `answer` runs in the child: it
    reads the request, sets the child's limits with `limit_resources`, and yields the answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to every process; this one ends with its parent
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are not waited for
    warm_up()
    gc.collect()
    gc.freeze()
    requests = socket.socket(fileno=0)
    while connections := socket.recv_fds(requests, 1, 1)[1]:
        with socket.socket(fileno=connections[0]) as connection:
            if os.fork() == 0:
                requests.close()
                _run_child(connection, answer)


def limit_resources(cpu_seconds: float, memory_bytes: int) -> None:
    """Limits the CPU time and the address space of this process; the kernel kills it at the limit."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)  # kills this process at the limit
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run_child(connection: socket.socket, answer: Answer) -> None:
    """Answers one request, and exits without returning to the caller."""
    try:
        connection.sendall(b"%d\n" % os.getpid())
        request = b"".join(iter(lambda: connection.recv(CHUNK_BYTES), b""))
        sys.setrecursionlimit(RECURSION_LIMIT)
        for result in answer(request):
            connection.sendall(msgspec.json.encode(result) + b"\n")
    except (MemoryError, RecursionError):
        pass  # too costly: the missing lines tell the parent
    except Exception:
        connection.sendall(FAILURE_PREFIX + msgspec.json.encode(traceback.format_exc()) + b"\n")
    finally:
        os._exit(0)
