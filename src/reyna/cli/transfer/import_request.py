"""The arguments of an import."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

POLL_SECONDS: Final = 0.5  # between two questions of how far an import is


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `reyna import`; `file` is what is sent, under `name`."""

    file: Path
    name: str
    format: str
    bucket: str | None
    atomic: bool
    user: str | None
    url: str | None
    token: str | None


class OnProgress(NamedTuple):
    """Called with the bytes that were sent, and with the share of the import that is done."""

    sent: Callable[[int], None]
    imported: Callable[[float], None]
