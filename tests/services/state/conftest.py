"""A state service on memory and on MongoDB, with the schema service beside it."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.mongo.store import MongoStore
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.blob import Blob, NewBlob
from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.ports.store import Store
from reyna.services.schemas import records as schema_records
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.service import State


@pytest.fixture
def memory_store() -> Store:
    return MemoryStore(COLLECTIONS)


@pytest.fixture
async def mongo_store(mongo_database: AsyncDatabase[dict[str, Any]]) -> Store:
    store = MongoStore(mongo_database, "state", COLLECTIONS)
    await store.prepare()
    for name in await mongo_database.list_collection_names():
        await mongo_database[name].delete_many({})
    return store


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    await migrate(database_url)
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
def postgres_store(pool: asyncpg.Pool) -> Store:
    return PostgresStore(pool, "state", COLLECTIONS)


@pytest.fixture(params=["memory", "mongo"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store; whatever holds on memory holds on the store that people choose for this service."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
async def schemas() -> Schemas:
    schemas = Schemas(MemoryStore(schema_records.COLLECTIONS))
    await install(schemas)
    return schemas


@pytest.fixture
async def processes(pool: asyncpg.Pool, schemas: Schemas) -> list[State]:
    """Two copies of the service on one database."""
    return [State(PostgresStore(pool, "state", COLLECTIONS), schemas) for _ in range(2)]


@pytest.fixture
async def state(store: Store, schemas: Schemas) -> State:
    return State(store, schemas)


class ContentBuilder:
    """Makes what a test needs, with a default for everything but what the test is about."""

    def __init__(self, state: State, caller: Caller) -> None:
        self.state, self.caller = state, caller

    async def bucket(self, name: str = "Chapter 1", under: str | None = None, **more: Any) -> Bucket:
        new = NewBucket(name=name, type=more.pop("type", "scene"), parent_bucket_id=under, **more)
        return await self.state.buckets.create(self.caller, new)

    async def note(self, content: str = "The ship sailed.", *buckets: str, **more: Any) -> Blob:
        new = NewBlob(schema_id="text-input-v1", data={"content": content}, bucket_ids=buckets, **more)
        return await self.state.blobs.create(self.caller, new)


@pytest.fixture
def anas(state: State, ana: Caller) -> ContentBuilder:
    return ContentBuilder(state, ana)


@pytest.fixture
def bos(state: State, bo: Caller) -> ContentBuilder:
    return ContentBuilder(state, bo)
