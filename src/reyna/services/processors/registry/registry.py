"""The registered processors of the system and of each user: verbs to register and read them, and their health."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import AlreadyThere, Conflict
from reyna.domain.processing.processor import BEAT_SUBJECTS, Beat, Health, NewProcessor, Processor, Scope
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import Increment, Put, RequirementNotMet, Store
from reyna.services.processors.authorization import (
    check_may_send_beats,
    check_not_processor,
    owner_of_registration,
)
from reyna.services.processors.instances.instance_cache import InstanceCache
from reyna.services.processors.instances.loop_check import LoopCheck
from reyna.services.processors.neighbours import ProcessorBus
from reyna.services.processors.records import PROCESSORS
from reyna.services.processors.registry.processor_lookup import ProcessorLookup, owners_visible_to
from reyna.services.processors.registry.processor_removal import ProcessorRemoval
from reyna.services.processors.registry.processor_versions import ProcessorVersions
from reyna.services.processors.registry.registration_check import RegistrationCheck
from reyna.services.processors.worker_health import WorkerHealth
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.quota_limits import QuotaLimits

MAX_WRITE_ATTEMPTS: Final = 10  # copies of one processor that start together all register it
MAX_PRIVATE_PROCESSORS: Final = 100  # of one user


async def _read_answer(registry: "Registry", caller: Caller, record: IdempotencyRecord) -> Processor:
    return msgspec.convert(record.answer, Processor)


class Registry:
    """The registered processors. A user sees those of the system and their own."""

    def __init__(
        self,
        store: Store,
        lookup: ProcessorLookup,
        removal: ProcessorRemoval,
        check: RegistrationCheck,
        loops: LoopCheck,
        bus: ProcessorBus,
        instance_cache: InstanceCache,
        worker_health: WorkerHealth,
        versions: ProcessorVersions,
        limits: QuotaLimits,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._lookup, self._removal, self._check, self._loops = store, lookup, removal, check, loops
        self._bus, self._limits, self._clock, self.idempotency_keys = bus, limits, clock, idempotency_keys
        self._instance_cache, self._worker_health, self._versions = instance_cache, worker_health, versions

    async def register(self, caller: Caller, new: NewProcessor, *, key: Key = None) -> Processor:
        """Registers a processor or updates it, and returns it; an unchanged registration writes nothing.

        The application and a processor itself register for all users; what a user registers is private to them. Raises
        Forbidden for a processor in a run, Invalid (by path), AlreadyThere for the id of a processor of the system,
        TooMuch for too many private ones, ProcessorLoop when it would feed itself where it is switched on, and Conflict
        when too many copies register it at the same moment.
        """
        owner = owner_of_registration(caller, new.id)
        registered = await self._register(caller, owner, new, key=key)
        self._instance_cache.invalidate(None if owner == SYSTEM_USER_ID else owner)
        return registered

    async def get(self, caller: Caller, id: str) -> Processor:
        """Returns the caller's own processor of this id, or else the system's. Raises NotFound."""
        return await self._lookup.get(caller.user_id, id)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Processor]:
        """Returns one page of the processors of the system and the caller's own, by id."""
        after, found = decode_cursor(cursor, str), dict[str, Processor]()
        for owner in owners_visible_to(caller.user_id):
            page = await self._store.find(PROCESSORS, owner, after=after, limit=check_limit(limit) + 1)
            found = {processor.id: processor for processor in page} | found
        items = tuple(sorted(found.values(), key=lambda processor: processor.id))
        more = encode_cursor(items[limit - 1].id) if len(items) > limit else None
        return Page(items=items[:limit], next_cursor=more)

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Removes the caller's own processor with its instances, and cancels its open runs.

        Raises NotFound, Forbidden for a processor of the system, and PreconditionFailed.
        """
        check_not_processor(caller)
        await self._removal.remove(caller, await self._lookup.get(caller.user_id, id), if_match)
        self._instance_cache.invalidate(caller.user_id)

    async def list_versions(
        self, caller: Caller, id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Processor]:
        """Returns one page of the versions of a processor, the one registered last first. Raises NotFound."""
        return await self._versions.list(await self.get(caller, id), limit=limit, cursor=cursor)

    async def health(self, caller: Caller, id: str) -> Health:
        """Returns the processor's health, of one of the system over all users, as this copy of the service knows it.

        The reasons of failures are those of the caller's own runs, since they may tell of the blob. Raises NotFound.
        """
        processor = await self.get(caller, id)
        failed_for = None if caller.user_id == SYSTEM_USER_ID else caller.user_id
        return self._worker_health.health_of(id, processor.user_id, failed_for=failed_for)

    async def record_beat(self, caller: Caller, beat: Beat) -> None:
        """Records a worker's sign of life, here and in every other copy of the service. Raises Forbidden for a user."""
        check_may_send_beats(caller)
        self._worker_health.record_beat(beat)
        await self._bus.publish_ephemeral(f"{BEAT_SUBJECTS}.{beat.processor_id}", msgspec.json.encode(beat))

    @idempotent("processor", _read_answer)
    async def _register(self, caller: Caller, owner: str, new: NewProcessor, *, key: Key = None) -> Processor:
        await self.idempotency_keys.check_unused(caller, key)
        new = await self._check.check(caller, new)
        await self._versions.check_room(owner, new)
        for _ in range(MAX_WRITE_ATTEMPTS):
            known = await self._store.get(PROCESSORS, owner, new.id)
            if known is None:
                await self._check_id_is_free(owner, new.id)
            if known is not None and _is_unchanged(new, known):
                await self._remember(caller, key, known)
                return known
            next = _next_registration(owner, new, known, self._clock())
            if next.scope == "user":
                await self._loops.check_registration(caller, next)
            try:
                await self._store.write(
                    Put(PROCESSORS, next, expects=known.revision if known else 0),
                    *self._versions.steps(next, known),
                    *self.idempotency_keys.steps(caller, key, f"processor:{new.id}", next),
                    *([] if known or owner == SYSTEM_USER_ID else [self._count_one(owner)]),
                    messages=[next.event("registered", caller).message()],
                )
            except RequirementNotMet:
                await self.idempotency_keys.check_unused(caller, key)
                continue
            return next
        raise Conflict("This processor is being registered by many at once. Try again.", id=new.id)

    async def _remember(self, caller: Caller, key: Key, processor: Processor) -> None:
        """Stores the key of a request that changed nothing."""
        if steps := self.idempotency_keys.steps(caller, key, f"processor:{processor.id}", processor):
            try:
                await self._store.write(*steps)
            except RequirementNotMet as unmet:
                raise Conflict("The same request was made at the same moment. Try again.") from unmet

    async def _check_id_is_free(self, owner: str, id: str) -> None:
        if owner != SYSTEM_USER_ID and await self._store.get(PROCESSORS, SYSTEM_USER_ID, id) is not None:
            raise AlreadyThere(f"The id {id} belongs to a processor of the system; choose another.", id=id)

    def _count_one(self, owner: str) -> Increment:
        return self._limits.increment(owner, "processors", 1)


def _next_registration(owner: str, new: NewProcessor, known: Processor | None, now: datetime) -> Processor:
    fields = asdict(new)
    if known is None:
        scope: Scope = "system" if owner == SYSTEM_USER_ID else "user"
        return Processor(**fields, user_id=owner, scope=scope, registered_at=now, updated_at=now)
    return replace(known, **fields, revision=known.revision + 1, updated_at=now)


def _is_unchanged(new: NewProcessor, known: Processor) -> bool:
    return all(getattr(known, field) == value for field, value in asdict(new).items())
