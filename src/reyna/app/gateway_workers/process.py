"""The process of a gateway worker: reads its assignment from its input, and serves until SIGTERM."""

import sys

import uvloop

from reyna.app import log
from reyna.app.gateway_workers import READY, Assignment
from reyna.app.lifecycle import run_gateway_worker
from reyna.domain.errors import CannotStart, Fault


def main() -> int:
    """Returns the exit code."""
    assignment = Assignment.decode(sys.stdin.buffer.read())
    settings = assignment.settings
    log.configure(settings.log_level, settings.log_format, worker=assignment.number)
    try:
        uvloop.run(run_gateway_worker(assignment, ready=lambda: _say(READY)))
    except (CannotStart, Fault, OSError) as hindrance:
        _say(" ".join(str(hindrance).split()))
        return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
