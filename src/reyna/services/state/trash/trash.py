"""The trash part: trash and restore blobs, and buckets with all below them, as units."""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Refusal
from reyna.domain.ids import new_id
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import RequirementNotMet, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.earlier_data import EarlierData
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.records import BLOBS, BUCKETS, TRASH, Kind, Trashing
from reyna.services.state.revisions.revision_reader import RevisionRef
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.tree_counter import MAX_TREE_CHANGE_ATTEMPTS, TREE_BUSY, advance_tree_counter
from reyna.services.state.trash.trash_units import TrashUnits
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running


class TrashItem(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket or a blob that was trashed by itself, and how much went with it, itself included.

    `purged_at` is when it goes for good; null where the trash is kept until somebody purges it.
    """

    id: str
    kind: Kind
    bucket: Bucket | None = None
    blob: Blob | None = None
    bucket_count: int
    blob_count: int
    trashed_at: datetime
    trashed_by: str
    purged_at: datetime | None = None


class Trash:
    """The verbs on the trash.

    Trashing a bucket marks all below it with one `trash_id`, in one write, so that restoring brings back exactly what
    went: what was trashed before stays where it is. Blobs that also stand elsewhere only lose their places here.
    """

    def __init__(
        self,
        store: Store,
        clock: LogicalClock,
        blobs: BlobReader,
        buckets: BucketReader,
        units: TrashUnits,
        earlier: EarlierData,
        retention: timedelta | None = None,
    ) -> None:
        """`retention`: how long the trash is kept, None for ever."""
        self._store, self._clock, self._blobs, self._buckets = store, clock, blobs, buckets
        self._units, self._earlier, self._retention = units, earlier, retention

    @retry_when_clock_is_behind
    async def trash_blob(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> Blob:
        """Trashes the blob, out of every bucket at once; places and order are kept for its return. Returns the blob."""
        trash_id = new_id("trash")
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            blob = await self._blobs.load(caller, id)
            if if_match is not None:
                if_match.check(blob.revision, current=blob)
            if blob.trashed_at is not None:
                await self._units.sweep(caller, blob.trash_id or "")  # which a crash may have cut off
                return await self._blobs.load_described(caller, id)
            write = await self._units.build_blob_trashing(caller, blob, trash_id)
            change = Trashing(trash_id=trash_id, kind="blob", item_id=id, out=True)
            act = journal_steps(self._clock, caller, "trash_blob", change)
            try:
                await self._store.write(*act, *write.steps, messages=write.messages)
            except RequirementNotMet:
                continue
            await self._units.sweep(caller, trash_id)
            return await self._blobs.load_described(caller, id)
        raise Conflict(TREE_BUSY)

    @retry_when_clock_is_behind
    async def restore_blob(self, caller: Caller, id: str, revision: RevisionRef | None = None) -> Blob:
        """Restores the blob to its places in all buckets out of the trash; with `revision`, also its data as it was
        then, as a new revision. Returns the blob. Raises NotFound, and Invalid for data that never fitted."""
        if revision is None:
            return await self._restore_blob(caller, id)
        earlier = await self._earlier.load(caller, id, revision)  # a refusal leaves it in the trash
        await self._restore_blob(caller, id)
        return await self._earlier.write(caller, id, earlier)

    async def _restore_blob(self, caller: Caller, id: str) -> Blob:
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            blob = await self._blobs.load(caller, id)
            if blob.trashed_at is None:
                return await self._blobs.describe(blob)
            write = await self._units.build_blob_restoring(caller, blob)
            change = Trashing(trash_id=blob.trash_id or "", kind="blob", item_id=id, out=False)
            try:
                act = journal_steps(self._clock, caller, "restore_blob", change)
                await self._store.write(*act, *write.steps, messages=write.messages)
            except RequirementNotMet:
                continue
            return await self._blobs.load_described(caller, id)
        raise Conflict(TREE_BUSY)

    @long_running
    @retry_when_clock_is_behind
    async def trash_bucket(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> Bucket:
        """Trashes the bucket with all it contains; blobs that also stand elsewhere stay there. Returns the bucket.

        Whatever is created or placed in it needs it to be out of the trash at the moment of its own write: so once
        this is written nothing more can come in, and what came in just before is swept in afterwards. Should that be
        cut off by a crash, such a blob is still there, in no bucket that is not in the trash; trashing again or
        restoring the bucket mends it.
        """
        trash_id = new_id("trash")
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            counter = await advance_tree_counter(self._store, caller.user_id)
            bucket = await self._buckets.load(caller, id)
            if if_match is not None:
                if_match.check(bucket.revision, current=bucket)
            if bucket.trashed_at is not None:
                await self._units.sweep(caller, bucket.trash_id or "")
                return bucket
            write = await self._units.build_bucket_trashing(caller, bucket, trash_id)
            change = Trashing(trash_id=trash_id, kind="bucket", item_id=id, out=True)
            act = journal_steps(self._clock, caller, "trash_bucket", change, name=bucket.name)
            try:
                await self._store.write(counter, *act, *write.steps, messages=write.messages)
            except RequirementNotMet:
                continue
            await self._units.sweep(caller, trash_id)
            return await self._buckets.load(caller, id)
        raise Conflict(TREE_BUSY)

    @long_running
    @retry_when_clock_is_behind
    async def restore_bucket(
        self, caller: Caller, id: str, *, under: str | msgspec.UnsetType | None = msgspec.UNSET
    ) -> Bucket:
        """Restores the bucket with all that went with it, to its place; or last under another parent, None for a root.

        Raises Conflict when its parent is not there any more: then say `under` which it shall go.
        """
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            counter = await advance_tree_counter(self._store, caller.user_id)
            bucket = await self._buckets.load(caller, id)
            if bucket.trashed_at is None:
                return await self._buckets.load_described(caller, id)
            last = rank.last(self._clock.next(caller.user_id), id)
            position = None if under is msgspec.UNSET else {"parent_bucket_id": under, "rank": last}
            try:
                write = await self._units.build_bucket_restoring(caller, bucket, position)
            except Refusal:
                if await self._store.count(BUCKETS, caller.user_id, {"id": id, "revision": bucket.revision}):
                    raise
                continue  # somebody else restored it since it was read
            change = Trashing(
                trash_id=bucket.trash_id or "",
                kind="bucket",
                item_id=id,
                out=False,
                before=position and {"parent_bucket_id": bucket.parent_bucket_id, "rank": bucket.rank},
                after=position,
                blob_ids=write.blob_ids,
            )
            act = journal_steps(self._clock, caller, "restore_bucket", change, name=bucket.name)
            try:
                await self._store.write(counter, *act, *write.steps, messages=write.messages)
            except RequirementNotMet:
                continue
            return await self._buckets.load_described(caller, id)
        raise Conflict(TREE_BUSY)

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[TrashItem]:
        """Returns what was trashed by itself, newest first, without what is being purged."""
        found = await self._store.find(
            TRASH,
            caller.user_id,
            order=("number",),
            descending=True,
            after=decode_cursor(cursor, int, str),
            limit=check_limit(limit) + 1,
        )
        shown = found[:limit]
        ids = [trashed.item_id for trashed in shown]
        buckets = {bucket.id: bucket for bucket in await self._store.find(BUCKETS, caller.user_id, {"id": ids})}
        blobs = {blob.id: blob for blob in await self._store.find(BLOBS, caller.user_id, {"id": ids})}
        items = tuple(
            TrashItem(
                id=trashed.item_id,
                kind=trashed.kind,
                bucket=buckets.get(trashed.item_id),
                blob=_without_places(blobs.get(trashed.item_id)),
                bucket_count=trashed.bucket_count,
                blob_count=trashed.blob_count,
                trashed_at=trashed.trashed_at,
                trashed_by=trashed.trashed_by,
                purged_at=None if self._retention is None else trashed.trashed_at + self._retention,
            )
            for trashed in shown
            if not trashed.purging
        )
        more = encode_cursor(shown[-1].number, shown[-1].id) if len(found) > limit else None
        return Page(items=items, next_cursor=more)


def _without_places(blob: Blob | None) -> Blob | None:
    """Returns the blob as it is in the trash: in no bucket."""
    return None if blob is None else replace(blob, bucket_ids=())
