"""What only a real store can prove: two copies of the service racing, and what comes back as it was sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reyna.adapters.migrations import migrate
from reyna.adapters.postgres import PostgresStore, open_pool
from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Invalid
from reyna.domain.schema import Schema
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from tests.schemas.conftest import a_schema


@pytest.fixture
async def copies(database_url: str) -> AsyncIterator[tuple[Schemas, Schemas]]:
    """Two copies of the service on one database."""
    await migrate(database_url)
    pool = await open_pool(database_url)
    stores = [PostgresStore(pool, "schemas", COLLECTIONS) for _ in range(2)]
    await stores[0].verify()
    yield Schemas(stores[0]), Schemas(stores[1])
    await pool.close()


async def test_two_copies_that_start_at_once_install_the_same(copies: tuple[Schemas, Schemas], ana: Caller) -> None:
    one, other = await asyncio.gather(*(install(copy) for copy in copies))
    assert one == other
    assert len((await copies[0].schemas(ana)).items) == len(one)


async def test_two_copies_never_register_the_same_version(copies: tuple[Schemas, Schemas], ana: Caller) -> None:
    first = await copies[0].register(ana, a_schema({"properties": {"zest": {}, "apple": {}}}))
    answers = await asyncio.gather(
        *(copies[n % 2].register(ana, a_schema({"title": str(n)}, version=f"1.{n % 3 + 1}.0")) for n in range(12)),
        return_exceptions=True,
    )
    won = [answer for answer in answers if isinstance(answer, Schema)]
    assert won
    assert len({schema.version for schema in won}) == len(won)
    assert all(isinstance(answer, Schema | AlreadyThere | Invalid) for answer in answers)
    kept = (await copies[1].versions(ana, "recipe-v1")).items
    assert sorted(schema.version for schema in kept[:-1]) == sorted(schema.version for schema in won)
    assert list(kept[-1].json_schema["properties"]) == ["zest", "apple"]
    assert kept[-1] == first
