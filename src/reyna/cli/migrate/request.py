"""The arguments of an import, and the file that it reads."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

CHUNK_BYTES: Final = 256 * 1024  # read at once
BATCH_TIMEOUT_SECONDS: Final = 300.0  # for one batch, on a busy machine
OnProgress = Callable[[int], None]


class MigrationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `reyna migrate legacy`."""

    file: Path
    dry_run: bool
    maps: tuple[str, ...]
    user: str | None
    url: str | None
    token: str | None


class ProgressFile(io.FileIO):
    """A file that reports the bytes that are read from it."""

    def __init__(self, path: Path, on_progress: OnProgress) -> None:
        super().__init__(path)
        self._on_progress = on_progress

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(CHUNK_BYTES if size is None or size < 0 else max(size, CHUNK_BYTES)) or b""
        self._on_progress(len(chunk))
        return chunk
