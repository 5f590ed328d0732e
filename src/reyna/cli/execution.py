"""The execution of a command: its coroutine on an event loop, and one line and an exit code for an error."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

import typer

from reyna.cli.terminal import ERR, print_line
from reyna.domain.errors import CannotStart, Fault, Refusal

LOG: Final = logging.getLogger(__name__)


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a coroutine to its end; an error becomes one line and exit code 1."""
    try:
        run_event_loop(main())
    except CannotStart as hindrance:
        exit_with_error(str(hindrance))
    except (Fault, Refusal) as error:
        exit_with_error(error.detail)
    except OSError as error:
        LOG.debug("ended by the system", exc_info=error)
        exit_with_error(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def exit_with_error(reason: str) -> NoReturn:
    """Prints one line, and ends the command with exit code 1."""
    print_line(f"reyna: {' '.join(reason.split())}", to=ERR)
    raise typer.Exit(1)


def run_event_loop(main: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine on uvloop where there is one."""
    if sys.platform == "win32":
        asyncio.run(main)
    else:
        import uvloop

        uvloop.run(main)
