"""The purging part: removes what is in the trash for good, with revisions, names, placements and journal entries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound
from reyna.ports.store import Collection, Delete, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.files.file_records import REFERENCES
from reyna.services.state.quota import Quota
from reyna.services.state.records import (
    BLOBS,
    BUCKETS,
    NAMES,
    PLACEMENTS,
    REVISIONS,
    TRASH,
    TrashUnit,
)
from reyna.services.state.trash.journal_cleanup import JournalCleanup
from reyna.storage.chunks import chunks
from reyna.transport.rpc import long_running

MAX_ITEMS_PER_CALL: Final = 400  # blobs and buckets that one call purges: well within the timeout of the bus
MAX_ITEMS_PER_WRITE: Final = 200
MAX_BYTES_PER_WRITE: Final = 8 * 1024 * 1024  # of the data that is read for it
MAX_ATTEMPTS: Final = 20  # at what others change at the same moment


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """The number of purged units, and of the blobs and buckets in them."""

    units: int = 0
    blobs: int = 0
    buckets: int = 0

    def plus(self, other: "Purged") -> "Purged":
        return Purged(
            units=self.units + other.units, blobs=self.blobs + other.blobs, buckets=self.buckets + other.buckets
        )


class PurgeProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of one call; `left` when there is more of what was asked for, which is older than `before`."""

    gone: Purged
    left: bool
    before: datetime


class PurgingVerbs(Protocol):
    """The purging part of the state service, in this process or over the bus."""

    async def purge(
        self,
        caller: Caller,
        item_id: str | None = None,
        *,
        before: datetime | None = None,
        begun: bool = False,
        interrupted_only: bool = False,
    ) -> PurgeProgress: ...

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None: ...


async def purge_all(
    verbs: PurgingVerbs,
    caller: Caller,
    item_id: str | None = None,
    *,
    before: datetime | None = None,
    interrupted_only: bool = False,
) -> Purged:
    """Purges one unit, or all that is in the trash now, in as many calls as that needs; see `Purging.purge`."""
    some = await verbs.purge(caller, item_id, before=before, interrupted_only=interrupted_only)
    gone = some.gone
    while some.left:
        some = await verbs.purge(caller, item_id, before=some.before, begun=True, interrupted_only=interrupted_only)
        gone = gone.plus(some.gone)
    if gone.units:
        number = await verbs.forget_purged(caller)
        while number is not None:
            number = await verbs.forget_purged(caller, number)
    return gone


class Purging:
    """The verbs that purge.

    A unit is marked first, and from then on it does not come back; then its blobs go, then its buckets, those inside
    before those around them, some at a time, and its own record last. Should that be cut off, the rest is still in the
    trash, marked, and goes when somebody purges again or `TrashRetention` looks.
    """

    def __init__(self, store: Store, quota: Quota) -> None:
        self._store, self._quota = store, quota
        self._journal = JournalCleanup(store)

    @long_running
    async def purge(
        self,
        caller: Caller,
        item_id: str | None = None,
        *,
        before: datetime | None = None,
        begun: bool = False,
        interrupted_only: bool = False,
    ) -> PurgeProgress:
        """Purges some of the unit of this item, or of all that was trashed before then, and returns the progress.

        `before` None stands for all that is in the trash now, whatever the clock said when it was trashed;
        `interrupted_only` for what is left of a purge that was cut off. The verb is called again with `begun` and the
        answer's `before` while something is left.

        Raises NotFound, Conflict for what went to the trash with another item, and Forbidden for a processor.
        """
        if caller.kind == "processor":
            raise Forbidden("A processor purges nothing.")
        if item_id is not None and not begun:
            await self._check_unit(caller, item_id)
        before = before or await self._moment_after_all(caller)
        where = ({"purging": True} if interrupted_only else {}) | ({} if item_id is None else {"item_id": item_id})
        gone = Purged()
        while True:
            found = await self._store.find(
                TRASH, caller.user_id, where, order=("trashed_at",), limit=MAX_ITEMS_PER_WRITE
            )
            units = [unit for unit in found if unit.trashed_at < before or unit.purging or item_id is not None]
            if not units:
                return PurgeProgress(gone=gone, left=False, before=before)
            for unit in units:
                if gone.blobs + gone.buckets >= MAX_ITEMS_PER_CALL:
                    return PurgeProgress(gone=gone, left=True, before=before)
                gone = gone.plus(await self._purge_some(caller, unit, MAX_ITEMS_PER_CALL - gone.blobs - gone.buckets))

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None:
        """Deletes from the journal what can never be undone nor done again, because its subject was purged.

        Looks through some acts, the newest first; returns the number to go on `before`, None at the end.
        """
        return await self._journal.forget_purged(caller, before)

    async def _moment_after_all(self, caller: Caller) -> datetime:
        """Returns a moment after everything that is in the trash now was trashed."""
        newest = await self._store.find(TRASH, caller.user_id, order=("trashed_at",), descending=True, limit=1)
        return max([datetime.now(UTC), *(unit.trashed_at + timedelta.resolution for unit in newest)])

    async def _check_unit(self, caller: Caller, item_id: str) -> None:
        if await self._store.count(TRASH, caller.user_id, {"item_id": item_id}):
            return
        for collection in (BUCKETS, BLOBS):
            found: Any = await self._store.get(collection, caller.user_id, item_id)
            if found is not None and found.trash_id is not None:
                unit = await self._store.get(TRASH, caller.user_id, found.trash_id)
                raise Conflict("This went to the trash with another item; purge that.", id=unit and unit.item_id)
        raise NotFound("There is nothing of yours in the trash under this id.", id=item_id)

    async def _purge_some(self, caller: Caller, unit: TrashUnit, most: int) -> Purged:
        """Purges at most so many items of the unit, and when nothing is left its record; returns what was purged."""
        user_id, mark = caller.user_id, {"trash_id": unit.id}
        if not await self._mark_purging(unit):
            return Purged()  # it was restored, or purged by somebody else
        sizes = await self._store.select(BLOBS, user_id, ("id", "size"), mark, limit=most + 1)
        blobs = buckets = 0
        for ids in _split_portions(sizes[:most]):
            blobs += await self._purge_blobs(caller, unit, ids)
        if len(sizes) > most:
            return Purged(blobs=blobs)
        links = await self._store.select(BUCKETS, user_id, ("id", "parent_bucket_id"), mark)
        inside_first = _innermost_first(dict(links))
        for start in range(0, min(len(links), most), MAX_ITEMS_PER_WRITE):
            buckets += await self._purge_buckets(caller, unit, inside_first[start : start + MAX_ITEMS_PER_WRITE])
        if len(links) > most:
            return Purged(blobs=blobs, buckets=buckets)
        await self._delete_where(PLACEMENTS, user_id, "trash_id", [unit.id])
        return Purged(units=await self._remove_unit(unit), blobs=blobs, buckets=buckets)

    async def _mark_purging(self, unit: TrashUnit) -> bool:
        for _ in range(MAX_ATTEMPTS):
            now = await self._store.get(TRASH, unit.user_id, unit.id)
            if now is None or now.purging:
                return now is not None
            try:
                await self._store.write(
                    Put(TRASH, replace(now, purging=True, revision=now.revision + 1), expects=now.revision)
                )
            except RequirementNotMet:  # something joins it, or it is being restored
                continue
            return True
        raise Conflict("This is being changed by others without pause. Try again.", id=unit.item_id)

    async def _purge_blobs(self, caller: Caller, unit: TrashUnit, ids: Sequence[str]) -> int:
        user_id = caller.user_id
        for collection in (REVISIONS, NAMES):
            await self._delete_where(collection, user_id, "blob_id", ids)
        blobs = await self._store.find(BLOBS, user_id, {"id": ids, "trash_id": unit.id})
        places = await self._store.select(PLACEMENTS, user_id, ("id", "blob_id", "bucket_id"), {"blob_id": ids})
        steps: list[Step] = []
        for blob in blobs:
            steps += [Require(BLOBS, user_id, blob.id, {"revision": blob.revision}), Delete(BLOBS, user_id, blob.id)]
        here = {blob.id for blob in blobs}
        references = await self._store.select(REFERENCES, user_id, ("id", "blob_id"), {"blob_id": ids})
        steps += [Delete(REFERENCES, user_id, id) for id, blob_id in references if blob_id in here]
        steps += [Delete(PLACEMENTS, user_id, id) for id, blob_id, _ in places if blob_id in here]
        steps += self._quota.increments(user_id, blobs=-len(blobs), bytes=-sum(blob.size for blob in blobs))
        messages = [_with_bucket_ids(blob, places).event("purged", caller).message() for blob in blobs]
        try:
            await self._store.write(*steps, messages=messages)
        except (
            RequirementNotMet
        ):  # one of them was restored, or purged by somebody else: what is left comes with the next call
            return 0
        # A save that came too late may have been kept in this very moment.
        for kept in (REVISIONS, NAMES, REFERENCES):
            await self._delete_where(kept, user_id, "blob_id", ids)
        return len(blobs)

    async def _purge_buckets(self, caller: Caller, unit: TrashUnit, ids: Sequence[str]) -> int:
        user_id = caller.user_id
        await self._delete_where(PLACEMENTS, user_id, "bucket_id", ids)
        found = {b.id: b for b in await self._store.find(BUCKETS, user_id, {"id": ids, "trash_id": unit.id})}
        buckets = [found[id] for id in ids if id in found]
        steps: list[Step] = []
        for bucket in buckets:
            seen = Require(BUCKETS, user_id, bucket.id, {"revision": bucket.revision})
            steps += [seen, Delete(BUCKETS, user_id, bucket.id)]
        steps += self._quota.increments(user_id, buckets=-len(buckets))
        steps += await self._journal.blank_answer_steps(caller, found)
        try:
            await self._store.write(*steps, messages=[bucket.event("purged", caller).message() for bucket in buckets])
        except RequirementNotMet:
            return 0
        return len(buckets)

    async def _delete_where(self, collection: Collection[Any], user_id: str, field: str, values: Sequence[str]) -> None:
        """Deletes every record whose field has one of these values."""
        for _ in range(MAX_ATTEMPTS):
            found = await self._store.select(collection, user_id, ("id",), {field: values})
            if not found:
                return
            for ids in chunks(id for (id,) in found):
                with suppress(RequirementNotMet):  # somebody else drops the same
                    await self._store.write(*(Delete(collection, user_id, id) for id in ids))
        raise Conflict("This is being changed by others without pause. Try again.")

    async def _remove_unit(self, unit: TrashUnit) -> int:
        """Removes the record of the unit and returns 1, or 0 when something joined it meanwhile."""
        now = await self._store.get(TRASH, unit.user_id, unit.id)
        if now is None:
            return 0
        mark = {"trash_id": unit.id}
        if await self._store.count(BLOBS, unit.user_id, mark) or await self._store.count(BUCKETS, unit.user_id, mark):
            return 0
        seen = Require(TRASH, unit.user_id, unit.id, {"revision": now.revision})
        try:
            await self._store.write(seen, Delete(TRASH, unit.user_id, unit.id))
        except RequirementNotMet:
            return 0
        return 1


def _with_bucket_ids(blob: Blob, places: Iterable[tuple[Any, ...]]) -> Blob:
    """Returns the blob with the buckets that it was in."""
    return replace(blob, bucket_ids=tuple(bucket_id for _, blob_id, bucket_id in places if blob_id == blob.id))


def _split_portions(sizes: Sequence[tuple[Any, ...]]) -> Iterable[list[str]]:
    """Yields ids in portions that are small enough to be read and written at once."""
    portion: list[str] = []
    together = 0
    for id, size in sizes:
        if portion and (len(portion) >= MAX_ITEMS_PER_WRITE or together + size > MAX_BYTES_PER_WRITE):
            yield portion
            portion, together = [], 0
        portion.append(id)
        together += size
    if portion:
        yield portion


def _innermost_first(parents: dict[str, str | None]) -> list[str]:
    """Returns the buckets in an order in which each comes before its parent."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for id, parent in parents.items():
        children[parent if parent in parents else None].append(id)
    order = list(children[None])
    for id in order:  # grows while it is walked: those around come first
        order.extend(children.get(id, ()))
    return order[::-1]
