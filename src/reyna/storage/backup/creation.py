"""The writing of one backup: parts are cut, stored unless they are there, and named by a manifest in the end."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import Fault
from reyna.storage.backup.cutting import Cutter, RowCutter, split_lines
from reyna.storage.backup.manifest import BackupPart, ChunkReference, Manifest, backup_name
from reyna.storage.backup.repository import BackupRepository

PARALLEL_CHUNKS: Final = 4  # that are sealed and written at a time
OnPart = Callable[[BackupPart], None]


class InstallationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about an installation that its manifest states, as `Manifest` explains them."""

    version: str
    tables_revision: str
    sequences: dict[str, int] = {}
    documents: bool = False
    secret_fingerprint: str | None = None


class ChunkWriter:
    """Stores the pieces of one part, several at a time, and has their references in order."""

    def __init__(self, repository: BackupRepository, cutter: Cutter) -> None:
        self._repository, self._cutter = repository, cutter
        self._pending: deque[asyncio.Task[tuple[ChunkReference, int]]] = deque()
        self.references: list[ChunkReference] = []
        self.size = self.new_size = 0

    async def feed(self, data: bytes) -> None:
        """Takes the next bytes of the part; waits while there is much to write."""
        self.size += len(data)
        await self._store(self._cutter.feed(data))

    async def finish(self) -> None:
        await self._store(self._cutter.finish())
        while self._pending:
            await self._wait_for_one()

    async def cancel(self) -> None:
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    async def _store(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            if len(self._pending) >= PARALLEL_CHUNKS:
                await self._wait_for_one()
            self._pending.append(asyncio.create_task(self._repository.put_chunk(piece)))

    async def _wait_for_one(self) -> None:
        reference, written = await self._pending.popleft()
        self.references.append(reference)
        self.new_size += written


class BackupWriter:
    """Writes one backup. What an interrupted one has stored is found by the next."""

    def __init__(
        self,
        repository: BackupRepository,
        *,
        on_part: OnPart = lambda part: None,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._repository, self._on_part, self._clock = repository, on_part, clock
        self._started_at = clock()
        self._index = ChunkWriter(repository, RowCutter(split_lines))
        self._parts = self._rows = self._size = self._new_size = 0
        self._earlier: dict[str, BackupPart] = {}

    async def load_earlier(self) -> None:
        """Reads the objects of the latest backup, so that those which are the same need not be read again."""
        names = await self._repository.list_backups()
        if not names:
            return
        latest = await self._repository.read_manifest(names[-1])
        async for part in self._repository.read_parts(latest):
            if part.kind == "object":
                self._earlier[part.name] = part

    async def keep(self, part: BackupPart) -> bool:
        """Takes an object over from the latest backup when it has the same size and time, and all its chunks."""
        earlier = self._earlier.get(part.name)
        if earlier is None or (earlier.size, earlier.modified_at) != (part.size, part.modified_at):
            return False
        if not all(reference.name in self._repository.chunk_sizes for reference in earlier.chunks):
            return False
        await self._record(earlier)
        return True

    @asynccontextmanager
    async def part(self, part: BackupPart, cutter: Cutter) -> AsyncIterator[ChunkWriter]:
        """Yields the writer of a part, which is in the backup when the block ends."""
        writer = ChunkWriter(self._repository, cutter)
        try:
            yield writer
            await writer.finish()
        except BaseException:
            await writer.cancel()
            raise
        self._new_size += writer.new_size
        rows = getattr(cutter, "row_count", 0)
        await self._record(replace(part, size=writer.size, rows=rows, chunks=tuple(writer.references)))

    async def finish(self, facts: InstallationFacts) -> Manifest:
        """Writes the manifest, which makes the backup complete."""
        await self._index.finish()
        name = backup_name(self._started_at, os.urandom(4).hex())
        manifest = Manifest(
            name=name,
            version=facts.version,
            started_at=self._started_at,
            finished_at=self._clock(),
            tables_revision=facts.tables_revision,
            sequences=facts.sequences,
            documents=facts.documents,
            secret_fingerprint=facts.secret_fingerprint,
            parts=self._parts,
            rows=self._rows,
            size=self._size,
            new_size=self._new_size + self._index.new_size,
            index=tuple(self._index.references),
        )
        if name in await self._repository.list_backups():
            raise Fault("There is a backup of this name already.")
        await self._repository.put_manifest(manifest)
        return manifest

    async def _record(self, part: BackupPart) -> None:
        self._parts, self._rows, self._size = self._parts + 1, self._rows + part.rows, self._size + part.size
        await self._index.feed(msgspec.json.encode(part) + b"\n")
        self._on_part(part)
