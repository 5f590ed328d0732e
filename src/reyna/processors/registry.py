"""Which processors there are: the house knows them all, users share them."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import asdict, replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound
from reyna.domain.ids import slug
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.processor import NewProcessor, Processor
from reyna.ports import Put, Store, Unmet
from reyna.processors.neighbours import SchemaVerbs
from reyna.processors.records import PROCESSORS
from reyna.processors.settings import check_settings_schema

TRIES: Final = 10  # copies of one processor that start together all register it
NAME_LENGTH: Final = 200  # characters
VERSION_LENGTH: Final = 64  # characters


def may_register(caller: Caller, processor_id: str) -> bool:
    """The house registers any processor, a processor itself; for a user it would change what all users run."""
    return caller.kind == "house" or (caller.kind == "processor" and caller.processor_id == processor_id)


class Registry:
    def __init__(self, store: Store, schemas: SchemaVerbs, clock: Callable[[], datetime]) -> None:
        self._store, self._schemas, self._clock = store, schemas, clock

    async def register(self, caller: Caller, new: NewProcessor) -> Processor:
        if not may_register(caller, new.id):
            raise Forbidden("Processors are registered by the house or by themselves, not by users.", id=new.id)
        await self._check(caller, new)
        for _ in range(TRIES):
            known = await self._store.get(PROCESSORS, HOUSE, new.id)
            if known is not None and _says_the_same(new, known):
                return known
            next = _registered(new, known, self._clock())
            try:
                await self._store.write(
                    Put(PROCESSORS, next, expects=known.revision if known else 0),
                    messages=[next.event("registered", caller).message()],
                )
            except Unmet:
                continue
            return next
        raise Conflict("This processor is being registered by many at once. Try again.", id=new.id)

    async def processors(self, limit: int, cursor: str | None) -> Page[Processor]:
        found = await self._store.find(PROCESSORS, HOUSE, after=place_of(cursor, str), limit=bounded(limit) + 1)
        items = tuple(found[:limit])
        return Page(items=items, next_cursor=cursor_of(items[-1].id) if len(found) > limit else None)

    async def processor(self, id: str) -> Processor:
        processor = await self._store.get(PROCESSORS, HOUSE, id)
        if processor is None:
            raise NotFound(f"There is no processor {id!r}.", id=id)
        return processor

    async def _check(self, caller: Caller, new: NewProcessor) -> None:
        slug("id", new.id)
        _check_length("version", new.version, VERSION_LENGTH)
        _check_length("name", new.name, NAME_LENGTH)
        if not new.input_schemas:
            raise Invalid.at("/input_schemas", "must name at least one schema")
        for place, schema_id in enumerate(new.input_schemas):
            await self._check_schema(caller, f"/input_schemas/{place}", schema_id)
        await self._check_schema(caller, "/output_schema", new.output_schema)
        if new.settings_schema is not None:
            check_settings_schema(new.settings_schema)

    async def _check_schema(self, caller: Caller, path: str, schema_id: str) -> None:
        try:
            schema = await self._schemas.schema(caller, schema_id)
        except NotFound:
            raise Invalid.at(path, f"there is no schema {schema_id!r}", expected="a registered schema") from None
        if schema.scope != "system" or schema.kind != "blob":
            raise Invalid.at(path, "must be a schema for blobs that every user has", expected="a system schema")


def _registered(new: NewProcessor, known: Processor | None, now: datetime) -> Processor:
    said = asdict(new)
    if known is None:
        return Processor(**said, registered_at=now, updated_at=now)
    return replace(known, **said, revision=known.revision + 1, updated_at=now)


def _says_the_same(new: NewProcessor, known: Processor) -> bool:
    return all(getattr(known, field) == said for field, said in asdict(new).items())


def _check_length(field: str, text: str, most: int) -> None:
    if not 1 <= len(text) <= most:
        raise Invalid.at(f"/{field}", f"must be 1 to {most} characters long", expected=f"1 to {most} characters")
