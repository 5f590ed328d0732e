"""Every store, empty: the promises are tried on each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from pymongo.asynchronous.database import AsyncDatabase

from reyna.adapters.memory.passage_index import MemoryPassageIndex
from reyna.adapters.memory.search_index import MemorySearchIndex
from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.mongo.store import MongoStore
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search.index import PostgresSearchIndex, open_search_pool
from reyna.adapters.postgres.search.passages import PostgresPassageIndex, has_vectors
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.event import Message
from reyna.embedded.postgres import Postgres
from reyna.ports.passages import PassageIndex
from reyna.ports.search import SearchIndex
from reyna.ports.store import Step, Store
from reyna.storage.unit_of_work import UnitOfWork
from tests.contracts.sample_records import COUNTERS, TABLES, THINGS


def url_of_ports(server: Postgres) -> str:
    return urlsplit(server.url)._replace(path="/ports").geturl()


@pytest.fixture(scope="session")
async def ports_pool(postgres_server: Postgres) -> AsyncIterator[asyncpg.Pool]:
    """A migrated database with the tables of the things, for the whole session."""
    admin = await asyncpg.connect(postgres_server.url)
    await admin.execute("create database ports")
    url = url_of_ports(postgres_server)
    await migrate(url)
    pool = await open_pool(url)
    for statement in TABLES:
        await pool.execute(statement)
    yield pool
    await pool.close()
    await admin.execute("drop database ports with (force)")
    await admin.close()


@pytest.fixture
def memory_store() -> Store:
    return MemoryStore([THINGS, COUNTERS])


@pytest.fixture
async def postgres_store(ports_pool: asyncpg.Pool) -> Store:
    await ports_pool.execute("truncate ports.things, ports.counters, ports.outbox, ports.sums, ports.orders")
    return PostgresStore(ports_pool, "ports", [THINGS, COUNTERS])


@pytest.fixture
async def mongo_store(mongo_database: AsyncDatabase[dict[str, Any]]) -> Store:
    store = MongoStore(mongo_database, "ports", [THINGS, COUNTERS], indexes={THINGS.name: [("parent_id", "rank")]})
    await store.prepare()
    for name in await mongo_database.list_collection_names():
        await mongo_database[name].delete_many({})
    return store


@pytest.fixture
def staged_store(memory_store: Store) -> Store:
    """Returns a unit of work, in which every write stays staged."""
    return UnitOfWork(memory_store)


class FlushingUnitOfWork(UnitOfWork):
    """Writes what it has staged to the store below with every other write."""

    def __init__(self, below: Store) -> None:
        super().__init__(below)
        self.below, self.turn, self.writes = below, asyncio.Lock(), 0
        self.savepoint()

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        async with self.turn:
            await super().write(*steps, messages=messages)
            self.writes += 1
            if self.writes % 2 == 0:
                await self.below.write(*self.steps(), messages=self.messages())
                self.rollback()
                self.savepoint()


@pytest.fixture
def flushing_store(memory_store: Store) -> Store:
    return FlushingUnitOfWork(memory_store)


@pytest.fixture(params=["memory", "postgres", "mongo", "staged", "flushing"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store that knows THINGS and COUNTERS."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def memory_index() -> SearchIndex:
    return MemorySearchIndex()


@pytest.fixture(scope="session")
async def search_pool(ports_pool: asyncpg.Pool, postgres_server: Postgres) -> AsyncIterator[asyncpg.Pool]:
    """The pool of the search index in the database of `ports_pool`."""
    pool = await open_search_pool(url_of_ports(postgres_server))
    yield pool
    await pool.close()


@pytest.fixture
async def postgres_index(search_pool: asyncpg.Pool) -> SearchIndex:
    await search_pool.execute("truncate search.entries, search.words, search.spellings, search.users, search.waiting")
    return PostgresSearchIndex(search_pool)


@pytest.fixture
def frequent_index(search_pool: asyncpg.Pool, postgres_index: SearchIndex) -> SearchIndex:
    """An index for which every word is in so many entries that the latest ones are looked through."""
    return PostgresSearchIndex(search_pool, max_indexed=0)


@pytest.fixture(params=["memory", "postgres", "frequent"])
def index(request: pytest.FixtureRequest) -> SearchIndex:
    """An empty search index."""
    made: SearchIndex = request.getfixturevalue(f"{request.param}_index")
    return made


BothIndexes = tuple[SearchIndex, PassageIndex]


@pytest.fixture
async def no_passages(search_pool: asyncpg.Pool, postgres_index: SearchIndex) -> SearchIndex:
    """The empty search index on a PostgreSQL that can keep vectors and has none."""
    assert await has_vectors(search_pool)
    await search_pool.execute("drop table if exists search.passages")
    await search_pool.execute("delete from search.passage_model")
    return postgres_index


@pytest.fixture
def memory_indexes() -> BothIndexes:
    index = MemorySearchIndex()
    return index, MemoryPassageIndex(index)


@pytest.fixture
def exact_indexes(search_pool: asyncpg.Pool, no_passages: SearchIndex) -> BothIndexes:
    return no_passages, PostgresPassageIndex(search_pool)


@pytest.fixture
def approximate_indexes(search_pool: asyncpg.Pool, no_passages: SearchIndex) -> BothIndexes:
    """Passages that are found by the HNSW index, as those of a user with many."""
    return no_passages, PostgresPassageIndex(search_pool, max_exact=0)


@pytest.fixture(params=["memory", "exact", "approximate"])
def indexes(request: pytest.FixtureRequest) -> BothIndexes:
    """An empty search index, and the passages beside it."""
    made: BothIndexes = request.getfixturevalue(f"{request.param}_indexes")
    return made
