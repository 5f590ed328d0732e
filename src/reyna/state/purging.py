"""What is in the trash, gone for good: with all revisions and names, its places, and what the journal knew of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound
from reyna.ports import Collection, Drop, Need, Put, Step, Unmet
from reyna.rpc import takes_long
from reyna.state.buckets import TRIES
from reyna.state.journal import changes_of
from reyna.state.lineage import Lines
from reyna.state.records import (
    BLOBS,
    BUCKETS,
    JOURNAL,
    NAMES,
    PLACEMENTS,
    REVISIONS,
    TRASH,
    Act,
    Change,
    Fields,
    Placing,
    Several,
    Trashed,
    Trashing,
)
from reyna.state.subtree import chunks

AT_ONCE: Final = 400  # blobs and buckets that one call purges: well below the patience of who asks over the bus
TOGETHER: Final = 200  # of them in one write
TOGETHER_BYTES: Final = 8 * 1024 * 1024  # of their data, which is read for it
ACTS: Final = 1000  # of the journal that are looked through in one call


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How much is gone for good: units, and the blobs and buckets in them."""

    units: int = 0
    blobs: int = 0
    buckets: int = 0

    def plus(self, other: "Purged") -> "Purged":
        return Purged(
            units=self.units + other.units, blobs=self.blobs + other.blobs, buckets=self.buckets + other.buckets
        )


class Some(msgspec.Struct, frozen=True, kw_only=True):
    """What one call has purged; `left` when there is more of what was asked for."""

    gone: Purged
    left: bool


class Verbs(Protocol):
    """What is asked of the state service, here or over the bus."""

    async def purge(
        self, caller: Caller, item_id: str | None = None, *, before: datetime, begun: bool = False, over: bool = False
    ) -> Some: ...

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None: ...


async def purged(
    verbs: Verbs, caller: Caller, item_id: str | None = None, *, before: datetime | None = None, over: bool = False
) -> Purged:
    """One unit, or all that is in the trash now, however much that is; see `Purging.purge`."""
    before = before or datetime.now(UTC)
    some = await verbs.purge(caller, item_id, before=before, over=over)
    gone = some.gone
    while some.left:
        some = await verbs.purge(caller, item_id, before=before, begun=True, over=over)
        gone = gone.plus(some.gone)
    if gone.units:
        number = await verbs.forget_purged(caller)
        while number is not None:
            number = await verbs.forget_purged(caller, number)
    return gone


class Purging(Lines):
    """The verbs that purge.

    A unit is marked first, and from then on it does not come back; then its blobs go, then its buckets, those inside
    before those around them, some at a time, and its own record last. Should that be cut off, the rest is still in the
    trash, marked, and goes when somebody purges again or the house looks.
    """

    @takes_long
    async def purge(
        self, caller: Caller, item_id: str | None = None, *, before: datetime, begun: bool = False, over: bool = False
    ) -> Some:
        """Some of the unit whose item this is, or of all that went to the trash before that moment; with `over` of
        what is left over from a purge that was cut off. To be called again, `begun`, while something is left.

        Raises NotFound, Conflict for what went to the trash with another item, and Forbidden for a processor.
        """
        if caller.kind == "processor":
            raise Forbidden("A processor purges nothing.")
        if item_id is not None and not begun:
            await self._check_unit(caller, item_id)
        where = ({"purging": True} if over else {}) | ({} if item_id is None else {"item_id": item_id})
        gone = Purged()
        while True:
            found = await self._store.find(TRASH, caller.user_id, where, order=("trashed_at",), limit=TOGETHER)
            units = [unit for unit in found if unit.trashed_at < before or unit.purging or item_id is not None]
            if not units:
                return Some(gone=gone, left=False)
            for unit in units:
                if gone.blobs + gone.buckets >= AT_ONCE:
                    return Some(gone=gone, left=True)
                gone = gone.plus(await self._purge_some(caller, unit, AT_ONCE - gone.blobs - gone.buckets))

    async def forget_purged(self, caller: Caller, before: int | None = None) -> int | None:
        """Drop from the journal what can never be undone nor done again, because what it is about is not there any
        more. Looks through some acts, the newest first; the number to go on `before`, None at the end."""
        after = None if before is None else (before, "")
        acts = await self._store.find(
            JOURNAL, caller.user_id, order=("number",), descending=True, after=after, limit=ACTS
        )
        gone = await self._gone(caller, {id for act in acts for id in _concerned(act)})
        steps = [step for act in acts for step in _forgotten(act, gone)]
        try:
            await self._store.write(*steps)
        except Unmet:  # somebody undoes something at this moment: look once more
            return before if before is not None else acts[0].number + 1
        return acts[-1].number if len(acts) == ACTS else None

    # --- what the verbs above are made of ---

    async def _check_unit(self, caller: Caller, item_id: str) -> None:
        if await self._store.count(TRASH, caller.user_id, {"item_id": item_id}):
            return
        for collection in (BUCKETS, BLOBS):
            found: Any = await self._store.get(collection, caller.user_id, item_id)
            if found is not None and found.trash_id is not None:
                unit = await self._store.get(TRASH, caller.user_id, found.trash_id)
                raise Conflict("This went to the trash with another item; purge that.", id=unit and unit.item_id)
        raise NotFound("There is nothing of yours in the trash under this id.", id=item_id)

    async def _purge_some(self, caller: Caller, unit: Trashed, most: int) -> Purged:
        """At most so much of the unit; all of it, and its record, when that is enough."""
        user_id, mark = caller.user_id, {"trash_id": unit.id}
        if not await self._marked(unit):
            return Purged()  # it was restored, or purged by somebody else
        sizes = await self._store.pick(BLOBS, user_id, ("id", "size"), mark, limit=most + 1)
        blobs = buckets = 0
        for ids in _portions(sizes[:most]):
            blobs += await self._purge_blobs(caller, unit, ids)
        if len(sizes) > most:
            return Purged(blobs=blobs)
        links = await self._store.pick(BUCKETS, user_id, ("id", "parent_bucket_id"), mark)
        inside_first = _inside_first(dict(links))
        for start in range(0, min(len(links), most), TOGETHER):
            buckets += await self._purge_buckets(caller, unit, inside_first[start : start + TOGETHER])
        if len(links) > most:
            return Purged(blobs=blobs, buckets=buckets)
        await self._drop_all(PLACEMENTS, user_id, "trash_id", [unit.id])
        return Purged(units=await self._finished(unit), blobs=blobs, buckets=buckets)

    async def _marked(self, unit: Trashed) -> bool:
        for _ in range(TRIES):
            now = await self._store.get(TRASH, unit.user_id, unit.id)
            if now is None or now.purging:
                return now is not None
            try:
                await self._store.write(
                    Put(TRASH, replace(now, purging=True, revision=now.revision + 1), expects=now.revision)
                )
            except Unmet:  # something joins it, or it is being restored
                continue
            return True
        raise Conflict("This is being changed by others without pause. Try again.", id=unit.item_id)

    async def _purge_blobs(self, caller: Caller, unit: Trashed, ids: Sequence[str]) -> int:
        user_id = caller.user_id
        for collection in (REVISIONS, NAMES):
            await self._drop_all(collection, user_id, "blob_id", ids)
        blobs = await self._store.find(BLOBS, user_id, {"id": ids, "trash_id": unit.id})
        places = await self._store.pick(PLACEMENTS, user_id, ("id", "blob_id", "bucket_id"), {"blob_id": ids})
        steps: list[Step] = []
        for blob in blobs:
            steps += [Need(BLOBS, user_id, blob.id, {"revision": blob.revision}), Drop(BLOBS, user_id, blob.id)]
        here = {blob.id for blob in blobs}
        steps += [Drop(PLACEMENTS, user_id, id) for id, blob_id, _ in places if blob_id in here]
        steps += self._quota.used(user_id, blobs=-len(blobs), bytes=-sum(blob.size for blob in blobs))
        messages = [_placed(blob, places).event("purged", caller).message() for blob in blobs]
        try:
            await self._store.write(*steps, messages=messages)
        except Unmet:  # one of them was restored, or purged by somebody else: what is left comes with the next call
            return 0
        for collection in (REVISIONS, NAMES):  # a save that came too late may have been kept in this very moment
            await self._drop_all(collection, user_id, "blob_id", ids)
        return len(blobs)

    async def _purge_buckets(self, caller: Caller, unit: Trashed, ids: Sequence[str]) -> int:
        user_id = caller.user_id
        await self._drop_all(PLACEMENTS, user_id, "bucket_id", ids)
        found = {b.id: b for b in await self._store.find(BUCKETS, user_id, {"id": ids, "trash_id": unit.id})}
        buckets = [found[id] for id in ids if id in found]
        steps: list[Step] = []
        for bucket in buckets:
            seen = Need(BUCKETS, user_id, bucket.id, {"revision": bucket.revision})
            steps += [seen, Drop(BUCKETS, user_id, bucket.id)]
        steps += self._quota.used(user_id, buckets=-len(buckets))
        try:
            await self._store.write(*steps, messages=[bucket.event("purged", caller).message() for bucket in buckets])
        except Unmet:
            return 0
        return len(buckets)

    async def _drop_all(self, collection: Collection[Any], user_id: str, field: str, values: Sequence[str]) -> None:
        """Every record whose field has one of these values."""
        for _ in range(TRIES):
            found = await self._store.pick(collection, user_id, ("id",), {field: values})
            if not found:
                return
            for ids in chunks(id for (id,) in found):
                with suppress(Unmet):  # somebody else drops the same
                    await self._store.write(*(Drop(collection, user_id, id) for id in ids))
        raise Conflict("This is being changed by others without pause. Try again.")

    async def _finished(self, unit: Trashed) -> int:
        """1 when the unit is no more; what has joined it meanwhile comes with the next call."""
        now = await self._store.get(TRASH, unit.user_id, unit.id)
        if now is None:
            return 0
        mark = {"trash_id": unit.id}
        if await self._store.count(BLOBS, unit.user_id, mark) or await self._store.count(BUCKETS, unit.user_id, mark):
            return 0
        seen = Need(TRASH, unit.user_id, unit.id, {"revision": now.revision})
        try:
            await self._store.write(seen, Drop(TRASH, unit.user_id, unit.id))
        except Unmet:
            return 0
        return 1

    async def _gone(self, caller: Caller, ids: set[str]) -> set[str]:
        """Those of these buckets and blobs that are not there any more."""
        there: set[str] = set()
        for some in chunks(sorted(ids)):
            blobs = await self._store.pick(BLOBS, caller.user_id, ("id",), {"id": some})
            buckets = await self._store.pick(BUCKETS, caller.user_id, ("id",), {"id": some})
            there |= {id for (id,) in (*blobs, *buckets)}
        return ids - there


def _placed(blob: Blob, places: Iterable[tuple[Any, ...]]) -> Blob:
    """With the buckets that it stood in."""
    return replace(blob, bucket_ids=tuple(bucket_id for _, blob_id, bucket_id in places if blob_id == blob.id))


def _portions(sizes: Sequence[tuple[Any, ...]]) -> Iterable[list[str]]:
    """Ids in portions that are small enough to be read and written at once."""
    portion: list[str] = []
    together = 0
    for id, size in sizes:
        if portion and (len(portion) >= TOGETHER or together + size > TOGETHER_BYTES):
            yield portion
            portion, together = [], 0
        portion.append(id)
        together += size
    if portion:
        yield portion


def _inside_first(parents: dict[str, str | None]) -> list[str]:
    """The buckets in an order in which each comes before the one around it."""
    children: dict[str | None, list[str]] = defaultdict(list)
    for id, parent in parents.items():
        children[parent if parent in parents else None].append(id)
    order = list(children[None])
    for id in order:  # grows while it is walked: those around come first
        order.extend(children.get(id, ()))
    return order[::-1]


def _concerned(act: Act) -> set[str]:
    """The buckets and blobs without which nothing of an act can be undone or done again."""
    return {id for change in changes_of(act) for id in _about(change)}


def _about(change: Change) -> set[str]:
    match change:
        case Fields():
            return {change.bucket_id}
        case Placing():
            return {id for place in (change.before, change.after) if place for id in (place.bucket_id, place.blob_id)}
        case Trashing():
            return {change.item_id}


def _forgotten(act: Act, gone: set[str]) -> list[Step]:
    """The step that drops an act, or the part of it, about what is gone."""
    seen = Need(JOURNAL, act.user_id, act.id, {"revision": act.revision})
    drop: list[Step] = [seen, Drop(JOURNAL, act.user_id, act.id)]
    if not isinstance(act.change, Several):
        return drop if _about(act.change) & gone else []
    kept = tuple(part for part in act.change.parts if not _about(part.change) & gone)
    if len(kept) == len(act.change.parts):
        return []
    fewer = replace(act, change=replace(act.change, parts=kept), revision=act.revision + 1)
    return [Put(JOURNAL, fewer, expects=act.revision)] if kept else drop
