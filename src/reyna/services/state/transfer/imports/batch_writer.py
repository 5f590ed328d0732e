"""Writes what an import makes, batch by batch or all in one write, each record once however often it is repeated."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, TooMuch
from reyna.domain.event import Message
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement
from reyna.ports.store import Collection, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, ActPart, Several, Trashing
from reyna.services.state.structure.subtree import LIVE
from reyna.services.state.transfer.imports.blob_builder import BuiltBlob
from reyna.services.state.transfer.imports.notes import ImportNotes
from reyna.storage.chunks import chunks
from reyna.storage.logical_clock import ClockBehind, LogicalClock

MAX_BATCH_RECORDS: Final = 250  # in one write: so many at once cost others some 50 ms of waiting
MAX_BATCH_BYTES: Final = 2 * 1024 * 1024
MAX_ATOMIC_RECORDS: Final = 20_000
MAX_ATOMIC_BYTES: Final = 64 * 1024 * 1024
MAX_WRITE_ATTEMPTS: Final = 10  # at what others change at the same moment
MAX_UNDONE_BUCKETS: Final = 1000  # roots that are undone as one
TRASHED: Final = "An earlier import of it is in the trash, where it stays."


class BatchWriter:
    """Collects records and writes them. `target` is the bucket that roots come into."""

    def __init__(
        self,
        store: Store,
        quota: Quota,
        order: LogicalClock,
        caller: Caller,
        notes: ImportNotes,
        target: str | None,
        *,
        atomic: bool,
    ) -> None:
        self._store, self._quota, self._order, self._caller = store, quota, order, caller
        self._notes, self._target, self._atomic = notes, target, atomic
        self._files = FileReferences(store)
        self._buckets: list[tuple[Bucket, str]] = []
        self._blobs: list[tuple[BuiltBlob, str]] = []
        self._bytes = self._records = 0
        self._dead: set[str] = set()  # buckets that are in the trash, and those below them
        self._present: set[str] = set()  # buckets that are there
        self.roots: list[Bucket] = []  # that this import has made
        self.root_ids: list[str] = []

    async def add_bucket(self, bucket: Bucket, path: str) -> None:
        """Adds a bucket, behind its parent."""
        if bucket.parent_bucket_id == self._target:
            self.root_ids.append(bucket.id)
        self._buckets.append((bucket, path))
        await self._count(1, len(msgspec.json.encode(bucket.metadata)))

    async def add_blob(self, built: BuiltBlob, path: str) -> None:
        """Adds a blob, behind its buckets."""
        self._blobs.append((built, path))
        await self._count(1 + len(built.placements) + len(built.steps), built.size)

    async def finish(self, name: str) -> None:
        """Writes the rest, and the act by which the new roots are undone as one."""
        if self._atomic:
            return await self._flush(act_name=name)
        await self._flush()
        if self.roots:
            await self._write(self._act_steps(name, self.roots), [])
        return None

    async def _count(self, records: int, size: int) -> None:
        self._records, self._bytes = self._records + records, self._bytes + size
        if not self._atomic:
            if self._records >= MAX_BATCH_RECORDS or self._bytes >= MAX_BATCH_BYTES:
                await self._flush()
            return
        if self._records > MAX_ATOMIC_RECORDS or self._bytes > MAX_ATOMIC_BYTES:
            raise TooMuch(
                f"This is more than can be written as all or nothing: {MAX_ATOMIC_RECORDS:,} records and "
                f"{MAX_ATOMIC_BYTES // 1024**2:,} MiB of data. Import it without atomic; it is safe to repeat."
            )

    async def _flush(self, act_name: str | None = None) -> None:
        buckets, blobs = self._buckets, self._blobs
        self._buckets, self._blobs, self._bytes, self._records = [], [], 0, 0
        for _ in range(MAX_WRITE_ATTEMPTS):
            new_buckets = await self._new_buckets(buckets)
            new_blobs = await self._new_blobs(blobs)
            roots = [bucket for bucket in new_buckets if bucket.parent_bucket_id == self._target]
            steps: list[Step] = [Put(BUCKETS, bucket) for bucket in new_buckets]
            kept = [(built, *self._split_places(built)) for built in new_blobs]
            for built, places, _ in kept:
                steps += [Put(BLOBS, built.blob), *built.steps, *(Put(PLACEMENTS, place) for place in places)]
            steps += self._requirements(new_buckets, [place for _, places, _ in kept for place in places])
            steps += self._quota.increments_of(self._caller.user_id, steps)
            steps += await self._files.mention_steps(built.mentioned for built in new_blobs)
            if act_name is not None and roots:
                steps += self._act_steps(act_name, roots)
            if not steps or await self._write(steps, self._messages(new_buckets, new_blobs)):
                self._note_written(buckets, blobs, new_buckets, kept)
                self.roots += roots
                return
        raise Conflict("What is imported is being changed by others without pause. Try again.")

    async def _new_buckets(self, buckets: Iterable[tuple[Bucket, str]]) -> list[Bucket]:
        """Returns the buckets that are not there yet, without those inside of one in the trash."""
        there = await self._trashed_by_id(BUCKETS, [bucket.id for bucket, _ in buckets])
        new = []
        for bucket, _ in buckets:
            if there.get(bucket.id) or bucket.parent_bucket_id in self._dead:
                self._dead.add(bucket.id)
            elif bucket.id in there:
                self._present.add(bucket.id)
            else:
                new.append(bucket)
        return new

    async def _new_blobs(self, blobs: Iterable[tuple[BuiltBlob, str]]) -> list[BuiltBlob]:
        there = await self._trashed_by_id(BLOBS, [built.blob.id for built, _ in blobs])
        return [built for built, _ in blobs if built.blob.id not in there]

    async def _trashed_by_id(self, collection: Collection[Any], ids: list[str]) -> dict[str, bool]:
        """Returns the records that are there, and whether they are in the trash."""
        there: dict[str, bool] = {}
        for some in chunks(ids):
            rows = await self._store.select(collection, self._caller.user_id, ("id", "trashed_at"), {"id": some})
            there |= {id: trashed_at is not None for id, trashed_at in rows}
        return there

    def _split_places(self, built: BuiltBlob) -> tuple[list[Placement], list[Placement]]:
        """Returns the places that can be written, and those in buckets that are in the trash."""
        live = [place for place in built.placements if place.bucket_id not in self._dead]
        return live, [place for place in built.placements if place.bucket_id in self._dead]

    def _requirements(self, new: list[Bucket], places: list[Placement]) -> list[Step]:
        """Returns the steps that require the buckets that something comes into to be out of the trash."""
        made = {bucket.id for bucket in new}
        needed = {bucket.parent_bucket_id for bucket in new} | {place.bucket_id for place in places}
        present = sorted(id for id in needed - made if id is not None)
        return [Require(BUCKETS, self._caller.user_id, id, LIVE) for id in present]

    def _act_steps(self, name: str, roots: list[Bucket]) -> list[Step]:
        parts = tuple(
            ActPart(
                act="create_bucket",
                name=bucket.name,
                change=Trashing(trash_id=new_id("trash"), kind="bucket", item_id=bucket.id, out=False),
            )
            for bucket in roots[:MAX_UNDONE_BUCKETS]
        )
        return journal_steps(self._order, self._caller, "bulk", Several(parts=parts), name=name)

    async def _write(self, steps: list[Step], messages: list[Message]) -> bool:
        """Writes the steps, and returns whether their requirements were met."""
        clock = self._order.step(self._caller.user_id, self._order.next(self._caller.user_id))
        try:
            await self._store.write(*steps, clock, messages=messages)
        except (RequirementNotMet, ClockBehind):
            return False
        return True

    def _messages(self, buckets: list[Bucket], blobs: list[BuiltBlob]) -> list[Message]:
        events = [bucket.event("created", self._caller, cause="import") for bucket in buckets]
        events += [built.blob.event("created", self._caller, cause="import") for built in blobs]
        return [event.message() for event in events]

    def _note_written(
        self,
        buckets: list[tuple[Bucket, str]],
        blobs: list[tuple[BuiltBlob, str]],
        new_buckets: list[Bucket],
        kept: list[tuple[BuiltBlob, list[Placement], list[Placement]]],
    ) -> None:
        counts = self._notes.counts
        counts["buckets"] += len(new_buckets)
        counts["blobs"] += len(kept)
        counts["already_there"] += len(blobs) - len(kept)
        for built, places, _ in kept:
            counts["places"] += len(places)
            counts["revisions"] += built.revisions
        for bucket, path in buckets:
            if bucket.id in self._dead:
                self._notes.add(path, "skipped", TRASHED)
        paths = {built.blob.id: path for built, path in blobs}
        for built, _, dead in kept:
            if dead:
                self._notes.add(paths[built.blob.id], "changed", "It is not placed in a bucket that is in the trash.")
