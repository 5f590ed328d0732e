"""The trash: blobs, and buckets with all below them, as units that come back whole."""

from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Refusal
from reyna.domain.ids import new_id
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.ports import Unmet
from reyna.rpc import takes_long
from reyna.state.acts import journalled
from reyna.state.buckets import BUSY, TRIES
from reyna.state.history import Which
from reyna.state.records import BLOBS, BUCKETS, TRASH, Kind, Trashing
from reyna.state.trashing import Unit


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


class Trash(Unit):
    """The verbs on the trash.

    Trashing a bucket marks all below it with one `trash_id`, in one write, so that restoring brings back exactly what
    went: what was trashed before stays where it is. Blobs that also stand elsewhere only lose their places here.
    """

    _keeps_trash: timedelta | None = None

    async def trash_blob(self, caller: Caller, id: str) -> Blob:
        """Out of every bucket at once; places and order are kept for its return."""
        trash_id = new_id("trash")
        for _ in range(TRIES):
            blob = await self._blob(caller, id)
            if blob.trashed_at is not None:
                await self._sweep(caller, blob.trash_id or "")  # which a crash may have cut off
                return await self.blob(caller, id)
            write = await self._blob_out(caller, blob, trash_id)
            act = journalled(caller, "trash_blob", Trashing(trash_id=trash_id, kind="blob", item_id=id, out=True))
            try:
                await self._store.write(act, *write.steps, messages=write.messages)
            except Unmet:
                continue
            await self._sweep(caller, trash_id)
            return await self.blob(caller, id)
        raise Conflict(BUSY)

    async def restore_blob(self, caller: Caller, id: str, revision: Which | None = None) -> Blob:
        """Out of the trash, to its places in all buckets that are not there themselves; or, with `revision`, its data
        as it was then, as a new revision."""
        if revision is None:
            return await self._blob_restored(caller, id)
        old, shape = await self._fitting(caller, id, revision)  # a refusal leaves it in the trash
        await self._blob_restored(caller, id)
        return await self._as_it_was(caller, id, old, shape)

    async def _blob_restored(self, caller: Caller, id: str) -> Blob:
        for _ in range(TRIES):
            blob = await self._blob(caller, id)
            if blob.trashed_at is None:
                return await self._described(blob)
            write = await self._blob_back(caller, blob)
            change = Trashing(trash_id=blob.trash_id or "", kind="blob", item_id=id, out=False)
            try:
                act = journalled(caller, "restore_blob", change)
                await self._store.write(act, *write.steps, messages=write.messages)
            except Unmet:
                continue
            return await self.blob(caller, id)
        raise Conflict(BUSY)

    @takes_long
    async def trash_bucket(self, caller: Caller, id: str) -> Bucket:
        """The bucket with all it contains; blobs that also stand elsewhere stay there.

        Whatever is created or placed in it needs it to be out of the trash at the moment of its own write: so once
        this is written nothing more can come in, and what came in just before is swept in afterwards. Should that be
        cut off by a crash, such a blob is still there, in no bucket that is not in the trash; trashing again or
        restoring the bucket mends it.
        """
        trash_id = new_id("trash")
        for _ in range(TRIES):
            counter = await self._counter(caller)
            bucket = await self._bucket(caller, id)
            if bucket.trashed_at is not None:
                await self._sweep(caller, bucket.trash_id or "")
                return bucket
            write = await self._bucket_out(caller, bucket, trash_id)
            change = Trashing(trash_id=trash_id, kind="bucket", item_id=id, out=True)
            act = journalled(caller, "trash_bucket", change, name=bucket.name)
            try:
                await self._store.write(counter, act, *write.steps, messages=write.messages)
            except Unmet:
                continue
            await self._sweep(caller, trash_id)
            return await self._bucket(caller, id)
        raise Conflict(BUSY)

    @takes_long
    async def restore_bucket(
        self, caller: Caller, id: str, *, under: str | msgspec.UnsetType | None = msgspec.UNSET
    ) -> Bucket:
        """With all that went with it, to its place and in its order; or last under another parent, null for a root.

        Raises Conflict when its parent is not there any more: then say `under` which it shall go.
        """
        for _ in range(TRIES):
            counter = await self._counter(caller)
            bucket = await self._bucket(caller, id)
            if bucket.trashed_at is None:
                return await self.bucket(caller, id)
            stand = None if under is msgspec.UNSET else {"parent_bucket_id": under, "rank": rank.last()}
            try:
                write = await self._bucket_back(caller, bucket, stand)
            except Refusal:
                if await self._store.count(BUCKETS, caller.user_id, {"id": id, "revision": bucket.revision}):
                    raise
                continue  # somebody else restored it since it was read
            change = Trashing(
                trash_id=bucket.trash_id or "",
                kind="bucket",
                item_id=id,
                out=False,
                before=stand and {"parent_bucket_id": bucket.parent_bucket_id, "rank": bucket.rank},
                after=stand,
                blob_ids=write.blob_ids,
            )
            act = journalled(caller, "restore_bucket", change, name=bucket.name)
            try:
                await self._store.write(counter, act, *write.steps, messages=write.messages)
            except Unmet:
                continue
            return await self.bucket(caller, id)
        raise Conflict(BUSY)

    async def trash(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[TrashItem]:
        """What was trashed by itself, newest first; what is being purged is left out."""
        found = await self._store.find(
            TRASH,
            caller.user_id,
            order=("trashed_at",),
            descending=True,
            after=place_of(cursor, datetime, str),
            limit=bounded(limit) + 1,
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
                blob=_placeless(blobs.get(trashed.item_id)),
                bucket_count=trashed.bucket_count,
                blob_count=trashed.blob_count,
                trashed_at=trashed.trashed_at,
                trashed_by=trashed.trashed_by,
                purged_at=None if self._keeps_trash is None else trashed.trashed_at + self._keeps_trash,
            )
            for trashed in shown
            if not trashed.purging
        )
        more = cursor_of(shown[-1].trashed_at, shown[-1].id) if len(found) > limit else None
        return Page(items=items, next_cursor=more)


def _placeless(blob: Blob | None) -> Blob | None:
    """As it is in the trash: in no bucket."""
    return None if blob is None else replace(blob, bucket_ids=())
