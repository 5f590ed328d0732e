"""The objects that hold the content of an upload, each one part of it."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from reyna.domain.errors import Fault, Unavailable
from reyna.domain.files.file import PART_BYTES
from reyna.ports.files import FileStorage

TOKEN_BYTES: Final = 6  # of the random name of a part
NO_STORAGE: Final = "This copy of the state service keeps no files."


class AppendedParts(NamedTuple):
    """The parts of an upload after something was appended, those that are new, and those that are not needed now."""

    parts: tuple[str, ...]
    new: tuple[str, ...]
    replaced: tuple[str, ...]


class PartStorage:
    """Reads and writes the parts of uploads. Every part has a random name, so that nothing is ever overwritten: what
    counts is what the record names."""

    def __init__(self, storage: FileStorage | None) -> None:
        self._given = storage

    @property
    def storage(self) -> FileStorage:
        if self._given is None:
            raise Unavailable(NO_STORAGE)
        return self._given

    async def append(
        self, user_id: str, upload_id: str, parts: Sequence[str], offset: int, content: bytes
    ) -> AppendedParts:
        """Stores content behind `offset`; a last part that is not full is stored again together with it."""
        kept, replaced = tuple(parts), tuple[str, ...]()
        if tail := offset % PART_BYTES:
            content = await self._read_part(user_id, upload_id, parts[-1], 0, tail) + content
            kept, replaced = kept[:-1], kept[-1:]
        new = []
        for start in range(0, len(content), PART_BYTES):
            new.append(secrets.token_hex(TOKEN_BYTES))
            await self.storage.put(_key(user_id, upload_id, new[-1]), content[start : start + PART_BYTES])
        return AppendedParts((*kept, *new), tuple(new), replaced)

    async def truncate(self, user_id: str, upload_id: str, parts: Sequence[str], offset: int) -> AppendedParts:
        """Stores anew the part that ends at `offset` now."""
        whole, tail = divmod(offset, PART_BYTES)
        kept, replaced = tuple(parts[:whole]), tuple(parts[whole:])
        if not tail:
            return AppendedParts(kept, (), replaced)
        content = await self._read_part(user_id, upload_id, parts[whole], 0, tail)
        token = secrets.token_hex(TOKEN_BYTES)
        await self.storage.put(_key(user_id, upload_id, token), content)
        return AppendedParts((*kept, token), (token,), replaced)

    async def read(self, user_id: str, upload_id: str, parts: Sequence[str], start: int, end: int) -> bytes:
        """Returns bytes from `start`, up to `end` or the end of the part that they are in."""
        number, within = divmod(start, PART_BYTES)
        length = min(end - start, PART_BYTES - within)
        if length <= 0:
            return b""
        return await self._read_part(user_id, upload_id, parts[number], within, length)

    async def content(self, user_id: str, upload_id: str, parts: Sequence[str], size: int) -> AsyncIterator[bytes]:
        """Yields the whole content, part by part."""
        start = 0
        while start < size:
            content = await self.read(user_id, upload_id, parts, start, size)
            yield content
            start += len(content)

    async def hash(self, user_id: str, upload_id: str, parts: Sequence[str], size: int) -> str:
        """Returns the SHA-256 of what is stored, in hexadecimal."""
        digest = hashlib.sha256()
        async for content in self.content(user_id, upload_id, parts, size):
            await asyncio.to_thread(digest.update, content)
        return digest.hexdigest()

    async def delete(self, user_id: str, upload_id: str, parts: Sequence[str]) -> None:
        """Deletes these parts; what cannot be deleted now is found and deleted by the collection of files."""
        with suppress(Fault):
            await self.storage.delete([_key(user_id, upload_id, part) for part in parts])

    async def _read_part(self, user_id: str, upload_id: str, part: str, start: int, length: int) -> bytes:
        return await self.storage.read(_key(user_id, upload_id, part), start, length)


def folder_of(user_id: str, upload_id: str = "") -> str:
    """Returns the beginning of the keys of the parts of a user, or of one upload."""
    return f"{user_id}/{upload_id}/" if upload_id else f"{user_id}/"


def _key(user_id: str, upload_id: str, part: str) -> str:
    return f"{folder_of(user_id, upload_id)}{part}"
