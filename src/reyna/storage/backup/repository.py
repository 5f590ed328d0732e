"""The repository of backups at a destination: its key, its chunks, its manifests, and the lock of who writes."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final, Self

import msgspec

from reyna.domain.errors import CannotStart, Fault
from reyna.ports.files import FileStorage, ObjectMissing
from reyna.storage.backup.encryption import (
    MIN_PASSPHRASE_CHARACTERS,
    BackupKeys,
    DamagedBackup,
    KeyFile,
    create_key_file,
    open_key_file,
)
from reyna.storage.backup.manifest import BackupPart, ChunkReference, Manifest, moment_of

KEY_FILE: Final = "reyna-backup.json"
CHUNKS, BACKUPS, LOCKS = "chunks/", "backups/", "locks/"
NAME_CHARACTERS: Final = 64
KEY_FILE_BYTES: Final = 512  # filled up with spaces
LOCK_REFRESH_SECONDS: Final = 60.0
STALE_LOCK_SECONDS: Final = 600.0
DELETED_AT_ONCE: Final = 500


class DestinationBusy(CannotStart):
    """Another backup is being written to the same destination."""


class BackupRepository:
    """The chunks and manifests at one destination. `chunk_sizes` are the chunks that are there, by name, after
    `load_chunks`."""

    def __init__(self, storage: FileStorage, keys: BackupKeys) -> None:
        self._storage, self.keys = storage, keys
        self.chunk_sizes: dict[str, int] = {}

    @classmethod
    async def open(cls, storage: FileStorage, passphrase: str, *, create: bool = False) -> Self:
        """Opens the repository; `create` begins one where there is nothing. Raises CannotStart for another passphrase,
        and where there is no backup."""
        content = await _read_key_file(storage)
        if content is not None:
            try:
                file = msgspec.json.decode(content, type=KeyFile)
            except msgspec.MsgspecError:
                raise DamagedBackup(f"the key of the backup, {KEY_FILE}, is damaged") from None
            return cls(storage, await asyncio.to_thread(open_key_file, file, passphrase))
        if not create:
            raise CannotStart("there is no backup at this place")
        if len(passphrase) < MIN_PASSPHRASE_CHARACTERS:
            raise CannotStart(f"a passphrase needs {MIN_PASSPHRASE_CHARACTERS} characters or more")
        async for found in storage.list(""):
            raise CannotStart(f"the destination holds {found.key} and no backup: name an empty folder, or a new one")
        file, keys = await asyncio.to_thread(create_key_file, passphrase)
        await storage.put(KEY_FILE, msgspec.json.encode(file).ljust(KEY_FILE_BYTES))
        return cls(storage, keys)

    async def load_chunks(self) -> None:
        self.chunk_sizes = {
            found.key[-NAME_CHARACTERS:]: found.size
            async for found in self._storage.list(CHUNKS)
            if len(found.key) == len(_chunk_key("0" * NAME_CHARACTERS))
        }

    async def put_chunk(self, content: bytes) -> tuple[ChunkReference, int]:
        """Stores a chunk unless it is there; returns its reference, and the bytes that were written."""
        name = await asyncio.to_thread(self.keys.name_of, content)
        if (size := self.chunk_sizes.get(name)) is not None:
            return ChunkReference(name, size), 0
        sealed = await asyncio.to_thread(self.keys.seal, content, name)
        await self._storage.put(_chunk_key(name), sealed)
        self.chunk_sizes[name] = len(sealed)
        return ChunkReference(name, len(sealed)), len(sealed)

    async def read_chunk(self, reference: ChunkReference) -> bytes:
        """Raises DamagedBackup unless it is what was written."""
        try:
            sealed = await self._storage.read(_chunk_key(reference.name), 0, reference.size)
        except ObjectMissing:
            raise DamagedBackup(f"the backup is damaged: {reference.name} is missing or too short") from None
        content = await asyncio.to_thread(self.keys.open, sealed, reference.name)
        if await asyncio.to_thread(self.keys.name_of, content) != reference.name:
            raise DamagedBackup(f"the backup is damaged: {reference.name} holds something else")
        return content

    async def put_manifest(self, manifest: Manifest) -> None:
        sealed = await asyncio.to_thread(self.keys.seal, msgspec.json.encode(manifest), manifest.name)
        await self._storage.put(f"{BACKUPS}{manifest.name}", sealed)

    async def list_backups(self) -> list[str]:
        """Returns the names of the backups, the oldest first."""
        return [name for name, _ in await _list_backups(self._storage)]

    async def read_manifest(self, name: str) -> Manifest:
        """Raises CannotStart when there is no such backup, and DamagedBackup."""
        sizes = dict(await _list_backups(self._storage))
        if name not in sizes:
            raise CannotStart(f"there is no backup {name}; see --list")
        sealed = await self._storage.read(f"{BACKUPS}{name}", 0, sizes[name])
        content = await asyncio.to_thread(self.keys.open, sealed, name)
        return msgspec.json.decode(content, type=Manifest)

    async def read_parts(self, manifest: Manifest) -> AsyncIterator[BackupPart]:
        """Yields the parts of a backup, in the order in which they are restored. Raises DamagedBackup."""
        decoder, rest = msgspec.json.Decoder(BackupPart), b""
        for reference in manifest.index:
            *lines, rest = (rest + await self.read_chunk(reference)).split(b"\n")
            for line in lines:
                yield decoder.decode(line)

    async def forget(self, names: Iterable[str]) -> int:
        """Deletes these backups, and the chunks that no other one needs; returns the number of chunks."""
        await self._storage.delete([f"{BACKUPS}{name}" for name in names])
        needed: set[str] = set()
        for name in await self.list_backups():
            manifest = await self.read_manifest(name)
            needed.update(reference.name for reference in manifest.index)
            async for part in self.read_parts(manifest):
                needed.update(reference.name for reference in part.chunks)
        unused = sorted(self.chunk_sizes.keys() - needed)
        for start in range(0, len(unused), DELETED_AT_ONCE):
            await self._storage.delete([_chunk_key(name) for name in unused[start : start + DELETED_AT_ONCE]])
        for name in unused:
            del self.chunk_sizes[name]
        return len(unused)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Keeps others from writing here meanwhile. Raises DestinationBusy."""
        key = f"{LOCKS}{os.urandom(8).hex()}"
        await self._storage.put(key, b"")
        refreshing = asyncio.create_task(self._refresh(key))
        try:
            await self._check_alone(key)
            yield
        finally:
            refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await refreshing
            await self._storage.delete([key])

    async def _refresh(self, key: str) -> None:
        while True:
            await asyncio.sleep(LOCK_REFRESH_SECONDS)
            with suppress(Fault):  # it is tried again in a minute, and is good for ten
                await self._storage.put(key, b"")

    async def _check_alone(self, key: str) -> None:
        locks = {found.key: found.modified_at async for found in self._storage.list(LOCKS)}
        mine = locks.pop(key, max(locks.values(), default=0.0))
        if any(mine - modified_at < STALE_LOCK_SECONDS for modified_at in locks.values()):
            raise DestinationBusy("another backup is being written to this destination; try again later")
        await self._storage.delete(sorted(locks))


async def latest_backup_at(storage: FileStorage) -> datetime | None:
    """Returns the moment of the latest complete backup; needs no passphrase. Raises Fault."""
    names = [name for name, _ in await _list_backups(storage)]
    return moment_of(names[-1]) if names else None


async def _list_backups(storage: FileStorage) -> list[tuple[str, int]]:
    found = [(one.key.removeprefix(BACKUPS), one.size) async for one in storage.list(BACKUPS)]
    return sorted((name, size) for name, size in found if moment_of(name) is not None)


async def _read_key_file(storage: FileStorage) -> bytes | None:
    try:
        return await storage.read(KEY_FILE, 0, KEY_FILE_BYTES)
    except ObjectMissing:
        return None


def _chunk_key(name: str) -> str:
    folder = name[:2]  # so that no folder of a file system has a million entries
    return f"{CHUNKS}{folder}/{name}"
