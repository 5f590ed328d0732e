"""`python -m reyna` is `reyna`: the command of the studio, or that of the SDK where it is installed alone."""

import sys
from importlib.util import find_spec


def main() -> None:
    """Runs the command line, and exits with its code."""
    if find_spec("reyna.cli") is None:
        from reyna.sdk.command.main import main as run_command

        sys.exit(run_command())
    from reyna.cli.app import app

    app()


if __name__ == "__main__":
    main()
