"""The checks of a registration: its texts, its version, its schemas and its range."""

from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.ids import check_slug, is_slug
from reyna.domain.processing.input_range import parse_input_range
from reyna.domain.processing.processor import (
    MAX_INPUT_SCHEMAS,
    MAX_OUTPUT_SCHEMAS,
    MAX_STATED_DEPTH,
    NewProcessor,
)
from reyna.domain.processing.schema_patterns import is_pattern, schema_name_of
from reyna.domain.processing.semantic_version import is_semantic_version
from reyna.domain.processing.whole_bucket import check_takes_bucket
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.domain.schema import Schema
from reyna.domain.text.names import normalize_description, normalize_name
from reyna.services.processors.neighbours import SchemaLookup
from reyna.services.processors.registry.settings_validator import check_settings_schema
from reyna.validation.complexity.cost_check import is_cheap

MAX_VERSION_CHARACTERS: Final = 64
RESERVED_IDS: Final = frozenset({"user-input"})  # names what people write, as the processor of their blobs
EXPECTED_RANGE: Final = "such as 3 to 1,000 words, at least 3 words, up to 20,000 characters"


async def majors_of(schemas: SchemaLookup, caller: Caller, pattern: str) -> list[str]:
    """Returns the ids of the blob schemas that a pattern such as `text-input-v*` stands for."""
    return [schema.id for schema in await _blob_schemas_of(schemas, caller, pattern)]


class RegistrationCheck:
    """Checks a registration against what is registered elsewhere. A user's may name the user's own schemas."""

    def __init__(self, schemas: SchemaLookup) -> None:
        self._schemas = schemas

    async def check(self, caller: Caller, new: NewProcessor) -> NewProcessor:
        """Returns the registration with its texts normalized. Raises Invalid, by path."""
        if check_slug("id", new.id) in RESERVED_IDS:
            raise Invalid.at("/id", f"{new.id} is no name of a processor", expected="another id")
        await self._check_schemas(caller, new)
        if new.settings_schema is not None:
            if caller.user_id != SYSTEM_USER_ID and not is_cheap(new.settings_schema):
                raise Invalid.at("/settings_schema", "takes too much work", expected="a smaller, simpler JSON Schema")
            await check_settings_schema(new.settings_schema)
        if new.whole_bucket:
            check_takes_bucket(new.settings_schema)
        if new.max_depth is not None and not 1 <= new.max_depth <= MAX_STATED_DEPTH:
            raise Invalid.at("/max_depth", "is out of range", expected=f"1 to {MAX_STATED_DEPTH}")
        return replace(
            new,
            version=_check_version(new.version),
            name=normalize_name(new.name),
            description=normalize_description(new.description),
            range=None if new.range is None else _check_range(new.range),
        )

    async def _check_schemas(self, caller: Caller, new: NewProcessor) -> None:
        if not new.input_schemas:
            raise Invalid.at("/input_schemas", "must name at least one schema")
        _check_count("/input_schemas", len(new.input_schemas), MAX_INPUT_SCHEMAS)
        _check_count("/output_schemas", len(new.output_schemas), MAX_OUTPUT_SCHEMAS)
        for place, taken in enumerate(new.input_schemas):
            path = f"/input_schemas/{place}"
            await (self._check_pattern if is_pattern(taken) else self._check_schema)(caller, path, taken)
        await self._check_schema(caller, "/output_schema", new.output_schema)
        for place, made in enumerate(new.output_schemas):
            await self._check_schema(caller, f"/output_schemas/{place}", made)

    async def _check_schema(self, caller: Caller, path: str, schema_id: str) -> None:
        try:
            schema = await self._schemas.versions.get(caller, schema_id)
        except NotFound:
            raise Invalid.at(path, f"there is no schema {schema_id!r}", expected="a registered schema") from None
        if schema.kind != "blob":
            raise Invalid.at(path, "must be a schema for blobs", expected="a schema of the kind blob")
        if schema.scope != "system" and caller.user_id == SYSTEM_USER_ID:
            raise Invalid.at(path, "must be a schema for blobs that every user has", expected="a system schema")

    async def _check_pattern(self, caller: Caller, path: str, pattern: str) -> None:
        if not await _blob_schemas_of(self._schemas, caller, pattern):
            message = f"there is no schema for blobs that {pattern!r} stands for"
            raise Invalid.at(path, message, expected="a registered schema")


async def _blob_schemas_of(schemas: SchemaLookup, caller: Caller, pattern: str) -> list[Schema]:
    name = schema_name_of(pattern)
    if not is_slug(name):
        return []
    page = await schemas.versions.list(caller, kind="blob", name=name, limit=MAX_PAGE_SIZE)
    return list(page.items)


def _check_count(path: str, count: int, most: int) -> None:
    if count > most:
        raise Invalid.at(path, f"has more than {most} schemas", expected=f"at most {most}")


def _check_version(version: str) -> str:
    version = normalize_name(version, field="version", most=MAX_VERSION_CHARACTERS)
    if not is_semantic_version(version):
        raise Invalid.at("/version", "must be a semantic version", expected="such as 1.2.0")
    return version


def _check_range(text: str) -> str:
    """Returns the range; one with a number must be understood, since it is meant to be enforced."""
    text = normalize_description(text, field="range")
    meant = parse_input_range(text)
    if meant is None and any(character.isdigit() for character in text):
        raise Invalid.at("/range", "names a length in words that are not understood", expected=EXPECTED_RANGE)
    if meant is not None and meant.most is not None and meant.least > meant.most:
        raise Invalid.at("/range", "ends before it begins", expected=EXPECTED_RANGE)
    return text
