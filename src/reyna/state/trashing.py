"""What is written when a unit goes to the trash or comes back: the steps and the events, and the sweep behind them."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Conflict, NotFound, WouldContainItself
from reyna.domain.event import Message
from reyna.domain.placement import Placement
from reyna.ports import PRESENT, Collection, Drop, Need, Put, Step, Unmet
from reyna.state.placements import Placements
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS, TRASH, Trashed
from reyna.state.revisions import superseded
from reyna.state.subtree import LIVE, Contents, below, chunks

GONE: Final = object()  # the mark of what is not kept at all


class Write(msgspec.Struct, frozen=True):
    """Steps and messages of one write; `blob_ids` are the blobs that it brings back."""

    steps: list[Step]
    messages: list[Message]
    blob_ids: tuple[str, ...] = ()


class Unit(Placements):
    """Going and coming back as a unit. These read, and say what is to be written; their callers write it."""

    # --- out ---

    async def _blob_out(self, caller: Caller, blob: Blob, trash_id: str, *, alone: bool = True) -> Write:
        """`alone` unless it joins a unit that is in the trash already."""
        now = datetime.now(UTC)
        places = await self._store.find(PLACEMENTS, caller.user_id, LIVE | {"blob_id": blob.id})
        contents = Contents(buckets=[], placements=places, blobs=[blob], elsewhere={})
        if not alone:
            return await _out(caller, contents, trash_id, now, Need(TRASH, caller.user_id, trash_id))
        trashed = Trashed(
            id=trash_id,
            user_id=caller.user_id,
            kind="blob",
            item_id=blob.id,
            bucket_count=0,
            blob_count=1,
            trashed_at=now,
            trashed_by=caller.name,
        )
        return await _out(caller, contents, trash_id, now, Put(TRASH, trashed))

    async def _bucket_out(
        self,
        caller: Caller,
        bucket: Bucket,
        trash_id: str,
        *,
        stand: dict[str, Any] | None = None,
        blob_ids: Iterable[str] | None = None,
        since: datetime | None = None,
    ) -> Write:
        """The whole subtree; `stand` is another parent and rank for the bucket itself, `blob_ids` are the blobs that go
        (None: those that stand nowhere else). Raises CameInSince when something was made in it after `since`."""
        now = datetime.now(UTC)
        contents = await below(self._store, caller.user_id, [bucket.id])
        if since is not None:
            _refuse_what_is_newer(contents, since)
        if blob_ids is not None:
            going = {*blob_ids}
            contents = replace(contents, blobs=[blob for blob in contents.blobs if blob.id in going])
        if stand is not None:
            moved = [replace(one, **stand) if one.id == bucket.id else one for one in contents.buckets]
            contents = replace(contents, buckets=moved)
        trashed = Trashed(
            id=trash_id,
            user_id=caller.user_id,
            kind="bucket",
            item_id=bucket.id,
            bucket_count=len(contents.buckets),
            blob_count=len(contents.blobs),
            trashed_at=now,
            trashed_by=caller.name,
        )
        write = await _out(caller, contents, trash_id, now, Put(TRASH, trashed))
        counts = {"bucket_count": trashed.bucket_count, "blob_count": trashed.blob_count}
        event = bucket.trashed(trash_id, now).event("trashed", caller, **counts)
        return Write(write.steps, [event.message(), *write.messages])

    # --- and what slipped in meanwhile ---

    async def _sweep(self, caller: Caller, trash_id: str) -> None:
        """Look again for what came into the unit between reading it and writing it, until there is nothing.

        Nothing new can come in any more, since creating and placing need a bucket and a blob that are out of the
        trash: only what was under way then. A blob that found a place elsewhere at that moment stays out.
        """
        while await self._stray(caller, trash_id):
            continue

    async def _stray(self, caller: Caller, trash_id: str) -> bool:
        user_id, mark = caller.user_id, {"trash_id": trash_id}
        trashed = await self._store.get(TRASH, user_id, trash_id)
        buckets = [id for (id,) in await self._store.pick(BUCKETS, user_id, ("id",), mark)]
        blobs = [id for (id,) in await self._store.pick(BLOBS, user_id, ("id",), mark)]
        if trashed is None or trashed.purging:
            return False  # it is being restored, or all of it is going for good
        roots = await self._ids(BUCKETS, user_id, "parent_bucket_id", buckets)
        found = await below(self._store, user_id, roots, also=buckets)
        kept = await self._ids(PLACEMENTS, user_id, "blob_id", blobs)
        write = await _out(caller, found, trash_id, trashed.trashed_at)
        more, fewer = len(found.blobs), 0
        if trashed.kind == "blob":
            late = [p for ids in chunks(kept) for p in await self._store.find(PLACEMENTS, user_id, {"id": ids})]
            write.steps.extend(_put(PLACEMENTS, p.trashed(trash_id, trashed.trashed_at)) for p in late)
        elif kept and not found.placements:
            place = await self._store.get(PLACEMENTS, user_id, kept[0])
            blob = place and await self._store.get(BLOBS, user_id, place.blob_id)
            if blob and blob.trash_id == trash_id:
                write, fewer = await self._blob_back(caller, blob), 1
        if not write.steps:
            return False
        counted = replace(
            trashed,
            bucket_count=trashed.bucket_count + len(found.buckets),
            blob_count=trashed.blob_count + more - fewer,
            revision=trashed.revision + 1,
        )
        with suppress(Unmet):  # somebody was faster: look again
            await self._store.write(_put(TRASH, counted), *write.steps, messages=write.messages)
        return True

    async def _ids(self, collection: Collection[Any], user_id: str, field: str, values: list[str]) -> list[str]:
        """Ids of the live records whose field has one of these values."""
        return [
            id
            for some in chunks(values)
            for (id,) in await self._store.pick(collection, user_id, ("id",), LIVE | {field: some})
        ]

    # --- back ---

    async def _blob_back(self, caller: Caller, blob: Blob) -> Write:
        """By itself, whether it went by itself or with its bucket."""
        trashed = await self._store.get(TRASH, caller.user_id, blob.trash_id or "")
        _refuse_what_is_going(trashed)
        where = {"blob_id": blob.id, "trashed_at": PRESENT}
        places = await self._store.find(PLACEMENTS, caller.user_id, where)
        own: list[Step] = []
        if trashed:
            seen = Need(TRASH, caller.user_id, trashed.id, {"revision": trashed.revision})  # and so not being purged
            own = _emptied(trashed) if trashed.item_id == blob.id else [seen]
        return await self._back(caller, [], [blob], places, own)

    async def _bucket_back(self, caller: Caller, bucket: Bucket, stand: dict[str, Any] | None = None) -> Write:
        """With all that bears its mark, to the place where it stood or to `stand`, another parent and rank."""
        user_id, mark = caller.user_id, {"trash_id": bucket.trash_id}
        trashed = await self._store.get(TRASH, user_id, bucket.trash_id or "")
        if trashed is None or trashed.item_id != bucket.id:
            with_id = trashed.item_id if trashed else None
            raise Conflict("This bucket went to the trash with another one; restore that.", bucket_id=with_id)
        _refuse_what_is_going(trashed)
        parent = stand["parent_bucket_id"] if stand is not None else bucket.parent_bucket_id
        await self._check_way_back(caller, bucket, parent, chosen=stand is not None)
        buckets = await self._store.find(BUCKETS, user_id, mark)
        places = await self._store.find(PLACEMENTS, user_id, mark)
        blobs = await self._store.find(BLOBS, user_id, mark)
        moved = [replace(one, **stand) if stand is not None and one.id == bucket.id else one for one in buckets]
        more = _emptied(trashed)
        if parent is not None:
            more.append(Need(BUCKETS, user_id, parent, LIVE))
        write = await self._back(caller, moved, blobs, places, more)
        root = next((one.restored() for one in moved if one.id == bucket.id), None)
        if root is None:
            raise Conflict("Somebody else restored this bucket at this moment.", bucket_id=bucket.id)
        event = root.event("restored", caller, bucket_count=len(buckets), blob_count=len(blobs))
        return Write(write.steps, [event.message(), *write.messages], write.blob_ids)

    async def _check_way_back(self, caller: Caller, bucket: Bucket, parent: str | None, *, chosen: bool) -> None:
        if parent is None:
            return
        above = await self._store.walk(BUCKETS, caller.user_id, [parent], "parent_bucket_id", toward="parents")
        if any(one.id == bucket.id for _, one in above):
            raise WouldContainItself(bucket_id=bucket.id, parent_bucket_id=parent)
        if above and above[0][1].trashed_at is None:
            return
        if chosen:
            raise NotFound(f"There is no bucket {parent} of yours.", id=parent, field="parent_bucket_id")
        raise Conflict(
            "The bucket it stood in is in the trash, or not there any more. Say under which it shall go.",
            bucket_id=bucket.id,
            parent_bucket_id=parent,
        )

    async def _back(
        self, caller: Caller, buckets: list[Bucket], blobs: list[Blob], places: list[Placement], more: list[Step]
    ) -> Write:
        """A place comes back when both its bucket and its blob are back; else it goes on waiting, for the other."""
        user_id = caller.user_id
        bucket_marks = await self._marks(BUCKETS, user_id, (p.bucket_id for p in places), buckets)
        blob_marks = await self._marks(BLOBS, user_id, (p.blob_id for p in places), blobs)
        joined: set[str] = set()
        back = {bucket.id for bucket in buckets} | {blob.id for blob in blobs}
        steps: list[Step] = [*more]
        bucket_ids: dict[str, tuple[str, ...]] = {}
        for place in places:
            in_bucket, of_blob = bucket_marks.get(place.bucket_id, GONE), blob_marks.get(place.blob_id, GONE)
            if GONE in (in_bucket, of_blob):
                continue
            mark = in_bucket or of_blob
            # What this place depends on must still be so when this is written, or it might wait for ever.
            if mark is None:
                steps.append(_put(PLACEMENTS, place.restored()))
                steps.extend(Need(BUCKETS, user_id, id, LIVE) for id in {place.bucket_id} - back)
                steps.extend(Need(BLOBS, user_id, id, LIVE) for id in {place.blob_id} - back)
                bucket_ids[place.blob_id] = (*bucket_ids.get(place.blob_id, ()), place.bucket_id)
                continue
            collection, id = (BUCKETS, place.bucket_id) if in_bucket else (BLOBS, place.blob_id)
            steps.append(Need(collection, user_id, id, {"trash_id": mark}))
            if mark != place.trash_id:
                joined.add(mark)
                steps.append(_put(PLACEMENTS, replace(place, trash_id=mark, revision=place.revision + 1)))
        units = await self._store.find(TRASH, user_id, {"id": joined}) if joined else []
        steps.extend(_put(TRASH, replace(unit, revision=unit.revision + 1)) for unit in units)
        steps.extend(_put(BUCKETS, bucket.restored()) for bucket in buckets)
        for blob in blobs:
            steps += [await superseded(blob, back_again := blob.restored()), _put(BLOBS, back_again)]
        described = [replace(blob.restored(), bucket_ids=bucket_ids.get(blob.id, ())) for blob in blobs]
        messages = [blob.event("restored", caller).message() for blob in described]
        return Write(steps, messages, tuple(blob.id for blob in blobs))

    async def _marks(
        self, collection: Collection[Any], user_id: str, ids: Iterable[str], back: Iterable[Any]
    ) -> dict[str, Any]:
        """Id -> the `trash_id` it will have, None for what is or comes out of the trash."""
        marks: dict[str, Any] = {}
        for some in chunks(dict.fromkeys(ids)):
            marks |= dict(await self._store.pick(collection, user_id, ("id", "trash_id"), {"id": some}))
        return marks | {record.id: None for record in back}


async def _out(caller: Caller, contents: Contents, trash_id: str, now: datetime, *more: Step) -> Write:
    """All of the contents with one mark, if each blob that stays still stands elsewhere at that moment."""
    steps: list[Step] = [*more]
    steps.extend(_put(BUCKETS, bucket.trashed(trash_id, now)) for bucket in contents.buckets)
    steps.extend(_put(PLACEMENTS, place.trashed(trash_id, now)) for place in contents.placements)
    for blob in contents.blobs:
        steps += [await superseded(blob, gone := blob.trashed(trash_id, now)), _put(BLOBS, gone)]
    steps.extend(Need(PLACEMENTS, caller.user_id, place, LIVE) for place in contents.elsewhere.values())
    places = contents.places_of()
    described = [replace(blob.trashed(trash_id, now), bucket_ids=places.get(blob.id, ())) for blob in contents.blobs]
    return Write(steps, [blob.event("trashed", caller).message() for blob in described])


def _emptied(trashed: Trashed) -> list[Step]:
    """The unit is no more, if nothing joined it since its contents were read: whatever joins counts it on."""
    seen = Need(TRASH, trashed.user_id, trashed.id, {"revision": trashed.revision})
    return [seen, Drop(TRASH, trashed.user_id, trashed.id)]


def _put(collection: Collection[Any], record: Any) -> Put:
    """The next revision of a record, if nobody else made one."""
    return Put(collection, record, expects=record.revision - 1)


def _refuse_what_is_going(trashed: Trashed | None) -> None:
    if trashed is not None and trashed.purging:
        raise Conflict("This is being purged; it does not come back.", id=trashed.item_id)


def _refuse_what_is_newer(contents: Contents, since: datetime) -> None:
    for placement in contents.placements:
        if placement.created_at > since:
            raise CameInSince(
                f"Blob {placement.blob_id} came into bucket {placement.bucket_id} since; take it out or move it first.",
                blob_id=placement.blob_id,
                bucket_id=placement.bucket_id,
            )
    for bucket in contents.buckets:
        if bucket.created_at > since:
            raise CameInSince(f"Bucket {bucket.name} was created in it since; move it first.", bucket_id=bucket.id)
