"""What may take long, in a process that may be ended at any moment: one question on stdin, answers on stdout."""

import resource
import sys
import time
from typing import Final

import msgspec

from reyna.schemas.compatibility import SECONDS, Comparison, Text, compare
from reyna.schemas.examining import examined

MEMORY: Final = 2 * 1024**3  # bytes of address space; the engines map far more than they use
FRAMES: Final = 20_000  # nested calls; a proof goes through the levels of both schemas


class Question(msgspec.Struct, frozen=True):
    """Compare `new` with each of `olds`, or examine it when there are none; `seconds` is how long it may take."""

    new: Text
    olds: list[Text]
    seconds: float


def main() -> None:
    """Answer with one line for each of the older schemas, in order, as each is done; or with one about the new one."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    allowed = int(question.seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(FRAMES)
    if not question.olds:
        sys.stdout.buffer.write(msgspec.json.encode(examined(question.new)) + b"\n")
        return
    until = time.monotonic() + question.seconds
    for number, old in enumerate(question.olds):
        left = max(0.0, until - time.monotonic())
        share = left / (6 * (len(question.olds) - number))  # two directions, each of them up to three times that
        answer: Comparison = compare(old, question.new, seconds=min(SECONDS, share))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
