"""One attempt at an import: reads the archive in a thread, and writes what it becomes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final, Protocol, cast

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, Refusal, TooMuch
from reyna.domain.schema import NewSchema
from reyna.ports.store import Store
from reyna.services.state.content.schema_cache import SchemaCache, SchemaVerbs
from reyna.services.state.files.file_collection import FileCollector
from reyna.services.state.files.uploads import Uploads
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS
from reyna.services.state.transfer.formats.detection import READERS
from reyna.services.state.transfer.imports.batch_writer import BatchWriter
from reyna.services.state.transfer.imports.blob_builder import BlobBuilder
from reyna.services.state.transfer.imports.bucket_builder import ImportedBuckets
from reyna.services.state.transfer.imports.file_intake import FileIntake
from reyna.services.state.transfer.imports.import_ids import ImportIds
from reyna.services.state.transfer.imports.notes import ImportNotes
from reyna.services.state.transfer.imports.task import ImportReport, ImportTask
from reyna.services.state.transfer.reading.items import (
    IncomingBlob,
    IncomingBucket,
    IncomingFile,
    IncomingIds,
    IncomingItem,
    IncomingSchema,
)
from reyna.services.state.transfer.reading.opened_archive import OpenedArchive
from reyna.storage.chunks import chunks
from reyna.storage.logical_clock import LogicalClock

ITEMS_AT_ONCE: Final = 20  # that are read in one go, each of them of a few MiB at most
MAX_GENERATIONS: Final = 100  # imports of one archive that are in the trash
OnProgress = Callable[[float], Awaitable[None]]


class SchemaRegistration(Protocol):
    """The verb that registers schemas."""

    async def register(self, caller: Caller, new: NewSchema) -> object: ...


class ImportParts:
    """The parts of the state service that an import needs."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        schema_service: SchemaVerbs,
        quota: Quota,
        order: LogicalClock,
        uploads: Uploads,
        files: FileCollector,
    ) -> None:
        self.store, self.schemas, self.quota, self.order = store, schemas, quota, order
        self.registration = cast(SchemaRegistration, schema_service.versions)
        self.uploads, self.files = uploads, files


class ImportRun:
    """One attempt. What a refusal in between leaves: everything before it, or with `atomic` nothing."""

    def __init__(
        self, parts: ImportParts, caller: Caller, task: ImportTask, archive: OpenedArchive, format: str, now: datetime
    ) -> None:
        self._parts, self._caller, self._task, self._archive, self._format = parts, caller, task, archive, format
        self._now = now
        self._notes = ImportNotes()
        self._intake = FileIntake(parts.store, parts.uploads, caller)
        self._waiting_files: list[IncomingFile] = []

    async def run(self, on_progress: OnProgress) -> ImportReport:
        """Imports the archive and returns the report. Raises Refusal."""
        ids = await self._choose_ids()
        task, caller = self._task, self._caller
        writer = BatchWriter(
            self._parts.store,
            self._parts.quota,
            self._parts.order,
            caller,
            self._notes,
            task.bucket_id,
            atomic=task.atomic,
        )
        buckets = ImportedBuckets(self._parts.schemas, caller, ids, task.bucket_id, task.number, self._now)
        blobs = BlobBuilder(self._parts.schemas, caller, ids, task.number, self._now)
        done, total = 0, max(self._archive.size, 1)
        async for item in self._items(self._notes):
            match item:
                case IncomingIds():
                    ids.keys = item.keys
                case IncomingSchema():
                    await self._register(item)
                case IncomingFile():
                    await self._keep(item)
                case IncomingBucket():
                    await writer.add_bucket(await buckets.build(item, self._notes.add), item.path)
                case IncomingBlob():
                    await self._add_blob(blobs, writer, item)
            if path := getattr(item, "path", ""):
                done += self._archive.size_of(path) if path in self._archive else 0
                await on_progress(min(done / total, 1.0))
        await self._finish(writer)
        return self._notes.report(self._format, tuple(writer.root_ids))

    async def _finish(self, writer: BatchWriter) -> None:
        try:
            for file in self._waiting_files:
                await self._intake.keep(self._archive, file)
                self._notes.counts["files"] += 1
            await writer.finish(self._task.name)
        except Refusal:
            if self._task.atomic:
                await self._parts.files.discard(self._caller, self._intake.new_ids)
            raise

    async def _add_blob(self, blobs: BlobBuilder, writer: BatchWriter, item: IncomingBlob) -> None:
        try:
            built = await blobs.build(item, self._notes.add)
        except Refusal as refusal:
            if type(refusal) is TooMuch:  # the machine is busy, which says nothing about the blob
                raise
            if self._task.atomic:
                raise Invalid(f"{item.path}: {refusal.detail}", errors=refusal.errors) from refusal
            self._notes.add(item.path, "rejected", refusal.detail)
            return
        await writer.add_blob(built, item.path)

    async def _keep(self, item: IncomingFile) -> None:
        if self._task.atomic:
            self._waiting_files.append(item)
            return
        await self._intake.keep(self._archive, item)
        self._notes.counts["files"] += 1

    async def _register(self, item: IncomingSchema) -> None:
        try:
            await self._parts.registration.register(self._caller, item.new)
        except Refusal as refusal:
            self._notes.add(item.path, "changed", f"The schema is not registered as it was: {refusal.detail}")
            return
        self._parts.schemas.forget(self._caller.user_id, item.new.name)
        self._notes.counts["schemas"] += 1

    async def _choose_ids(self) -> ImportIds:
        """Returns the ids of this import: those of an earlier one of the same archive, unless it is in the trash."""
        roots, blobs = list[str](), list[str]()
        async for item in self._items(ImportNotes()):
            if isinstance(item, IncomingBucket) and item.parent is None:
                roots.append(item.key)
            elif isinstance(item, IncomingBlob):
                blobs = [] if roots or item.places else [item.key]
                break
        user_id, target = self._caller.user_id, self._task.bucket_id
        for generation in range(MAX_GENERATIONS):
            ids = ImportIds(user_id, target, generation)
            trashed = False
            for some in chunks([ids.bucket(key) for key in roots]):
                rows = await self._parts.store.select(BUCKETS, user_id, ("trashed_at",), {"id": some})
                trashed |= any(trashed_at is not None for (trashed_at,) in rows)
            if blobs:
                rows = await self._parts.store.select(BLOBS, user_id, ("trashed_at",), {"id": [ids.blob(blobs[0])]})
                trashed |= any(trashed_at is not None for (trashed_at,) in rows)
            if not trashed:
                return ids
        raise TooMuch("This archive was imported and trashed too often: empty the trash first.")

    async def _items(self, notes: ImportNotes) -> AsyncIterator[IncomingItem]:
        """Yields the items of the archive, which are read in a thread."""
        items = READERS[self._format](self._archive, self._task.name, notes.add)
        while batch := await asyncio.to_thread(_take, items):
            for item in batch:
                yield item


def _take(items: Iterator[IncomingItem]) -> list[IncomingItem]:
    return [*islice(items, ITEMS_AT_ONCE)]
