"""The registered processors, which all users share: verbs to register and read them, and their health."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Conflict, Invalid, NotFound
from reyna.domain.ids import check_slug
from reyna.domain.processing.processor import BEAT_SUBJECTS, MAX_INPUT_SCHEMAS, Beat, Health, NewProcessor, Processor
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.text.names import normalize_description, normalize_name
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.processors.authorization import check_may_register, check_may_send_beats
from reyna.services.processors.instances.instance_cache import InstanceCache
from reyna.services.processors.neighbours import ProcessorBus, SchemaLookup
from reyna.services.processors.records import PROCESSORS
from reyna.services.processors.registry.settings_validator import check_settings_schema
from reyna.services.processors.worker_health import WorkerHealth

MAX_WRITE_ATTEMPTS: Final = 10  # copies of one processor that start together all register it
MAX_VERSION_CHARACTERS: Final = 64


class Registry:
    """The registered processors."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaLookup,
        bus: ProcessorBus,
        instance_cache: InstanceCache,
        worker_health: WorkerHealth,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._schemas, self._bus, self._clock = store, schemas, bus, clock
        self._instance_cache, self._worker_health = instance_cache, worker_health

    async def register(self, caller: Caller, new: NewProcessor) -> Processor:
        """Registers a processor for all users, or updates it; an unchanged registration writes nothing.

        Raises Forbidden for a user, Invalid (by field) for schemas that do not exist, and Conflict when too many
        copies register it at the same moment.
        """
        check_may_register(caller, new.id)
        new = await self._validate(caller, new)
        for _ in range(MAX_WRITE_ATTEMPTS):
            known = await self._store.get(PROCESSORS, SYSTEM_USER_ID, new.id)
            if known is not None and _is_unchanged(new, known):
                self._instance_cache.invalidate()
                return known
            next = _next_registration(new, known, self._clock())
            try:
                await self._store.write(
                    Put(PROCESSORS, next, expects=known.revision if known else 0),
                    messages=[next.event("registered", caller).message()],
                )
            except RequirementNotMet:
                continue
            self._instance_cache.invalidate()
            return next
        raise Conflict("This processor is being registered by many at once. Try again.", id=new.id)

    async def get(self, caller: Caller, id: str) -> Processor:
        """Raises NotFound."""
        processor = await self._store.get(PROCESSORS, SYSTEM_USER_ID, id)
        if processor is None:
            raise NotFound(f"There is no processor {id!r}.", id=id)
        return processor

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Processor]:
        found = await self._store.find(
            PROCESSORS, SYSTEM_USER_ID, after=decode_cursor(cursor, str), limit=check_limit(limit) + 1
        )
        items = tuple(found[:limit])
        return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(found) > limit else None)

    async def health(self, caller: Caller, id: str) -> Health:
        """Returns the processor's health over all users, as this copy of the service knows it. Raises NotFound."""
        await self.get(caller, id)
        return self._worker_health.health_of(id)

    async def record_beat(self, caller: Caller, beat: Beat) -> None:
        """Records a worker's sign of life, here and in every other copy of the service. Raises Forbidden for a user."""
        check_may_send_beats(caller)
        self._worker_health.record_beat(beat)
        await self._bus.publish_ephemeral(f"{BEAT_SUBJECTS}.{beat.processor_id}", msgspec.json.encode(beat))

    async def _validate(self, caller: Caller, new: NewProcessor) -> NewProcessor:
        """Returns the registration with its texts normalized. Raises Invalid."""
        check_slug("id", new.id)
        if not new.input_schemas:
            raise Invalid.at("/input_schemas", "must name at least one schema")
        if len(new.input_schemas) > MAX_INPUT_SCHEMAS:
            at_most = f"at most {MAX_INPUT_SCHEMAS}"
            raise Invalid.at("/input_schemas", f"has more than {MAX_INPUT_SCHEMAS} schemas", expected=at_most)
        for place, schema_id in enumerate(new.input_schemas):
            await self._check_schema(caller, f"/input_schemas/{place}", schema_id)
        await self._check_schema(caller, "/output_schema", new.output_schema)
        if new.settings_schema is not None:
            await check_settings_schema(new.settings_schema)
        return replace(
            new,
            version=normalize_name(new.version, field="version", most=MAX_VERSION_CHARACTERS),
            name=normalize_name(new.name),
            description=normalize_description(new.description),
            range=None if new.range is None else normalize_description(new.range, field="range"),
        )

    async def _check_schema(self, caller: Caller, path: str, schema_id: str) -> None:
        try:
            schema = await self._schemas.versions.get(caller, schema_id)
        except NotFound:
            raise Invalid.at(path, f"there is no schema {schema_id!r}", expected="a registered schema") from None
        if schema.scope != "system" or schema.kind != "blob":
            raise Invalid.at(path, "must be a schema for blobs that every user has", expected="a system schema")


def _next_registration(new: NewProcessor, known: Processor | None, now: datetime) -> Processor:
    fields = asdict(new)
    if known is None:
        return Processor(**fields, registered_at=now, updated_at=now)
    return replace(known, **fields, revision=known.revision + 1, updated_at=now)


def _is_unchanged(new: NewProcessor, known: Processor) -> bool:
    return all(getattr(known, field) == value for field, value in asdict(new).items())
