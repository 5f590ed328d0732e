"""Copies of buckets with all they contain: the same blobs placed once more, or new blobs like them."""

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
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement, placement_id
from reyna.ports import Need, Put, Step, Unmet
from reyna.rpc import takes_long
from reyna.state.acts import journalled
from reyna.state.blobs import author_kind
from reyna.state.buckets import BUSY, NAME_LENGTH, TRIES, After
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS, Trashing
from reyna.state.repeats import made_before, remembered
from reyna.state.subtree import LIVE, chunks, live_below
from reyna.state.trash import Trash
from reyna.state.trashing import Write

MOST: Final = 20_000  # buckets and places in one copy, which is one write
MOST_BYTES: Final = 64 * 1024 * 1024  # of data in one copy, which is held in memory twice
COPY: Final = re.compile(r" \(copy(?: \d+)?\)$")
TRIED: Final = 50  # names that are looked up at once


class Copies(Trash):
    """The verb that copies."""

    @takes_long
    async def copy_bucket(
        self,
        caller: Caller,
        id: str,
        *,
        under: str | msgspec.UnsetType | None = msgspec.UNSET,
        after: After = msgspec.UNSET,
        deep: bool = False,
        key: str | None = None,
    ) -> Bucket:
        """The bucket and all below it once more, as it is now, in one write that is undone as one.

        The copy comes under `under` (null for a root; left out: beside the original), last among its siblings unless
        `after` says otherwise. Shallow, the same blobs are placed in the new buckets; `deep`, new blobs are, with the
        same data. A bucket may be copied into itself; the copy does not contain itself. Raises TooMuch beyond 20,000
        buckets and places or 64 MiB of data. A second request with the same `key` is answered with the first copy.
        """
        for _ in range(TRIES):
            if (made_id := await made_before(self._store, caller, key, "bucket")) is not None:
                return await self.bucket(caller, made_id)
            counter = await self._counter(caller)
            bucket = await self._bucket(caller, id)
            if bucket.trashed_at is not None:
                raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
            parent = bucket.parent_bucket_id if under is msgspec.UNSET else under
            await self._check_target(caller, parent)
            subtree = await self._subtree(caller, bucket, deep=deep)
            if not subtree.buckets:
                continue  # it went to the trash since it was read
            name = await self._name_of_copy(bucket, parent)
            place = {"name": name, "parent_bucket_id": parent, "rank": await self._rank(caller, parent, after)}
            root, write = _copied(caller, subtree, place)
            change = Trashing(trash_id=new_id("trash"), kind="bucket", item_id=root.id, out=False)
            steps = [counter, journalled(caller, "copy_bucket", change, name=name), *write.steps]
            if parent is not None:
                steps.append(Need(BUCKETS, caller.user_id, parent, LIVE))
            steps += self._quota.used_by(caller.user_id, steps)
            try:
                await self._store.write(*steps, *remembered(caller, key, root.id), messages=write.messages)
            except Unmet:
                continue
            return await self.bucket(caller, root.id)
        raise Conflict(BUSY)

    # --- what the verb above is made of ---

    async def _check_target(self, caller: Caller, parent: str | None) -> None:
        there = parent is None or await self._store.count(BUCKETS, caller.user_id, LIVE | {"id": parent})
        if not there:
            raise NotFound(f"There is no bucket {parent} of yours.", id=parent, field="parent_bucket_id")

    async def _subtree(self, caller: Caller, bucket: Bucket, *, deep: bool) -> "Subtree":
        """All that is copied; raises TooMuch before anything large is read."""
        user_id = caller.user_id
        buckets = await live_below(self._store, user_id, [bucket.id])
        amount = len(buckets)
        for ids in chunks(one.id for one in buckets):
            amount += await self._store.count(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
        if amount > MOST:
            raise TooMuch(
                f"{amount:,} buckets and places are more than {MOST:,}, which one copy may have: copy it in parts.",
                used=amount,
                allowed=MOST,
            )
        places: list[Placement] = []
        for ids in chunks(one.id for one in buckets):
            places += await self._store.find(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
        held = sorted({place.blob_id for place in places})
        blobs = await self._blobs_of(user_id, held) if deep else None
        return Subtree(buckets=buckets, places=places, blobs=blobs)

    async def _blobs_of(self, user_id: str, ids: list[str]) -> list[Blob]:
        size = 0
        for some in chunks(ids):
            size += sum(size for (size,) in await self._store.pick(BLOBS, user_id, ("size",), LIVE | {"id": some}))
        if size > MOST_BYTES:
            raise TooMuch(
                f"{size:,} bytes of data are more than {MOST_BYTES:,}, which one deep copy may have: copy it in parts.",
                used=size,
                allowed=MOST_BYTES,
            )
        blobs: list[Blob] = []
        for some in chunks(ids):
            blobs += await self._store.find(BLOBS, user_id, LIVE | {"id": some})
        return blobs

    async def _name_of_copy(self, bucket: Bucket, parent: str | None) -> str:
        """As it is, unless that would make two of one name out of one among the same siblings."""
        if parent != bucket.parent_bucket_id:
            return bucket.name
        plain, number = COPY.sub("", bucket.name), 1
        while True:
            names = [_numbered(plain, n) for n in range(number, number + TRIED)]
            where = LIVE | {"parent_bucket_id": parent, "name": names}
            taken = {name for (name,) in await self._store.pick(BUCKETS, bucket.user_id, ("name",), where)}
            for name in names:
                if name not in taken:
                    return name
            number += TRIED


class Subtree(msgspec.Struct, frozen=True, kw_only=True):
    """What is copied: live `buckets` nearest first, the `places` in them, and for a deep copy their blobs."""

    buckets: list[Bucket]
    places: list[Placement]
    blobs: list[Blob] | None


def _numbered(name: str, number: int) -> str:
    mark = " (copy)" if number == 1 else f" (copy {number})"
    return f"{name[: NAME_LENGTH - len(mark)]}{mark}"


def _copied(caller: Caller, subtree: Subtree, place: dict[str, Any]) -> tuple[Bucket, Write]:
    """The root of the copy, which stands at `place`, and what is written to make all of it."""
    now = datetime.now(UTC)
    ids = {bucket.id: new_id("bucket") for bucket in subtree.buckets}
    buckets = [
        replace(
            bucket,
            id=ids[bucket.id],
            parent_bucket_id=ids.get(bucket.parent_bucket_id or ""),
            revision=1,
            created_at=now,
            updated_at=now,
        )
        for bucket in subtree.buckets
    ]
    buckets[0] = replace(buckets[0], **place)
    blobs = {} if subtree.blobs is None else _new_blobs(caller, subtree.blobs, now)
    places = [
        replace(
            one,
            id=placement_id(ids[one.bucket_id], blob_id),
            bucket_id=ids[one.bucket_id],
            blob_id=blob_id,
            revision=1,
            created_at=now,
        )
        for one in subtree.places
        if (blob_id := one.blob_id if subtree.blobs is None else _id_of(blobs.get(one.blob_id)))
    ]
    steps: list[Step] = [Put(BUCKETS, bucket) for bucket in buckets]
    steps += [Put(PLACEMENTS, one) for one in places]
    steps += [Put(BLOBS, blob) for blob in blobs.values()]
    steps += _needs(caller.user_id, subtree)
    events = [bucket.event("created", caller, cause="copy") for bucket in buckets]
    events += _told_of_blobs(caller, subtree, blobs.values(), places)
    return buckets[0], Write(steps, [event.message() for event in events])


def _new_blobs(caller: Caller, blobs: list[Blob], now: datetime) -> dict[str, Blob]:
    """New blobs by the ids of those that they are like.

    What was derived from a blob of the same subtree is derived from its copy, and as stale as it was.
    """
    ids = {blob.id: new_id("blob") for blob in blobs}
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
        )
        for blob in blobs
    }


def _parent_revision(blob: Blob, parent: Blob | None) -> int | None:
    """A parent that is copied too begins anew with revision 1."""
    if parent is None or blob.parent_revision is None:
        return blob.parent_revision
    return 0 if blob.parent_revision < parent.data_since else 1


def _needs(user_id: str, subtree: Subtree) -> list[Step]:
    """What must be there still: the blobs that are placed. A source that was purged leaves its line to the copy too."""
    if subtree.blobs is not None:
        return []
    return [Need(BLOBS, user_id, id, LIVE) for id in {place.blob_id: None for place in subtree.places}]


def _told_of_blobs(caller: Caller, subtree: Subtree, blobs: Iterable[Blob], places: list[Placement]) -> list[Event]:
    if subtree.blobs is None:
        return [place.event("added", caller, cause="copy") for place in places]
    stands: dict[str, tuple[str, ...]] = {}
    for place in places:
        stands[place.blob_id] = (*stands.get(place.blob_id, ()), place.bucket_id)
    return [replace(blob, bucket_ids=stands.get(blob.id, ())).event("created", caller, cause="copy") for blob in blobs]


def _id_of(blob: Blob | None) -> str | None:
    return None if blob is None else blob.id
