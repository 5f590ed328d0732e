"""The copies part: copies a bucket with all it contains, placing the same blobs again or copies of them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, TooMuch
from reyna.domain.event import Event
from reyna.domain.ids import new_id, ulid_of
from reyna.domain.placement import Placement, placement_id
from reyna.domain.requests.idempotency import Key
from reyna.domain.text.clusters import truncate
from reyna.domain.text.names import MAX_NAME_CHARACTERS
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.content.creation import author_kind
from reyna.services.state.files.file_references import FileReferences, blobs_in
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, Trashing
from reyna.services.state.structure.bucket_reader import MAX_LISTED_IDS, BucketReader
from reyna.services.state.structure.ranking import After, bucket_rank
from reyna.services.state.structure.subtree import LIVE, live_buckets_below
from reyna.services.state.structure.tree_counter import MAX_TREE_CHANGE_ATTEMPTS, TREE_BUSY, advance_tree_counter
from reyna.services.state.write import Write
from reyna.storage.chunks import chunks
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running

MAX_COPIED_RECORDS: Final = 20_000  # buckets and places in one copy, which is one write
MAX_COPIED_BYTES: Final = 64 * 1024 * 1024  # of data in one copy, which is held in memory twice
COPY: Final = re.compile(r" \(copy(?: \d+)?\)$")
NAMES_PER_LOOKUP: Final = 50  # names that are looked up at once


async def _repeat_copy(part: "Copies", caller: Caller, request: IdempotencyRecord) -> Bucket:
    """Returns what the first request was answered with. Raises NotFound when the copy was purged since."""
    there = await part._buckets.load_described(caller, request.made_id)
    return there if request.answer is None else msgspec.convert(request.answer, Bucket)


class Copies:
    """The verb that copies buckets."""

    def __init__(
        self, store: Store, quota: Quota, clock: LogicalClock, idempotency_keys: IdempotencyKeys, buckets: BucketReader
    ) -> None:
        self._store, self._quota, self._clock, self._buckets = store, quota, clock, buckets
        self._files = FileReferences(store)
        self.idempotency_keys = idempotency_keys

    @long_running
    @idempotent("bucket", _repeat_copy)
    @retry_when_clock_is_behind
    async def copy_bucket(
        self,
        caller: Caller,
        id: str,
        *,
        under: str | msgspec.UnsetType | None = msgspec.UNSET,
        after: After = msgspec.UNSET,
        deep: bool = False,
        key: Key = None,
    ) -> Bucket:
        """Copies the bucket and all below it, as it is now, in one write that is undone as one. Returns the copy.

        The copy comes under `under` (null for a root; left out: beside the original), last among its siblings unless
        `after` says otherwise. Shallow, the same blobs are placed in the new buckets; `deep`, new blobs are, with the
        same data. A bucket may be copied into itself; the copy does not contain itself. Raises TooMuch beyond 20,000
        buckets and places or 64 MiB of data. A second request with the same `key` is answered with the first copy.
        """
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            counter = await advance_tree_counter(self._store, caller.user_id)
            bucket = await self._buckets.load(caller, id)
            if bucket.trashed_at is not None:
                raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
            parent = bucket.parent_bucket_id if under is msgspec.UNSET else under
            await self._check_target(caller, parent)
            subtree = await self._subtree(caller, bucket, deep=deep)
            if not subtree.buckets:
                continue  # it went to the trash since it was read
            name = await self._name_of_copy(bucket, parent)
            new = new_id("bucket")
            position = await bucket_rank(self._store, self._clock, caller.user_id, parent, after, new)
            place = {"id": new, "name": name, "parent_bucket_id": parent, "rank": position}
            root, write = _build_copy(self._clock, caller, subtree, place)
            change = Trashing(trash_id=new_id("trash"), kind="bucket", item_id=root.id, out=False)
            steps = [counter, *journal_steps(self._clock, caller, "copy_bucket", change, name=name), *write.steps]
            if parent is not None:
                steps.append(Require(BUCKETS, caller.user_id, parent, LIVE))
            steps += self._quota.increments_of(caller.user_id, steps)
            steps += await self._files.mention_steps(blobs_in(write.steps))
            steps += self.idempotency_keys.steps(caller, key, root.id, root)
            try:
                await self._store.write(*steps, messages=write.messages)
            except RequirementNotMet:
                await self.idempotency_keys.check_unused(caller, key)
                continue
            return root
        raise Conflict(TREE_BUSY)

    async def _check_target(self, caller: Caller, parent: str | None) -> None:
        there = parent is None or await self._store.count(BUCKETS, caller.user_id, LIVE | {"id": parent})
        if not there:
            raise NotFound(f"There is no bucket {parent} of yours.", id=parent, field="parent_bucket_id")

    async def _subtree(self, caller: Caller, bucket: Bucket, *, deep: bool) -> "Subtree":
        """Returns all that is copied. Raises TooMuch before anything large is read."""
        user_id = caller.user_id
        buckets = await live_buckets_below(self._store, user_id, [bucket.id])
        amount = len(buckets)
        for ids in chunks(one.id for one in buckets):
            amount += await self._store.count(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
        if amount > MAX_COPIED_RECORDS:
            raise TooMuch(
                f"{amount:,} buckets and places are more than {MAX_COPIED_RECORDS:,}, which one copy may have: "
                "copy it in parts.",
                used=amount,
                allowed=MAX_COPIED_RECORDS,
            )
        places: list[Placement] = []
        for ids in chunks(one.id for one in buckets):
            places += await self._store.find(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
        held = sorted({place.blob_id for place in places})
        blobs = await self._load_blobs(user_id, held) if deep else None
        return Subtree(buckets=buckets, places=places, blobs=blobs)

    async def _load_blobs(self, user_id: str, ids: list[str]) -> list[Blob]:
        size = 0
        for some in chunks(ids):
            size += sum(size for (size,) in await self._store.select(BLOBS, user_id, ("size",), LIVE | {"id": some}))
        if size > MAX_COPIED_BYTES:
            raise TooMuch(
                f"{size:,} bytes of data are more than {MAX_COPIED_BYTES:,}, which one deep copy may have: "
                "copy it in parts.",
                used=size,
                allowed=MAX_COPIED_BYTES,
            )
        blobs: list[Blob] = []
        for some in chunks(ids):
            blobs += await self._store.find(BLOBS, user_id, LIVE | {"id": some})
        return blobs

    async def _name_of_copy(self, bucket: Bucket, parent: str | None) -> str:
        """Returns the name of the original, with a number where it would be the same among the same siblings."""
        if parent != bucket.parent_bucket_id:
            return bucket.name
        plain, number = COPY.sub("", bucket.name), 1
        while True:
            names = [_numbered(plain, n) for n in range(number, number + NAMES_PER_LOOKUP)]
            where = LIVE | {"parent_bucket_id": parent, "name": names}
            taken = {name for (name,) in await self._store.select(BUCKETS, bucket.user_id, ("name",), where)}
            for name in names:
                if name not in taken:
                    return name
            number += NAMES_PER_LOOKUP


class Subtree(msgspec.Struct, frozen=True, kw_only=True):
    """The copied subtree: live `buckets` nearest first, the `places` in them, and for a deep copy their blobs."""

    buckets: list[Bucket]
    places: list[Placement]
    blobs: list[Blob] | None


def _numbered(name: str, number: int) -> str:
    mark = " (copy)" if number == 1 else f" (copy {number})"
    return f"{truncate(name, MAX_NAME_CHARACTERS - len(mark))}{mark}"


def _build_copy(order: LogicalClock, caller: Caller, subtree: Subtree, place: dict[str, Any]) -> tuple[Bucket, Write]:
    """Returns the root of the copy, with the fields of `place`, and the write that creates all of it."""
    now, number = datetime.now(UTC), order.next(caller.user_id)
    ids = {bucket.id: new_id("bucket") for bucket in subtree.buckets} | {subtree.buckets[0].id: place["id"]}
    buckets = [
        replace(
            bucket,
            id=ids[bucket.id],
            parent_bucket_id=ids.get(bucket.parent_bucket_id or ""),
            revision=1,
            number=number,
            created_at=now,
            updated_at=now,
        )
        for bucket in subtree.buckets
    ]
    buckets[0] = replace(buckets[0], **place)
    blobs = {} if subtree.blobs is None else _new_blobs(order, caller, subtree.blobs, now)
    places = [
        replace(
            one,
            id=placement_id(ids[one.bucket_id], blob_id),
            bucket_id=ids[one.bucket_id],
            blob_id=blob_id,
            revision=1,
            number=number,
            created_at=now,
        )
        for one in subtree.places
        if (blob_id := one.blob_id if subtree.blobs is None else _id_of(blobs.get(one.blob_id)))
    ]
    steps: list[Step] = [Put(BUCKETS, bucket) for bucket in buckets]
    steps += [Put(PLACEMENTS, one) for one in places]
    steps += [Put(BLOBS, blob) for blob in blobs.values()]
    steps += _requirements(caller.user_id, subtree)
    events = [bucket.event("created", caller, cause="copy") for bucket in buckets]
    events += _blob_events(caller, subtree, blobs.values(), places)
    return _describe(buckets, places), Write(steps, [event.message() for event in events])


def _describe(buckets: list[Bucket], places: list[Placement]) -> Bucket:
    """Returns the root of a copy with what is computed on read."""
    root = buckets[0]
    children = sorted((one.rank, one.id) for one in buckets if one.parent_bucket_id == root.id)
    blobs = sorted((one.rank, one.blob_id) for one in places if one.bucket_id == root.id)
    return replace(
        root,
        child_count=len(children),
        blob_count=len(blobs),
        child_bucket_ids=tuple(id for _, id in children[:MAX_LISTED_IDS]),
        blob_ids=tuple(id for _, id in blobs[:MAX_LISTED_IDS]),
    )


def _new_blobs(order: LogicalClock, caller: Caller, blobs: list[Blob], now: datetime) -> dict[str, Blob]:
    """Returns the new blobs by the ids of their originals, in the same order.

    What was derived from a blob of the same subtree is derived from its copy, and as stale as it was.
    """
    in_order = sorted(blobs, key=lambda blob: (blob.sequence, blob.id))
    ids = {blob.id: f"blob-{ulid_of(order.next(caller.user_id))}" for blob in in_order}
    originals = {blob.id: blob for blob in blobs}
    return {
        blob.id: replace(
            blob,
            id=ids[blob.id],
            parent_id=ids.get(blob.parent_id or "", blob.parent_id),
            parent_revision=_parent_revision(blob, originals.get(blob.parent_id or "")),
            revision=1,
            data_revision=1,
            created_by=caller.name,
            changed_by=caller.name,
            author_kind=author_kind(caller),
            created_at=now,
            updated_at=now,
            sequence="",  # as the new id says
        )
        for blob in blobs
    }


def _parent_revision(blob: Blob, parent: Blob | None) -> int | None:
    """Returns the parent revision of a copy: a parent that is copied too begins anew with revision 1."""
    if parent is None or blob.parent_revision is None:
        return blob.parent_revision
    return 0 if blob.parent_revision < parent.data_since else 1


def _requirements(user_id: str, subtree: Subtree) -> list[Step]:
    """Returns the steps that require the placed blobs to exist; a purged source leaves its lineage to the copy too."""
    if subtree.blobs is not None:
        return []
    return [Require(BLOBS, user_id, id, LIVE) for id in {place.blob_id: None for place in subtree.places}]


def _blob_events(caller: Caller, subtree: Subtree, blobs: Iterable[Blob], places: list[Placement]) -> list[Event]:
    if subtree.blobs is None:
        return [place.event("added", caller, cause="copy") for place in places]
    stands: dict[str, tuple[str, ...]] = {}
    for place in places:
        stands[place.blob_id] = (*stands.get(place.blob_id, ()), place.bucket_id)
    return [replace(blob, bucket_ids=stands.get(blob.id, ())).event("created", caller, cause="copy") for blob in blobs]


def _id_of(blob: Blob | None) -> str | None:
    return None if blob is None else blob.id
