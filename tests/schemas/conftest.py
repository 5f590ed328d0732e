"""A schema service in memory, with what the house brings registered."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller, house
from reyna.domain.schema import Compatibility, Kind, NewSchema, Schema
from reyna.http import door
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.routes import routes
from reyna.schemas.service import Schemas
from reyna.schemas.system import install

Client = AsyncTestClient[Litestar]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(COLLECTIONS)


@pytest.fixture
async def schemas(store: MemoryStore) -> Schemas:
    schemas = Schemas(store)
    await install(schemas)
    return schemas


def a_door(schemas: Schemas, routes: Sequence[Any] = routes) -> Litestar:
    """The door of the service; a token is its owner's id."""

    async def identify(token: str) -> Caller:
        return Caller(user_id=token)

    return door(title="Schemas", version="1", routes=routes, identify=identify, verbs={"schemas": schemas}, checks={})


@pytest.fixture
async def client(schemas: Schemas) -> AsyncIterator[Client]:
    """Ana's."""
    async with AsyncTestClient(a_door(schemas)) as client:
        client.headers["authorization"] = "Bearer user-ana"
        yield client


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
