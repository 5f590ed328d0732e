"""The beginning of a command: its settings, and the servers that it shares with a running studio."""

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from reyna.app import log
from reyna.app.addresses import running_addresses
from reyna.app.config import Settings, read_settings
from reyna.cli.execution import exit_with_error
from reyna.domain.errors import CannotStart

UNUSED_POSTGRES_URL: Final = "postgresql://unused.invalid"  # so that no server is started; nothing connects to it
UNUSED_LLM_URL: Final = "http://unused.invalid"
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
