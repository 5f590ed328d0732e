"""The instances of a user: a processor switched on everywhere, or for one bucket's subtree."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Conflict, DataError, NotFound, PreconditionFailed
from reyna.domain.ids import derive_id
from reyna.domain.processing.processor import Instance, InstanceChange, NewInstance
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.instances.instance_cache import InstanceCache
from reyna.services.processors.instances.loop_check import LoopCheck
from reyna.services.processors.instances.waiting_runs import WaitingRuns
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.records import INSTANCES, newest_first
from reyna.services.processors.registry.processor_lookup import no_processor, still_registered
from reyna.services.processors.registry.registry import Registry
from reyna.services.processors.registry.settings_validator import SettingsValidator
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent

MAX_WRITE_ATTEMPTS: Final = 10  # two devices of one user may collide; more losses in a row are no race


async def _read_answer(instances: "Instances", caller: Caller, record: IdempotencyRecord) -> Instance:
    return msgspec.convert(record.answer, Instance)


class Instances:
    """The instances of each user."""

    def __init__(
        self,
        store: Store,
        cache: InstanceCache,
        registry: Registry,
        state: StateVerbs,
        settings: SettingsValidator,
        loops: LoopCheck,
        waiting_runs: WaitingRuns,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._cache, self._registry, self._state = store, cache, registry, state
        self._settings, self._clock, self.idempotency_keys = settings, clock, idempotency_keys
        self._loops, self._waiting_runs = loops, waiting_runs

    async def create(self, caller: Caller, new: NewInstance, *, key: Key = None) -> Instance:
        """Switches a processor on, everywhere or for one bucket's subtree.

        Raises AlreadyThere for the second one in the same place, NotFound for the processor or the bucket, Invalid (by
        path) for settings that do not fit, and ProcessorLoop when its output would come back to it.
        """
        check_not_processor(caller)
        created = await self._create(caller, new, key=key)
        self._cache.invalidate(caller.user_id)
        return created

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Instance]:
        """Returns one page of the caller's instances, newest first."""
        return await newest_first(
            self._store, INSTANCES, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor
        )

    async def change(
        self, caller: Caller, id: str, change: InstanceChange, *, if_match: IfMatch | None = None
    ) -> Instance:
        """Switches the instance on or off, or changes its settings.

        Switched off, its runs that have not started are cancelled; those under way go on. Raises NotFound, Invalid (by
        path) for settings that do not fit, PreconditionFailed, and ProcessorLoop when its output would come back to it.
        """
        check_not_processor(caller)
        changed = await self._change(caller, id, change, if_match)
        self._cache.invalidate(caller.user_id)
        if not changed.enabled:
            await self._waiting_runs.cancel(caller, id, changed.processor_id)
        return changed

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Deletes the instance and cancels its runs that have not started. Raises NotFound and PreconditionFailed."""
        check_not_processor(caller)
        instance = await self._get(caller, id)
        required = []
        if if_match is not None:
            if_match.check(instance.revision, current=instance)
            required = [Require(INSTANCES, caller.user_id, id, {"revision": instance.revision})]
        event = replace(instance, enabled=False).event("changed", caller, dropped=True)
        try:
            await self._store.write(*required, Delete(INSTANCES, caller.user_id, id), messages=[event.message()])
        except RequirementNotMet as unmet:
            if unmet.kind == "require" and await self._store.get(INSTANCES, caller.user_id, id) is not None:
                raise PreconditionFailed from unmet
            raise _no_instance(id) from None
        self._cache.invalidate(caller.user_id)
        await self._waiting_runs.cancel(caller, id, instance.processor_id)

    @idempotent("instance", _read_answer)
    async def _create(self, caller: Caller, new: NewInstance, *, key: Key = None) -> Instance:
        processor = await self._registry.get(caller, new.processor_id)
        await self._settings.validate(caller, processor, new.settings)
        await self._check_bucket(caller, new.bucket_id)
        instance = _new_instance(caller, new, self._clock())
        await self._loops.check_instance(caller, instance, processor)
        remember_key = self.idempotency_keys.steps(caller, key, instance.id, instance)
        try:
            await self._store.write(
                *still_registered(processor),
                Put(INSTANCES, instance),
                *remember_key,
                messages=[instance.event("changed", caller).message()],
            )
        except RequirementNotMet as unmet:
            if unmet.kind == "require":
                raise no_processor(processor.id) from None
            raise AlreadyThere("This processor has been switched on there already.", id=instance.id) from None
        return instance

    async def _change(self, caller: Caller, id: str, change: InstanceChange, if_match: IfMatch | None) -> Instance:
        for _ in range(MAX_WRITE_ATTEMPTS):
            instance = await self._get(caller, id)
            if if_match is not None:
                if_match.check(instance.revision, current=instance)
            changed = _changed_instance(instance, change, self._clock())
            if changed is instance:
                return instance
            await self._validate_changed_settings(caller, instance, changed)
            if changed.enabled and not instance.enabled:
                processor = await self._registry.get(caller, changed.processor_id)
                await self._loops.check_instance(caller, changed, processor)
            try:
                await self._store.write(
                    Put(INSTANCES, changed, expects=instance.revision),
                    messages=[changed.event("changed", caller).message()],
                )
            except RequirementNotMet:
                continue
            return changed
        raise Conflict("Too much happened to this instance at once. Try again.", id=id)

    async def _get(self, caller: Caller, id: str) -> Instance:
        instance = await self._store.get(INSTANCES, caller.user_id, id)
        if instance is None:
            raise _no_instance(id)
        return instance

    async def _validate_changed_settings(self, caller: Caller, instance: Instance, changed: Instance) -> None:
        """Settings that stay as they were stay valid, even if the processor has another schema for them by now."""
        if not _is_same_json(changed.settings, instance.settings):
            processor = await self._registry.get(caller, instance.processor_id)
            await self._settings.validate(caller, processor, changed.settings)

    async def _check_bucket(self, caller: Caller, bucket_id: str | None) -> None:
        if bucket_id is None or bucket_id in await self._state.buckets.containing(caller, [bucket_id]):
            return
        error = DataError(path="/bucket_id", message="there is no bucket of yours under this id")
        raise NotFound("bucket_id: there is no bucket of yours under this id", errors=[error], id=bucket_id)


def _new_instance(caller: Caller, new: NewInstance, now: datetime) -> Instance:
    return Instance(
        # Derived from its place, so that a second instance for the same place collides with the first.
        id=derive_id("instance", caller.user_id, new.processor_id, new.bucket_id or "everywhere"),
        user_id=caller.user_id,
        processor_id=new.processor_id,
        bucket_id=new.bucket_id,
        enabled=new.enabled,
        settings=new.settings,
        created_at=now,
        updated_at=now,
    )


def _changed_instance(instance: Instance, change: InstanceChange, now: datetime) -> Instance:
    """Returns the changed instance, or the same object when nothing changes."""
    enabled = instance.enabled if change.enabled is msgspec.UNSET else change.enabled
    settings = instance.settings if change.settings is msgspec.UNSET else change.settings
    if enabled == instance.enabled and _is_same_json(settings, instance.settings):
        return instance
    return replace(instance, enabled=enabled, settings=settings, revision=instance.revision + 1, updated_at=now)


def _is_same_json(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Compares JSON texts: to Python, 1, 1.0 and true are equal."""
    return msgspec.json.encode(one, order="deterministic") == msgspec.json.encode(other, order="deterministic")


def _no_instance(id: str) -> NotFound:
    return NotFound("There is no instance of yours under this id.", id=id)
