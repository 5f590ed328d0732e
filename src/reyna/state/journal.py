"""The journal: every change of structure can be undone and done again, from any device, as far back as it goes."""

from copy import copy
from datetime import datetime
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, Refusal
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.placement import Placement
from reyna.ports import PRESENT, Drop, Need, Put, Step, Store, Unmet
from reyna.rpc import takes_long
from reyna.state.acts import moment
from reyna.state.buckets import BUSY, TRIES
from reyna.state.copying import Copies
from reyna.state.records import (
    BLOBS,
    BUCKETS,
    JOURNAL,
    PLACEMENTS,
    STANDS,
    STAYS_UNDONE,
    TRASH,
    Act,
    ActName,
    Change,
    Fields,
    Part,
    Placing,
    Several,
    Trashing,
)
from reyna.state.staged import Staged
from reyna.state.subtree import LIVE
from reyna.state.trashing import Write


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One structural change, or `count` of them made as one; `name` is the bucket's at that time. One that was `passed`
    over stays as it is: undo and redo do not come back to it."""

    id: str
    act: ActName
    bucket_id: str | None
    blob_id: str | None
    name: str | None
    count: int = 1
    undone: bool
    passed: bool = False
    by: str
    created_at: datetime


class Journal(Copies):
    """The verbs on the journal.

    What an act changed is looked at again before it is taken back: where that was changed meanwhile, undo is refused
    with what stands in the way, and nothing is written. Content is no structure: creating a blob with its first places
    and editing it are not undone here, and a bucket that holds what was created in it since is not taken away unasked.

    Whoever was refused goes on by naming the `entry_id` of the refusal: `skip` passes over that act for good, so that
    the one before it is next; `anyway` sends what came into a bucket since to the trash with it, after CameInSince.
    """

    @takes_long
    async def undo(self, caller: Caller, *, anyway: str | None = None, skip: str | None = None) -> JournalEntry:
        """Take back the last act that is not undone. Raises Conflict when there is none, or something is in the way,
        or when the act that is named is not the last one any more."""
        return await self._turn(caller, back=True, anyway=anyway, skip=skip)

    @takes_long
    async def redo(self, caller: Caller, *, anyway: str | None = None, skip: str | None = None) -> JournalEntry:
        """Do again what was undone last, unless something new was done since. Raises Conflict as undo does."""
        return await self._turn(caller, back=False, anyway=anyway, skip=skip)

    async def journal(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[JournalEntry]:
        """Newest first; what is undone stands among them, marked."""
        found = await self._store.find(
            JOURNAL,
            caller.user_id,
            order=("number",),
            descending=True,
            after=place_of(cursor, int, str),
            limit=bounded(limit) + 1,
        )
        more = cursor_of(found[limit - 1].number, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(entry_of(act) for act in found[:limit]), next_cursor=more)

    # --- what the verbs above are made of ---

    async def _turn(self, caller: Caller, *, back: bool, anyway: str | None, skip: str | None) -> JournalEntry:
        for _ in range(TRIES):
            counter = await self._counter(caller)
            act = await (self._last_done(caller) if back else self._last_undone(caller))
            if (anyway or skip) not in (None, act.id):
                raise Conflict("Another act is the last one by now. Look at the journal again.", entry_id=act.id)
            try:
                turned, write = await self._next(caller, act, back, anyway=anyway is not None, skip=skip is not None)
                marked = Put(JOURNAL, turned, expects=act.revision)
                await self._store.write(counter, marked, *write.steps, messages=write.messages)
            except Refusal as refusal:
                if await self._store.count(JOURNAL, caller.user_id, {"id": act.id, "revision": act.revision}):
                    refusal.facts["entry_id"] = act.id
                    raise
                continue  # somebody else turned this very act since it was read
            except Unmet:
                continue
            if skip is None:
                for change in changes_of(act):
                    if isinstance(change, Trashing) and change.out != back:
                        await self._sweep(caller, change.trash_id)
            return entry_of(turned)
        raise Conflict(BUSY)

    async def _next(self, caller: Caller, act: Act, back: bool, *, anyway: bool, skip: bool) -> tuple[Act, Write]:
        """The act as it then stands in the journal, and what else is written."""
        if skip:
            return replace(act, undone=STANDS if back else STAYS_UNDONE, revision=act.revision + 1), Write([], [])
        write = await self._turned(caller, act, back, anyway)
        return replace(act, undone=moment() if back else None, revision=act.revision + 1), write

    async def _last_done(self, caller: Caller) -> Act:
        for act in await self._store.find(
            JOURNAL, caller.user_id, {"undone": None}, order=("number",), descending=True, limit=1
        ):
            return act
        raise Conflict("There is nothing to undo.")

    async def _last_undone(self, caller: Caller) -> Act:
        """Nothing has to be cleared when something new is done: what was undone before that is simply too old."""
        newest = await self._store.find(JOURNAL, caller.user_id, order=("number",), descending=True, limit=1)
        for act in await self._store.find(
            JOURNAL, caller.user_id, {"undone": PRESENT}, order=("undone",), descending=True, limit=1
        ):
            if act.undone is not None and newest[0].number < act.undone:
                return act
        raise Conflict("There is nothing to do again.")

    async def _turned(self, caller: Caller, act: Act, back: bool, anyway: bool) -> Write:
        match act.change:
            case Fields() as fields:
                return await self._fields_turned(caller, fields, back)
            case Placing() as placing:
                return await self._placing_turned(caller, placing, back)
            case Trashing(kind="blob") as trashing:
                return await self._blob_turned(caller, trashing, back)
            case Trashing() as trashing:
                return await self._bucket_turned(caller, trashing, act, back, anyway)
            case Several(parts=parts):
                return await self._several_turned(caller, act, parts[::-1] if back else parts, back, anyway)

    async def _several_turned(
        self, caller: Caller, act: Act, parts: tuple[Part, ...], back: bool, anyway: bool
    ) -> Write:
        """One after the other, each as the ones before it leave things; all of it is one write."""
        staged = Staged(self._store)
        there = self._on(staged)
        for part in parts:
            one = replace(act, act=part.act, name=part.name, change=part.change)
            write = await there._turned(caller, one, back, anyway)
            await staged.write(*write.steps, messages=write.messages)
        return Write(staged.steps(), staged.messages())

    def _on(self, store: Store) -> Self:
        """The same verbs on another store."""
        there = copy(self)
        there._store = self._quota.over(store)
        return there

    async def _fields_turned(self, caller: Caller, fields: Fields, back: bool) -> Write:
        seen, wanted = (fields.after, fields.before) if back else (fields.before, fields.after)
        bucket = await self._store.get(BUCKETS, caller.user_id, fields.bucket_id)
        if bucket is None or bucket.trashed_at is not None:
            raise Conflict("The bucket is in the trash, or not there any more.", bucket_id=fields.bucket_id)
        if {field: getattr(bucket, field) for field in seen} != seen:
            raise Conflict(f"{bucket.name} was changed meanwhile.", bucket_id=bucket.id, current=bucket)
        steps: list[Step] = []
        if "parent_bucket_id" in wanted:
            parent = wanted["parent_bucket_id"]
            try:
                await self._check_move(caller, bucket, parent)
            except NotFound as missing:
                raise Conflict("The bucket that it was in is not there any more.", bucket_id=parent) from missing
            steps += [] if parent is None else [Need(BUCKETS, caller.user_id, parent, LIVE)]
            changed = bucket.moved(**wanted)
            event = changed.event("moved", caller, came_from=bucket.parent_bucket_id)
        else:
            changed = bucket.changed(**wanted)
            event = changed.event("updated", caller)
        return Write([Put(BUCKETS, changed, expects=bucket.revision), *steps], [event.message()])

    async def _placing_turned(self, caller: Caller, placing: Placing, back: bool) -> Write:
        seen, wanted = (placing.after, placing.before) if back else (placing.before, placing.after)
        known = seen or wanted
        if known is None:
            return Write([], [])
        there = await self._store.get(PLACEMENTS, caller.user_id, known.id)
        if _stand(there) != _stand(seen):
            raise Conflict("This place was changed meanwhile.", bucket_id=known.bucket_id, blob_id=known.blob_id)
        if wanted is None:
            event = known.event("removed", caller)
            here = Need(PLACEMENTS, caller.user_id, known.id, LIVE)
            return Write([here, Drop(PLACEMENTS, caller.user_id, known.id)], [event.message()])
        await self._check_place(caller, wanted)
        put = replace(wanted, revision=1 if there is None else there.revision + 1)
        event = put.event("added" if there is None else "moved", caller)
        steps: list[Step] = [
            Put(PLACEMENTS, put, expects=put.revision - 1),
            Need(BUCKETS, caller.user_id, put.bucket_id, LIVE),
            Need(BLOBS, caller.user_id, put.blob_id, LIVE),
        ]
        return Write(steps, [event.message()])

    async def _check_place(self, caller: Caller, wanted: Placement) -> None:
        if not await self._store.count(BUCKETS, caller.user_id, LIVE | {"id": wanted.bucket_id}):
            raise Conflict("The bucket is in the trash, or not there any more.", bucket_id=wanted.bucket_id)
        if not await self._store.count(BLOBS, caller.user_id, LIVE | {"id": wanted.blob_id}):
            raise Conflict("The blob is in the trash, or not there any more.", blob_id=wanted.blob_id)

    async def _blob_turned(self, caller: Caller, trashing: Trashing, back: bool) -> Write:
        blob = await self._store.get(BLOBS, caller.user_id, trashing.item_id)
        if blob is None:
            raise Conflict("The blob is not there any more.", blob_id=trashing.item_id)
        if trashing.out == back:
            if blob.trash_id != trashing.trash_id:
                raise Conflict("The blob was brought back meanwhile.", blob_id=blob.id)
            return await self._blob_back(caller, blob)
        if blob.trashed_at is not None:
            raise Conflict("The blob is in the trash already.", blob_id=blob.id)
        alone = await self._store.get(TRASH, caller.user_id, trashing.trash_id) is None
        return await self._blob_out(caller, blob, trashing.trash_id, alone=alone)

    async def _bucket_turned(self, caller: Caller, trashing: Trashing, act: Act, back: bool, anyway: bool) -> Write:
        bucket = await self._store.get(BUCKETS, caller.user_id, trashing.item_id)
        if bucket is None:
            raise Conflict("The bucket is not there any more.", bucket_id=trashing.item_id)
        stand = trashing.before if back else trashing.after
        if trashing.out == back:
            if bucket.trash_id != trashing.trash_id:
                raise Conflict(f"{bucket.name} was brought back meanwhile.", bucket_id=bucket.id)
            return await self._bucket_back(caller, bucket, stand)
        if bucket.trashed_at is not None:
            raise Conflict(f"{bucket.name} is in the trash already.", bucket_id=bucket.id)
        return await self._bucket_out(
            caller,
            bucket,
            trashing.trash_id,
            stand=stand,
            blob_ids=trashing.blob_ids if act.act == "restore_bucket" and not anyway else None,
            since=None if anyway else act.created_at,
        )


def _stand(placement: Placement | None) -> tuple[Any, ...] | None:
    """What makes a place the same place: where it is, what it is called, and that it is out of the trash."""
    return None if placement is None else (placement.rank, placement.label, placement.trashed_at)


def entry_of(act: Act) -> JournalEntry:
    bucket_id, blob_id = _about(act.change)
    return JournalEntry(
        id=act.id,
        act=act.act,
        bucket_id=bucket_id,
        blob_id=blob_id,
        name=act.name,
        count=len(changes_of(act)),
        undone=act.undone not in (None, STANDS),
        passed=act.undone in (STANDS, STAYS_UNDONE),
        by=act.by,
        created_at=act.created_at,
    )


def changes_of(act: Act) -> list[Change]:
    return [part.change for part in act.change.parts] if isinstance(act.change, Several) else [act.change]


def _about(change: Change | Several) -> tuple[str | None, str | None]:
    match change:
        case Fields():
            return change.bucket_id, None
        case Placing():
            place = change.after or change.before
            return (place.bucket_id, place.blob_id) if place else (None, None)
        case Trashing():
            return (change.item_id, None) if change.kind == "bucket" else (None, change.item_id)
        case Several():
            return None, None
