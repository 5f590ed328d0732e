"""`python -m reyna` is `reyna`: the command of the studio, or that of the SDK where it is installed alone."""

import gc
import sys
from importlib.util import find_spec

STARTUP_GC_ALLOCATIONS = 100_000  # a start creates objects that stay: looking for garbage among them is a tenth of it


def main() -> None:
    """Runs the command line, and exits with its code."""
    gc.set_threshold(STARTUP_GC_ALLOCATIONS)
    if find_spec("reyna.cli") is None:
        from reyna.sdk.command.main import main as run_command

        sys.exit(run_command())
    from reyna.cli.app import app

    app()


if __name__ == "__main__":
    main()
