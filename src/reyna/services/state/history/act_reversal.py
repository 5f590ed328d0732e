"""Builds the write that takes back what an act changed, or does it again."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.placement import Placement
from reyna.ports.store import Delete, Put, Require, Step, Store
from reyna.services.state.records import (
    BLOBS,
    BUCKETS,
    PLACEMENTS,
    TRASH,
    Act,
    ActPart,
    Fields,
    Placing,
    Several,
    Trashing,
)
from reyna.services.state.structure.moves import check_move
from reyna.services.state.structure.subtree import LIVE
from reyna.services.state.trash.trash_units import TrashUnits
from reyna.services.state.write import Write
from reyna.storage.logical_clock import LogicalClock
from reyna.storage.unit_of_work import UnitOfWork


class ActReversal:
    """Reverses acts on one store: `back` undoes an act, otherwise it is done again. The builders only read.

    What an act changed is looked at again first: where that was changed meanwhile, Conflict says what is in the way.
    """

    def __init__(self, store: Store, clock: LogicalClock, decorate: Callable[[Store], Store]) -> None:
        """`decorate` puts the quota and the clock on a unit of work."""
        self._store, self._clock, self._decorate = store, clock, decorate
        self._units = TrashUnits(store, clock)

    async def build(self, caller: Caller, act: Act, back: bool, anyway: bool) -> Write:
        """Returns the write that reverses an act; `anyway` trashes what came into a bucket since along with it.

        Raises Conflict, and CameInSince for a bucket that something came into since.
        """
        match act.change:
            case Fields() as fields:
                return await self._build_fields(caller, fields, back)
            case Placing() as placing:
                return await self._build_placing(caller, placing, back)
            case Trashing(kind="blob") as trashing:
                return await self._build_blob(caller, trashing, back)
            case Trashing() as trashing:
                return await self._build_bucket(caller, trashing, act, back, anyway)
            case Several(parts=parts):
                return await self._build_several(caller, act, parts[::-1] if back else parts, back, anyway)

    async def _build_several(
        self, caller: Caller, act: Act, parts: tuple[ActPart, ...], back: bool, anyway: bool
    ) -> Write:
        """Reverses one after the other, each as the ones before it leave things; all of it is one write."""
        staged = UnitOfWork(self._store)
        reversal = ActReversal(self._decorate(staged), self._clock, self._decorate)
        for part in parts:
            one = replace(act, act=part.act, name=part.name, change=part.change)
            write = await reversal.build(caller, one, back, anyway)
            await staged.write(*write.steps, messages=write.messages)
        return Write(staged.steps(), staged.messages())

    async def _build_fields(self, caller: Caller, fields: Fields, back: bool) -> Write:
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
                await check_move(self._store, caller, bucket, parent)
            except NotFound as missing:
                raise Conflict("The bucket that it was in is not there any more.", bucket_id=parent) from missing
            steps += [] if parent is None else [Require(BUCKETS, caller.user_id, parent, LIVE)]
            changed = bucket.moved(**wanted)
            event = changed.event("moved", caller, came_from=bucket.parent_bucket_id)
        else:
            changed = bucket.changed(**wanted)
            event = changed.event("updated", caller)
        return Write([Put(BUCKETS, changed, expects=bucket.revision), *steps], [event.message()])

    async def _build_placing(self, caller: Caller, placing: Placing, back: bool) -> Write:
        seen, wanted = (placing.after, placing.before) if back else (placing.before, placing.after)
        known = seen or wanted
        if known is None:
            return Write([], [])
        there = await self._store.get(PLACEMENTS, caller.user_id, known.id)
        if _position(there) != _position(seen):
            raise Conflict("This place was changed meanwhile.", bucket_id=known.bucket_id, blob_id=known.blob_id)
        if wanted is None:
            event = known.event("removed", caller)
            here = Require(PLACEMENTS, caller.user_id, known.id, LIVE)
            return Write([here, Delete(PLACEMENTS, caller.user_id, known.id)], [event.message()])
        await self._check_place(caller, wanted)
        put = replace(wanted, revision=1 if there is None else there.revision + 1)
        event = put.event("added" if there is None else "moved", caller)
        steps: list[Step] = [
            Put(PLACEMENTS, put, expects=put.revision - 1),
            Require(BUCKETS, caller.user_id, put.bucket_id, LIVE),
            Require(BLOBS, caller.user_id, put.blob_id, LIVE),
        ]
        return Write(steps, [event.message()])

    async def _check_place(self, caller: Caller, wanted: Placement) -> None:
        if not await self._store.count(BUCKETS, caller.user_id, LIVE | {"id": wanted.bucket_id}):
            raise Conflict("The bucket is in the trash, or not there any more.", bucket_id=wanted.bucket_id)
        if not await self._store.count(BLOBS, caller.user_id, LIVE | {"id": wanted.blob_id}):
            raise Conflict("The blob is in the trash, or not there any more.", blob_id=wanted.blob_id)

    async def _build_blob(self, caller: Caller, trashing: Trashing, back: bool) -> Write:
        blob = await self._store.get(BLOBS, caller.user_id, trashing.item_id)
        if blob is None:
            raise Conflict("The blob is not there any more.", blob_id=trashing.item_id)
        if trashing.out == back:
            if blob.trash_id != trashing.trash_id:
                raise Conflict("The blob was brought back meanwhile.", blob_id=blob.id)
            return await self._units.build_blob_restoring(caller, blob)
        if blob.trashed_at is not None:
            raise Conflict("The blob is in the trash already.", blob_id=blob.id)
        alone = await self._store.get(TRASH, caller.user_id, trashing.trash_id) is None
        return await self._units.build_blob_trashing(caller, blob, trashing.trash_id, alone=alone)

    async def _build_bucket(self, caller: Caller, trashing: Trashing, act: Act, back: bool, anyway: bool) -> Write:
        bucket = await self._store.get(BUCKETS, caller.user_id, trashing.item_id)
        if bucket is None:
            raise Conflict("The bucket is not there any more.", bucket_id=trashing.item_id)
        position = trashing.before if back else trashing.after
        if trashing.out == back:
            if bucket.trash_id != trashing.trash_id:
                raise Conflict(f"{bucket.name} was brought back meanwhile.", bucket_id=bucket.id)
            return await self._units.build_bucket_restoring(caller, bucket, position)
        if bucket.trashed_at is not None:
            raise Conflict(f"{bucket.name} is in the trash already.", bucket_id=bucket.id)
        return await self._units.build_bucket_trashing(
            caller,
            bucket,
            trashing.trash_id,
            position=position,
            blob_ids=trashing.blob_ids if act.act == "restore_bucket" and not anyway else None,
            since=None if anyway else act.number,
        )


def _position(placement: Placement | None) -> tuple[Any, ...] | None:
    """Returns what makes a placement the same one: its rank, its label, and that it is out of the trash."""
    return None if placement is None else (placement.rank, placement.label, placement.trashed_at)
