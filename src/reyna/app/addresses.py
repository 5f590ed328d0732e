"""The addresses of the servers of a studio, and those of the studio that runs in a home."""

from pathlib import Path
from typing import Final

import msgspec

from reyna.domain.errors import CannotStart
from reyna.embedded.home import Home

ADDRESSES_FILE: Final = "servers.json"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """The URLs of the servers with their passwords and keys; `llm_url` ends in the `/v1` that clients expect."""

    postgres_url: str
    state_url: str
    nats_url: str
    llm_url: str
    llm_key: str
    llm_model: str
    embeddings_url: str = ""  # empty where there is no model for embeddings
    embeddings_key: str = ""
    embeddings_model: str = ""

    def __repr__(self) -> str:
        return "Addresses(…)"


def running_addresses(home: Path) -> Addresses | None:
    """Returns the addresses of the studio that runs in this home, for commands beside it; None when none runs."""
    if not (home / "lock").exists():
        return None
    there = Home(home)
    written = there.read(ADDRESSES_FILE)  # absent while it still starts, and outdated when it was killed
    if not written or not there.is_held():
        return None
    try:
        return msgspec.json.decode(written, type=Addresses)
    except msgspec.MsgspecError:
        raise CannotStart(f"{there.path / ADDRESSES_FILE} is damaged: start the studio that runs there again") from None
