"""The hashes of uploads under way, which are computed while the content arrives."""

import asyncio
import hashlib
from typing import Final, NamedTuple

HASHED_IN_THREAD_BYTES: Final = 64 * 1024  # more than this is hashed outside the event loop
MAX_RUNNING_HASHES: Final = 10_000  # uploads of which this process remembers the hash so far


class RunningHash(NamedTuple):
    """The hash of the first `offset` bytes of an upload."""

    offset: int
    digest: "hashlib._Hash"


class RunningHashes:
    """Hashes by upload. One that is not here, because another process took a part of it, is computed at the end."""

    def __init__(self) -> None:
        self._hashes: dict[str, RunningHash] = {}

    async def add(self, upload_id: str, offset: int, content: bytes) -> None:
        """Adds content that is stored at this offset."""
        running = self._hashes.pop(upload_id, None)
        if running is None and offset == 0:
            running = RunningHash(0, hashlib.sha256())
        if running is None or running.offset != offset:
            return
        if len(content) > HASHED_IN_THREAD_BYTES:
            await asyncio.to_thread(running.digest.update, content)
        else:
            running.digest.update(content)
        while len(self._hashes) >= MAX_RUNNING_HASHES:
            del self._hashes[next(iter(self._hashes))]
        self._hashes[upload_id] = RunningHash(offset + len(content), running.digest)

    def take(self, upload_id: str, size: int) -> str | None:
        """Returns the hash of the first `size` bytes in hexadecimal and forgets it, or None when it is not known."""
        running = self._hashes.pop(upload_id, None)
        if size == 0:
            return hashlib.sha256().hexdigest()
        return running.digest.hexdigest() if running is not None and running.offset == size else None
