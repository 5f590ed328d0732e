"""Two copies of the service on one PostgreSQL: races, and records that come back unchanged."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import AlreadyThere, Invalid
from reyna.domain.schema import Schema, Upgrade
from reyna.domain.usage import Counted, Use
from reyna.services.schemas.records import COLLECTIONS
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from tests.services.schemas.conftest import a_schema


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
    assert len((await copies[0].versions.list(ana)).items) == len(one)


async def test_two_copies_never_register_the_same_version(copies: tuple[Schemas, Schemas], ana: Caller) -> None:
    first = await copies[0].versions.register(ana, a_schema({"properties": {"zest": {}, "apple": {}}}))
    answers = await asyncio.gather(
        *(
            copies[n % 2].versions.register(ana, a_schema({"title": str(n)}, version=f"1.{n % 3 + 1}.0"))
            for n in range(12)
        ),
        return_exceptions=True,
    )
    won = [answer for answer in answers if isinstance(answer, Schema)]
    assert won
    assert len({schema.version for schema in won}) == len(won)
    assert all(isinstance(answer, Schema | AlreadyThere | Invalid) for answer in answers)
    kept = (await copies[1].versions.list_versions(ana, "recipe-v1")).items
    assert sorted(schema.version for schema in kept[:-1]) == sorted(schema.version for schema in won)
    assert list(kept[-1].json_schema["properties"]) == ["zest", "apple"]
    assert kept[-1] == first


async def test_two_copies_add_up_what_they_count(copies: tuple[Schemas, Schemas], ana: Caller) -> None:
    await install(copies[0])
    uses = [Use(user_id=ana.user_id, schema_id="text-input-v1", version="1.0.0", day="2026-03-01",
                counted=Counted(validations=2, failures=1, rules={"type": 1}))]  # fmt: skip
    await asyncio.gather(
        *(copies[number % 2].usage.count(system_caller(), f"batch-{number % 6}", uses) for number in range(12))
    )
    found = await copies[1].usage.get(ana, "text-input-v1", since="2026-02-28", to="2026-03-01")
    assert [row.day for row in found.days] == ["2026-03-01"]
    assert found.totals == Counted(validations=12, failures=6, rules={"type": 6})


async def test_an_upgrade_and_the_values_that_a_schema_names_come_back_as_they_were_sent(
    copies: tuple[Schemas, Schemas], ana: Caller
) -> None:
    await copies[0].versions.register(ana, a_schema({"enum": ["a\0b"]}))
    upgrade = msgspec.convert({"steps": [{"do": "set", "path": "", "value": None, "overwrite": True}]}, Upgrade)
    new = msgspec.structs.replace(a_schema({"type": "null"}), upgrade=upgrade)
    assert (await copies[0].versions.register(ana, new)).id == "recipe-v2"
    assert (await copies[1].versions.get(ana, "recipe-v1")).json_schema == {"enum": ["a\0b"]}
    assert (await copies[1].versions.get(ana, "recipe-v2")).upgrade == upgrade
