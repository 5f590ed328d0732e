"""A schema service in memory, with the system schemas registered."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.schema import Compatibility, Kind, NewSchema
from reyna.services.schemas.dry_run.stored_content import ContentLookup
from reyna.services.schemas.records import COLLECTIONS
from reyna.services.schemas.routes import routes
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.transport.http import create_app

Client = AsyncTestClient[Litestar]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(COLLECTIONS)


@pytest.fixture
async def schemas(store: MemoryStore) -> Schemas:
    schemas = Schemas(store)
    await install(schemas)
    return schemas


async def schemas_with(content: ContentLookup) -> Schemas:
    """A schema service that finds stored blobs."""
    schemas = Schemas(MemoryStore(COLLECTIONS), content)
    await install(schemas)
    return schemas


def build_app(schemas: Schemas, routes: Sequence[Any] = routes) -> Litestar:
    """The door of the service; a token is its owner's id."""

    async def identify(token: str) -> Caller:
        return Caller(user_id=token)

    return create_app(
        title="Schemas", version="1", routes=routes, identify=identify, services={"schemas": schemas}, checks={}
    )


@pytest.fixture
async def client(schemas: Schemas) -> AsyncIterator[Client]:
    """Ana's."""
    async with AsyncTestClient(build_app(schemas)) as client:
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
