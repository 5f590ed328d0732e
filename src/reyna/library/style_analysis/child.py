"""The child process of an analysis: reads a request from its standard input, and writes its progress and its result.

A long analysis in a thread would hold the interpreter's lock, for which everything else of a studio in the same process
would wait; and a thread cannot be stopped.
"""

import os
import sys
from contextlib import suppress
from typing import Final

import msgspec

from reyna.library.style_analysis.analysis import analyse
from reyna.library.style_analysis.request import AnalysisRequest, ChildMessage

NICENESS: Final = 5  # the studio goes first
MIN_REPORTED_STEP: Final = 0.01


def main() -> None:
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=AnalysisRequest)
    reported = 0.0

    def report(fraction: float) -> None:
        nonlocal reported
        if fraction >= reported + MIN_REPORTED_STEP:
            reported = fraction
            _write(ChildMessage(fraction))

    _write(ChildMessage(1.0, analyse(request, report)))


def _write(message: ChildMessage) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
