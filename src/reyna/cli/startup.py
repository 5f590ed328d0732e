"""The beginning and the end of every command: its settings, the servers it shares, and one line for an error."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import typer

from reyna.app import log
from reyna.app.config import Settings, read_settings
from reyna.app.lifecycle import run_event_loop
from reyna.app.servers import running_addresses
from reyna.cli.terminal import ERR, print_line
from reyna.domain.errors import CannotStart, Fault, Refusal

UNUSED_POSTGRES_URL: Final = "postgresql://unused.invalid"  # so that no server is started; nothing connects to it
UNUSED_LLM_URL: Final = "http://unused.invalid"
LOG: Final = logging.getLogger(__name__)
SERVERS: Final = ("postgres_url", "state_url", "nats_url", "llm_url", "llm_key", "llm_model")


def load_settings(**given: Any) -> Settings:
    """Returns the settings; values given on the command line come first, unless they are None."""
    try:
        settings = read_settings(os.environ, Path.cwd())
    except CannotStart as wrong:
        exit_with_error(str(wrong))
    settings = msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})
    log.configure(settings.log_level, settings.log_format)
    return settings


def join_running_studio(settings: Settings, *needs: str) -> Settings:
    """Returns the settings with the servers that are set, or else those of the studio that runs in this home.

    No server is started for a command. `needs` are the settings that must be found; NATS always is. Ends the command
    when one is not, or when no secret is shared with the services that it will speak to.
    """
    try:
        shared = running_addresses(settings.home)
    except CannotStart as hindrance:
        exit_with_error(str(hindrance))
    found = {name: getattr(settings, name) or (getattr(shared, name) if shared else None) for name in SERVERS}
    for name in (*needs, "nats_url"):
        if found[name] is None:
            exit_with_error(f"No studio is running in {settings.home}. Start it, or set REYNA_{name.upper()}.")
    if settings.secret is None and not (settings.home / "secret").is_file():
        exit_with_error(
            "REYNA_SECRET is not set. Set it to the same text of 32 characters or more for every service and worker."
        )
    found["postgres_url"] = found["postgres_url"] or UNUSED_POSTGRES_URL
    found["llm_url"] = found["llm_url"] or UNUSED_LLM_URL
    return msgspec.structs.replace(settings, **found)


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
    print_line(f"reyna: {' '.join(reason.split())}", to=ERR)
    raise typer.Exit(1)
