"""What every command begins with: the settings, the servers it shares, and one line for what hinders it."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import typer
from rich.console import Console

from reyna import log
from reyna.config import CannotStart, Settings, read_settings
from reyna.domain.errors import Fault, Refusal
from reyna.embedded.servers import running
from reyna.serving import start

OUT: Final = Console(highlight=False, soft_wrap=True)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_of(**given: Any) -> Settings:
    """What is set, with what was given on the command line before it; None is not given."""
    try:
        settings = read_settings(os.environ, Path.cwd())
    except CannotStart as wrong:
        end(str(wrong))
    settings = msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})
    log.configure(settings.log_level, settings.log_format)
    return settings


def beside(settings: Settings) -> Settings:
    """The servers that are set, or else those of the studio that runs in this home: none is started for a command."""
    shared = running(settings.home)
    found = {
        name: getattr(settings, name) or (getattr(shared, name) if shared else None)
        for name in ("postgres_url", "state_url", "nats_url", "llm_url", "llm_key", "llm_model")
    }
    for name in ("postgres_url", "nats_url"):
        if found[name] is None:
            end(f"No studio is running in {settings.home}. Start it, or set REYNA_{name.upper()}.")
    # whoever asks no language model needs no address; a name that leads nowhere keeps one from being started
    found["llm_url"] = found["llm_url"] or "http://unused.invalid"
    return msgspec.structs.replace(settings, **found)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until stopped; what hinders it is one line, not a trace."""
    try:
        start(main())
    except CannotStart as hindrance:
        end(str(hindrance))
    except (Fault, Refusal) as error:
        end(error.detail)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def end(reason: str) -> NoReturn:
    ERR.print(f"reyna: {reason}", markup=False)
    raise typer.Exit(1)
