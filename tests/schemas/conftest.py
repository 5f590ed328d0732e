"""A schema service in memory, with what the house brings registered."""

from typing import Any

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import house
from reyna.domain.schema import Compatibility, Kind, NewSchema, Schema
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.service import Schemas
from reyna.schemas.system import install


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(COLLECTIONS)


@pytest.fixture
async def schemas(store: MemoryStore) -> Schemas:
    schemas = Schemas(store)
    await install(schemas)
    return schemas


def a_schema(
    json_schema: Any = None,
    *,
    name: str = "recipe",
    version: str | None = None,
    kind: Kind = "blob",
    compatibility: Compatibility | None = None,
) -> NewSchema:
    """A registration, of a recipe unless told otherwise."""
    json_schema = {"type": "object", "properties": {"dish": {"type": "string"}}} if json_schema is None else json_schema
    return NewSchema(name=name, version=version, kind=kind, json_schema=json_schema, compatibility=compatibility)


@pytest.fixture
async def a_version(schemas: Schemas) -> Schema:
    return await schemas.schema(house(), "text-input-v1")
