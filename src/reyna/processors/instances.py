"""Where a user has switched a processor on: everywhere, or for one bucket's subtree."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Conflict, DataError, NotFound
from reyna.domain.ids import named_after
from reyna.domain.page import Page
from reyna.domain.processor import Instance, InstanceChange, NewInstance
from reyna.ports import Drop, Put, Store, Unmet
from reyna.processors.neighbours import StateVerbs
from reyna.processors.records import INSTANCES, newest_first
from reyna.processors.registry import Registry
from reyna.processors.settings import check_settings

TRIES: Final = 10  # two devices of one user; more losers in a row than this is no race


class Instances:
    def __init__(self, store: Store, registry: Registry, state: StateVerbs, clock: Callable[[], datetime]) -> None:
        self._store, self._registry, self._state, self._clock = store, registry, state, clock

    async def create(self, caller: Caller, new: NewInstance) -> Instance:
        processor = await self._registry.processor(new.processor_id)
        check_settings(processor, new.settings)
        await self._check_bucket(caller, new.bucket_id)
        now = self._clock()
        instance = Instance(
            # Named after its place, so that the second one for the same place finds the first in its way.
            id=named_after("instance", caller.user_id, new.processor_id, new.bucket_id or "everywhere"),
            user_id=caller.user_id,
            processor_id=new.processor_id,
            bucket_id=new.bucket_id,
            enabled=new.enabled,
            settings=new.settings,
            created_at=now,
            updated_at=now,
        )
        try:
            await self._store.write(Put(INSTANCES, instance), messages=[instance.event("changed", caller).message()])
        except Unmet:
            raise AlreadyThere("This processor has been switched on there already.", id=instance.id) from None
        return instance

    async def instance(self, caller: Caller, id: str) -> Instance:
        instance = await self._store.get(INSTANCES, caller.user_id, id)
        if instance is None:
            raise NotFound("There is no instance of yours under this id.", id=id)
        return instance

    async def page(self, caller: Caller, limit: int, cursor: str | None) -> Page[Instance]:
        return await newest_first(
            self._store, INSTANCES, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor
        )

    async def change(self, caller: Caller, id: str, change: InstanceChange) -> Instance:
        for _ in range(TRIES):
            instance = await self.instance(caller, id)
            changed = _changed(instance, change, self._clock())
            if changed is instance:
                return instance
            if changed.settings != instance.settings:
                check_settings(await self._registry.processor(instance.processor_id), changed.settings)
            try:
                await self._store.write(
                    Put(INSTANCES, changed, expects=instance.revision),
                    messages=[changed.event("changed", caller).message()],
                )
            except Unmet:
                continue
            return changed
        raise Conflict("Too much happened to this instance at once. Try again.", id=id)

    async def drop(self, caller: Caller, id: str) -> None:
        dropped = replace(await self.instance(caller, id), enabled=False)
        event = dropped.event("changed", caller, dropped=True)
        try:
            await self._store.write(Drop(INSTANCES, caller.user_id, id), messages=[event.message()])
        except Unmet:
            raise NotFound("There is no instance of yours under this id.", id=id) from None

    async def _check_bucket(self, caller: Caller, bucket_id: str | None) -> None:
        if bucket_id is None or bucket_id in await self._state.containing(caller, [bucket_id]):
            return
        error = DataError(path="/bucket_id", message="there is no bucket of yours under this id")
        raise NotFound("bucket_id: there is no bucket of yours under this id", errors=[error], id=bucket_id)


def _changed(instance: Instance, change: InstanceChange, now: datetime) -> Instance:
    enabled = instance.enabled if change.enabled is msgspec.UNSET else change.enabled
    settings = instance.settings if change.settings is msgspec.UNSET else change.settings
    if enabled == instance.enabled and settings == instance.settings:
        return instance
    return replace(instance, enabled=enabled, settings=settings, revision=instance.revision + 1, updated_at=now)
