"""Builds the writes by which a unit goes to the trash or comes back, and sweeps in what slipped in meanwhile."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Conflict, NotFound, WouldContainItself
from reyna.domain.placement import Placement
from reyna.ports.store import NOT_NULL, Collection, Delete, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, TRASH, TrashUnit
from reyna.services.state.revisions.revision_storage import superseding_step
from reyna.services.state.structure.subtree import LIVE, SubtreeContents, load_subtree
from reyna.services.state.write import Write
from reyna.storage.chunks import chunks
from reyna.storage.logical_clock import LogicalClock

MISSING: Final = object()  # in place of the `trash_id` of a record that does not exist


class TrashUnits:
    """Trashes and restores units of one store. The builders only read: their callers write what they return."""

    def __init__(self, store: Store, clock: LogicalClock) -> None:
        self._store, self._clock = store, clock

    # --- out ---

    async def build_blob_trashing(self, caller: Caller, blob: Blob, trash_id: str, *, alone: bool = True) -> Write:
        """Returns the write that trashes a blob; `alone` unless it joins a unit that is in the trash already."""
        places = await self._store.find(PLACEMENTS, caller.user_id, LIVE | {"blob_id": blob.id})
        now, number = datetime.now(UTC), self._clock.next(caller.user_id)
        contents = SubtreeContents(buckets=[], placements=places, blobs=[blob], elsewhere={})
        if not alone:
            return await _build_trashing(caller, contents, trash_id, now, Require(TRASH, caller.user_id, trash_id))
        trashed = TrashUnit(
            id=trash_id,
            user_id=caller.user_id,
            kind="blob",
            item_id=blob.id,
            bucket_count=0,
            blob_count=1,
            number=number,
            trashed_at=now,
            trashed_by=caller.name,
        )
        kept = (Put(TRASH, trashed), self._clock.step(caller.user_id, number))
        return await _build_trashing(caller, contents, trash_id, now, *kept)

    async def build_bucket_trashing(
        self,
        caller: Caller,
        bucket: Bucket,
        trash_id: str,
        *,
        position: dict[str, Any] | None = None,
        blob_ids: Iterable[str] | None = None,
        since: int | None = None,
    ) -> Write:
        """Returns the write that trashes a whole subtree.

        `position` is another parent and rank for the bucket itself, `blob_ids` are the blobs that go (None: those that
        stand nowhere else). Raises CameInSince when something was created in it after `since`, a number in the order of
        its user.
        """
        contents = await load_subtree(self._store, caller.user_id, [bucket.id])
        if since is not None:
            _check_nothing_newer(contents, since)
        if blob_ids is not None:
            going = {*blob_ids}
            contents = replace(contents, blobs=[blob for blob in contents.blobs if blob.id in going])
        if position is not None:
            moved = [replace(one, **position) if one.id == bucket.id else one for one in contents.buckets]
            contents = replace(contents, buckets=moved)
        now, number = datetime.now(UTC), self._clock.next(caller.user_id)
        trashed = TrashUnit(
            id=trash_id,
            user_id=caller.user_id,
            kind="bucket",
            item_id=bucket.id,
            bucket_count=len(contents.buckets),
            blob_count=len(contents.blobs),
            number=number,
            trashed_at=now,
            trashed_by=caller.name,
        )
        kept = (Put(TRASH, trashed), self._clock.step(caller.user_id, number))
        write = await _build_trashing(caller, contents, trash_id, now, *kept)
        counts = {"bucket_count": trashed.bucket_count, "blob_count": trashed.blob_count}
        event = bucket.trashed(trash_id, now).event("trashed", caller, **counts)
        return Write(write.steps, [event.message(), *write.messages])

    # --- and what slipped in meanwhile ---

    async def sweep(self, caller: Caller, trash_id: str) -> None:
        """Trashes what came into the unit between reading it and writing it, until there is nothing.

        Nothing new can come in any more, since creating and placing need a bucket and a blob that are out of the
        trash: only what was under way then. A blob that found a place elsewhere at that moment stays out.
        """
        while await self._sweep_once(caller, trash_id):
            continue

    async def _sweep_once(self, caller: Caller, trash_id: str) -> bool:
        user_id, mark = caller.user_id, {"trash_id": trash_id}
        trashed = await self._store.get(TRASH, user_id, trash_id)
        buckets = [id for (id,) in await self._store.select(BUCKETS, user_id, ("id",), mark)]
        blobs = [id for (id,) in await self._store.select(BLOBS, user_id, ("id",), mark)]
        if trashed is None or trashed.purging:
            return False  # it is being restored, or all of it is going for good
        roots = await self._live_ids(BUCKETS, user_id, "parent_bucket_id", buckets)
        found = await load_subtree(self._store, user_id, roots, also=buckets)
        kept = await self._live_ids(PLACEMENTS, user_id, "blob_id", blobs)
        write = await _build_trashing(caller, found, trash_id, trashed.trashed_at)
        more, fewer = len(found.blobs), 0
        if trashed.kind == "blob":
            late = [p for ids in chunks(kept) for p in await self._store.find(PLACEMENTS, user_id, {"id": ids})]
            write.steps.extend(_put_next(PLACEMENTS, p.trashed(trash_id, trashed.trashed_at)) for p in late)
        elif kept and not found.placements:
            place = await self._store.get(PLACEMENTS, user_id, kept[0])
            blob = place and await self._store.get(BLOBS, user_id, place.blob_id)
            if blob and blob.trash_id == trash_id:
                write, fewer = await self.build_blob_restoring(caller, blob), 1
        if not write.steps:
            return False
        counted = replace(
            trashed,
            bucket_count=trashed.bucket_count + len(found.buckets),
            blob_count=trashed.blob_count + more - fewer,
            revision=trashed.revision + 1,
        )
        with suppress(RequirementNotMet):  # somebody was faster: look again
            await self._store.write(_put_next(TRASH, counted), *write.steps, messages=write.messages)
        return True

    async def _live_ids(self, collection: Collection[Any], user_id: str, field: str, values: list[str]) -> list[str]:
        """Returns the ids of the live records whose field has one of these values."""
        return [
            id
            for some in chunks(values)
            for (id,) in await self._store.select(collection, user_id, ("id",), LIVE | {field: some})
        ]

    # --- back ---

    async def build_blob_restoring(self, caller: Caller, blob: Blob) -> Write:
        """Returns the write that restores a blob by itself, however it was trashed."""
        trashed = await self._store.get(TRASH, caller.user_id, blob.trash_id or "")
        _check_not_purging(trashed)
        where = {"blob_id": blob.id, "trashed_at": NOT_NULL}
        places = await self._store.find(PLACEMENTS, caller.user_id, where)
        own: list[Step] = []
        if trashed:
            seen = Require(TRASH, caller.user_id, trashed.id, {"revision": trashed.revision})  # and so not being purged
            own = _unit_removal_steps(trashed) if trashed.item_id == blob.id else [seen]
        return await self._build_restoring(caller, [], [blob], places, own)

    async def build_bucket_restoring(
        self, caller: Caller, bucket: Bucket, position: dict[str, Any] | None = None
    ) -> Write:
        """Returns the write that restores a bucket with all that was trashed with it.

        It comes back to its place or to `position`, another parent and rank. Raises Conflict, NotFound and
        WouldContainItself.
        """
        user_id, mark = caller.user_id, {"trash_id": bucket.trash_id}
        trashed = await self._store.get(TRASH, user_id, bucket.trash_id or "")
        if trashed is None or trashed.item_id != bucket.id:
            with_id = trashed.item_id if trashed else None
            raise Conflict("This bucket went to the trash with another one; restore that.", bucket_id=with_id)
        _check_not_purging(trashed)
        parent = position["parent_bucket_id"] if position is not None else bucket.parent_bucket_id
        await self._check_restore_target(caller, bucket, parent, chosen=position is not None)
        buckets = await self._store.find(BUCKETS, user_id, mark)
        places = await self._store.find(PLACEMENTS, user_id, mark)
        blobs = await self._store.find(BLOBS, user_id, mark)
        moved = [replace(one, **position) if position is not None and one.id == bucket.id else one for one in buckets]
        more = _unit_removal_steps(trashed)
        if parent is not None:
            more.append(Require(BUCKETS, user_id, parent, LIVE))
        write = await self._build_restoring(caller, moved, blobs, places, more)
        root = next((one.restored() for one in moved if one.id == bucket.id), None)
        if root is None:
            raise Conflict("Somebody else restored this bucket at this moment.", bucket_id=bucket.id)
        event = root.event("restored", caller, bucket_count=len(buckets), blob_count=len(blobs))
        return Write(write.steps, [event.message(), *write.messages], write.blob_ids)

    async def _check_restore_target(self, caller: Caller, bucket: Bucket, parent: str | None, *, chosen: bool) -> None:
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

    async def _build_restoring(
        self, caller: Caller, buckets: list[Bucket], blobs: list[Blob], places: list[Placement], more: list[Step]
    ) -> Write:
        """Returns the write that restores these records.

        A placement comes back when both its bucket and its blob are back; else it goes on waiting for the other.
        """
        user_id = caller.user_id
        bucket_marks = await self._future_trash_ids(BUCKETS, user_id, (p.bucket_id for p in places), buckets)
        blob_marks = await self._future_trash_ids(BLOBS, user_id, (p.blob_id for p in places), blobs)
        joined: set[str] = set()
        back = {bucket.id for bucket in buckets} | {blob.id for blob in blobs}
        steps: list[Step] = [*more]
        bucket_ids: dict[str, tuple[str, ...]] = {}
        again: list[Placement] = []
        for place in places:
            in_bucket, of_blob = bucket_marks.get(place.bucket_id, MISSING), blob_marks.get(place.blob_id, MISSING)
            if MISSING in (in_bucket, of_blob):
                continue
            mark = in_bucket or of_blob
            # What this place depends on must still be so when this is written, or it might wait for ever.
            if mark is None:
                steps.append(_put_next(PLACEMENTS, place.restored()))
                again.append(place)
                steps.extend(Require(BUCKETS, user_id, id, LIVE) for id in {place.bucket_id} - back)
                steps.extend(Require(BLOBS, user_id, id, LIVE) for id in {place.blob_id} - back)
                bucket_ids[place.blob_id] = (*bucket_ids.get(place.blob_id, ()), place.bucket_id)
                continue
            collection, id = (BUCKETS, place.bucket_id) if in_bucket else (BLOBS, place.blob_id)
            steps.append(Require(collection, user_id, id, {"trash_id": mark}))
            if mark != place.trash_id:
                joined.add(mark)
                steps.append(_put_next(PLACEMENTS, replace(place, trash_id=mark, revision=place.revision + 1)))
        units = await self._store.find(TRASH, user_id, {"id": joined}) if joined else []
        steps.extend(_put_next(TRASH, replace(unit, revision=unit.revision + 1)) for unit in units)
        steps.extend(_put_next(BUCKETS, bucket.restored()) for bucket in buckets)
        for blob in blobs:
            steps += [await superseding_step(blob, back_again := blob.restored()), _put_next(BLOBS, back_again)]
        described = [replace(blob.restored(), bucket_ids=bucket_ids.get(blob.id, ())) for blob in blobs]
        restored = {blob.id for blob in blobs}
        events = [blob.event("restored", caller) for blob in described]
        events += [place.event("added", caller) for place in again if place.blob_id not in restored]
        return Write(steps, [event.message() for event in events], tuple(blob.id for blob in blobs))

    async def _future_trash_ids(
        self, collection: Collection[Any], user_id: str, ids: Iterable[str], back: Iterable[Any]
    ) -> dict[str, Any]:
        """Returns the `trash_id` that each record will have, by id; None for one out of the trash."""
        marks: dict[str, Any] = {}
        for some in chunks(dict.fromkeys(ids)):
            marks |= dict(await self._store.select(collection, user_id, ("id", "trash_id"), {"id": some}))
        return marks | {record.id: None for record in back}


async def _build_trashing(
    caller: Caller, contents: SubtreeContents, trash_id: str, now: datetime, *more: Step
) -> Write:
    """Returns the write that gives all contents one `trash_id`, if each blob that stays still stands elsewhere."""
    steps: list[Step] = [*more]
    steps.extend(_put_next(BUCKETS, bucket.trashed(trash_id, now)) for bucket in contents.buckets)
    steps.extend(_put_next(PLACEMENTS, place.trashed(trash_id, now)) for place in contents.placements)
    for blob in contents.blobs:
        steps += [await superseding_step(blob, gone := blob.trashed(trash_id, now)), _put_next(BLOBS, gone)]
    steps.extend(Require(PLACEMENTS, caller.user_id, place, LIVE) for place in contents.elsewhere.values())
    places = contents.places_of()
    described = [replace(blob.trashed(trash_id, now), bucket_ids=places.get(blob.id, ())) for blob in contents.blobs]
    going = {blob.id for blob in contents.blobs}
    # A blob that stays elsewhere is not trashed, but it is gone from here.
    left = [place.event("removed", caller) for place in contents.placements if place.blob_id not in going]
    events = [*(blob.event("trashed", caller) for blob in described), *left]
    return Write(steps, [event.message() for event in events])


def _unit_removal_steps(trashed: TrashUnit) -> list[Step]:
    """Returns the steps that remove the unit, which fail when something joined it since its contents were read."""
    seen = Require(TRASH, trashed.user_id, trashed.id, {"revision": trashed.revision})
    return [seen, Delete(TRASH, trashed.user_id, trashed.id)]


def _put_next(collection: Collection[Any], record: Any) -> Put:
    """Returns the step that writes the next revision of a record, which fails when somebody else wrote one."""
    return Put(collection, record, expects=record.revision - 1)


def _check_not_purging(trashed: TrashUnit | None) -> None:
    if trashed is not None and trashed.purging:
        raise Conflict("This is being purged; it does not come back.", id=trashed.item_id)


def _check_nothing_newer(contents: SubtreeContents, since: int) -> None:
    for placement in contents.placements:
        if placement.number > since:
            raise CameInSince(
                f"Blob {placement.blob_id} came into bucket {placement.bucket_id} since; take it out or move it first.",
                blob_id=placement.blob_id,
                bucket_id=placement.bucket_id,
            )
    for bucket in contents.buckets:
        if bucket.number > since:
            raise CameInSince(f"Bucket {bucket.name} was created in it since; move it first.", bucket_id=bucket.id)
