"""The PostgreSQL adapter: migrations, checks at the start, lost connections, and the plans of queries."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from alembic.script import ScriptDirectory

from reyna.adapters.postgres import migrations
from reyna.adapters.postgres import sql as postgres_sql
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.errors import Fault
from reyna.domain.rank import last as rank_of
from reyna.embedded.home import Home
from reyna.embedded.postgres import Postgres
from reyna.ports.store import NOT_NULL, Collection, Contains, Put, Require, RequirementNotMet, Where
from reyna.services.processors import records as processors
from reyna.services.schemas import records as schemas
from reyna.services.state import records as state
from reyna.services.studio import records as studio
from tests.adapters.named_records import DATA, a_blob, a_bucket
from tests.contracts.sample_records import COUNTERS, TABLES, THINGS, Thing, a_message, a_thing

ANA = "user-ana"
EVERYTHING: dict[str, list[Collection[Any]]] = {
    service.__name__.split(".")[-2]: [held for held in vars(service).values() if isinstance(held, Collection)]
    for service in (state, schemas, processors, studio)
}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    await migrate(database_url)
    pool = await open_pool(database_url)
    yield pool
    await pool.close()


@pytest.fixture
async def store(pool: asyncpg.Pool) -> PostgresStore:
    for statement in TABLES:
        await pool.execute(statement)
    return PostgresStore(pool, "ports", [THINGS, COUNTERS])


# --- migrations ---


async def test_four_processes_may_migrate_at_once_and_again(database_url: str) -> None:
    await asyncio.gather(*(migrate(database_url) for _ in range(4)))
    await migrate(database_url)
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("select version_num from reyna.migrated") == migrations.newest()
    await connection.close()


def test_the_newest_revision_is_the_one_head_that_alembic_sees() -> None:
    assert ScriptDirectory(str(migrations.VERSIONS.parent)).get_heads() == [migrations.newest()]


async def test_what_was_kept_before_names_were_searched_is_found_too(pool: asyncpg.Pool, database_url: str) -> None:
    store = PostgresStore(pool, "state", EVERYTHING["state"])
    buckets = [a_bucket(f"bucket-{number:04}", "Café" if number % 2 else "Ende") for number in range(1_001)]
    blobs = [a_blob(f"blob-{number}", data) for number, data in enumerate(DATA)]
    await store.write(*(Put(state.BUCKETS, one) for one in buckets), *(Put(state.BLOBS, one) for one in blobs))
    for table in ("buckets", "blobs"):
        await pool.execute(f"alter table state.{table} drop column folded_name")
    await pool.execute("update reyna.migrated set version_num = 'v0007_sent'")
    await migrate(database_url, to="v0008_folded_names")
    fields = ("id", "folded_name")
    assert await store.select(state.BUCKETS, ANA, fields) == [(one.id, one.folded_name) for one in buckets]
    assert await store.select(state.BLOBS, ANA, fields) == [(one.id, one.folded_name) for one in blobs]
    assert len(await store.find(state.BUCKETS, ANA, {"folded_name": Contains(("cafe",))})) == 500


async def test_what_was_kept_before_orders_were_keeps_its_order_and_what_comes_is_behind_it(database_url: str) -> None:
    await migrate(database_url, to="v0009_keys")
    before = await asyncpg.connect(database_url)
    noon = datetime(2100, 1, 1, tzinfo=UTC)  # by a clock that has been set back since
    number = (noon - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    rank = rank_of(number, "bucket-x")[:11] + "h"
    await before.execute(
        "insert into state.placements (user_id, id, revision, bucket_id, blob_id, rank, body)"
        " values ('user-ana', 'a:b', 1, 'a', 'b', $1, '{}')", rank,
    )  # fmt: skip
    for id in ("blob-01hq3k5n0q8r00000000000000", "blob-01hq3k5n0q8r00000000000001"):
        blob = msgspec.json.decode(msgspec.json.encode(a_blob(id, {"content": id})))
        del blob["sequence"]
        await before.execute(
            "insert into state.blobs (user_id, id, revision, schema_id, processor_id, body)"
            " values ($1, $2, 1, 'x', 'y', $3)",
            ANA, id, msgspec.json.encode(blob).decode(),
        )  # fmt: skip
    await before.close()
    await migrate(database_url)
    pool = await open_pool(database_url)
    store = PostgresStore(pool, "state", EVERYTHING["state"])
    assert (await store.clock_reading("user-ana")).number == number
    listed = await store.find(state.BLOBS, ANA, {"trashed_at": None}, order=("sequence",), descending=True)
    assert [blob.sequence for blob in listed] == ["01hq3k5n0q8r00000000000001", "01hq3k5n0q8r00000000000000"]
    await pool.close()


async def test_every_collection_of_the_services_has_its_table(pool: asyncpg.Pool) -> None:
    for service, collections in EVERYTHING.items():
        assert collections
        await PostgresStore(pool, service, collections).verify()


async def test_a_start_on_a_database_that_lacks_something_says_what(pool: asyncpg.Pool) -> None:
    await pool.execute("alter table state.trees add column holds text; alter table state.buckets drop column rank")
    with pytest.raises(Fault, match=r"state\.buckets\.rank text") as fault:
        await PostgresStore(pool, "state", EVERYTHING["state"]).verify()
    assert "state.blobs" not in str(fault.value)
    with pytest.raises(Fault, match=r"ports\.counters\.user_id text.*ports\.outbox\.seq bigint"):
        await PostgresStore(pool, "ports", [COUNTERS]).verify()


def test_a_field_of_more_than_one_plain_value_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="cannot be queried by data"):
        PostgresStore(pool=None, namespace="ports", collections=[Collection("ports.things", Thing, ("data",))])


# --- lost connections ---


async def end_connections(admin: asyncpg.Connection) -> None:
    """The server ends every connection to this database but the asking one, and returns when they are gone."""
    await admin.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )


async def test_a_question_outlives_the_loss_of_every_connection(store: PostgresStore, database_url: str) -> None:
    await store.write(Put(THINGS, thing := a_thing()))
    await asyncio.gather(*(store.count(THINGS, ANA) for _ in range(8)))
    admin = await asyncpg.connect(database_url)
    await end_connections(admin)
    await admin.close()
    assert await asyncio.gather(*(store.get(THINGS, ANA, thing.id) for _ in range(8))) == [thing] * 8
    await store.write(Put(THINGS, a_thing()))


async def test_a_write_whose_end_is_unknown_is_a_fault_and_the_next_is_well(
    store: PostgresStore, database_url: str
) -> None:
    admin = await asyncpg.connect(database_url)
    async with admin.transaction():
        await admin.execute("lock table ports.things in exclusive mode")
        write = asyncio.ensure_future(store.write(Put(THINGS, a_thing())))
        while not await admin.fetchval("select count(*) from pg_locks where not granted"):
            pass
        await end_connections(admin)
        with pytest.raises(Fault):
            await write
    await admin.close()
    await store.write(Put(THINGS, thing := a_thing()))
    assert await store.find(THINGS, ANA) == [thing]


@pytest.mark.parametrize("needed", [1, 5])
@pytest.mark.parametrize(
    ("change", "is_met"),
    [
        ("update ports.things set ended_at = now()", False),
        ("update ports.things set name = 'new'", True),
        ("delete from ports.things", False),
    ],
)
async def test_a_need_waits_for_who_writes_its_record_and_sees_what_that_wrote(
    store: PostgresStore, database_url: str, needed: int, change: str, is_met: bool
) -> None:
    things = [a_thing() for _ in range(needed)]
    await store.write(*(Put(THINGS, thing) for thing in things))
    admin = await asyncpg.connect(database_url)
    async with admin.transaction():
        await admin.execute(f"{change} where id = $1", things[-1].id)
        needs = [Require(THINGS, ANA, thing.id, {"ended_at": None}) for thing in things]
        write = asyncio.ensure_future(store.write(Put(THINGS, new := a_thing()), *needs))
        while not await admin.fetchval("select count(*) from pg_locks where not granted"):
            pass
    await admin.close()
    if is_met:
        await write
        assert await store.get(THINGS, ANA, new.id) == new
        return
    with pytest.raises(RequirementNotMet) as unmet:
        await write
    assert (unmet.value.collection, unmet.value.kind) == (THINGS.name, "require")
    assert await store.get(THINGS, ANA, new.id) is None


async def test_a_record_that_is_there_is_named_in_a_partitioned_table_too(pool: asyncpg.Pool) -> None:
    for statement in TABLES:
        await pool.execute(statement)
    await pool.execute(
        "alter table ports.things rename to parts; alter table ports.things_1 rename to parts_1;"
        "create table ports.things (like ports.parts including all) partition by hash (user_id);"
        "create table ports.things_a partition of ports.things for values with (modulus 1, remainder 0)"
    )
    store = PostgresStore(pool, "ports", [THINGS, COUNTERS])
    await store.write(Put(THINGS, thing := a_thing()))
    with pytest.raises(RequirementNotMet) as unmet:
        await store.write(Put(THINGS, thing))
    assert (unmet.value.collection, unmet.value.kind) == (THINGS.name, "put")


@pytest.mark.parametrize("odd", ["plain", "a\x1fb", "a\x1e", "\x1e", "\u00e9", "\0", "\ud800"])
async def test_exactly_the_messages_that_were_sent_leave_the_outbox(store: PostgresStore, odd: str) -> None:
    ids = ["first", "second", "third", *([odd] if postgres_sql.storable(odd) else [])]
    await store.write(messages=[a_message(id) for id in [*ids, "a", "b"]])
    await store.mark_sent([])
    await store.mark_sent([*ids[1:], odd])
    left = await store.list_unsent(before=datetime(2100, 1, 1, tzinfo=UTC), limit=10)
    assert [message.id for message in left] == ["first", "a", "b"]


async def test_a_restart_of_postgresql_heals_by_itself(tmp_path: Path) -> None:
    server = Postgres(Home(tmp_path / "home"))
    await server.start()
    await migrate(server.url)
    pool = await open_pool(server.url)
    store = PostgresStore(pool, "studio", EVERYTHING["studio"])
    await asyncio.gather(*(store.count(studio.EMAILS, ANA) for _ in range(8)))
    await server.stop()
    for verb in (store.check(), store.count(studio.EMAILS, ANA), store.write(messages=[a_message()])):
        with pytest.raises(Fault):
            await verb
    await server.start()
    await store.write(messages=[a_message()])
    assert await store.count(studio.EMAILS, ANA) == 0
    await pool.close()
    await server.stop()


async def test_nobody_at_the_address_is_a_fault(tmp_path: Path) -> None:
    for start in (open_pool, migrate):
        with pytest.raises(Fault, match="cannot be reached"):
            await start(f"postgresql://reyna:x@/reyna?host={tmp_path}")


async def test_a_wrong_password_is_a_fault_that_says_so(database_url: str) -> None:
    user, _, rest = database_url.partition("@")
    with pytest.raises(Fault, match="password authentication failed"):
        await open_pool(f"{user}x@{rest}")


# --- plans ---

NOT_TRASHED: Where = {"trashed_at": None}
LISTINGS: list[tuple[Collection[Any], Where, tuple[str, ...]]] = [
    (state.BLOBS, NOT_TRASHED, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "schema_id": "x-0"}, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "processor_id": "x-0"}, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "parent_id": "x-0"}, ("sequence",)),
    (state.BLOBS, {"parent_id": "x-0"}, ("sequence",)),
    (state.BLOBS, {"trashed_at": NOT_NULL}, ("trashed_at",)),
    (state.PLACEMENTS, {**NOT_TRASHED, "bucket_id": "x-0"}, ("rank",)),
    (state.PLACEMENTS, {"blob_id": "x-0"}, ()),
    (state.BUCKETS, {**NOT_TRASHED, "parent_bucket_id": "x-0"}, ("rank",)),
    (state.BUCKETS, {**NOT_TRASHED, "parent_bucket_id": None}, ("rank",)),
    (state.BUCKETS, {**NOT_TRASHED, "type": "x-0"}, ("rank",)),
    (state.PLACEMENTS, {"trashed_at": NOT_NULL, "bucket_id": "x-0"}, ("rank",)),
    (state.REVISIONS, {"blob_id": "x-0"}, ("number",)),
    (state.TRASH, {}, ("number",)),
    (processors.RUNS, {}, ("requested_at",)),
    (processors.RUNS, {"status": "x-0"}, ("requested_at",)),
    (processors.RUNS, {"processor_id": "x-0"}, ("requested_at",)),
    (processors.RUNS, {"blob_id": "x-0"}, ("requested_at",)),
    (processors.INSTANCES, {}, ("created_at",)),
    (schemas.VERSIONS, {"schema_id": "x-0"}, ("created_at",)),
]
FIRST_VALUES = {"text": "x-1", "bigint": 1, "timestamptz": datetime(2001, 2, 3, tzinfo=UTC)}
ANY_VALUE = {
    "text": "'x-' || n % 6",
    "bigint": "n",
    "boolean": "n % 2 = 0",
    "timestamptz": "now() + n * interval '1s'",
}


async def fill(pool: asyncpg.Pool, table: postgres_sql.Table) -> None:
    """Two users with 6,000 records each, of which a third is in the trash and a third has no parent."""
    values = {
        column: f"case when n % 3 = 0 then {ANY_VALUE[kind]} end"
        if column in ("trashed_at", "parent_id", "parent_bucket_id")
        else ANY_VALUE[kind]
        for column, kind in table.types.items()
        if column not in ("id", "user_id", "revision")
    }
    await pool.execute(
        f"insert into {table.name} (user_id, id, revision, body, {', '.join(values)})"  # noqa: S608
        f" select 'user-' || u, 'id-' || n, 1, repeat('x', 500), {', '.join(values.values())}"
        " from generate_series(1, 2) u, generate_series(1, 6000) n"
    )
    await pool.execute(f"analyze {table.name}")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


async def test_every_listing_goes_by_an_index_that_has_its_order(pool: asyncpg.Pool) -> None:
    tables = {held.name: postgres_sql.Table(held) for held, _, _ in LISTINGS}
    for table in tables.values():
        await fill(pool, table)
    for held, where, order in LISTINGS:
        table = tables[held.name]
        place = (*(FIRST_VALUES[table.types[field]] for field in order), "id-1")
        for descending, after in product((False, True), (None, place)):
            sql, args = postgres_sql.find(table, "user-1", where, order, descending, after, 51)
            plan = json.loads(await pool.fetchval(f"explain (format json) {sql}", *args))[0]["Plan"]
            assert [node["Node Type"] for node in nodes(plan)] == ["Limit", "Index Scan"], (held.name, where, order)
            asked = {"user_id", *(field for field, wanted in where.items() if isinstance(wanted, str))}
            if after:
                asked |= {*order, "id"}
            assert asked <= set(re.findall(r"\w+", nodes(plan)[-1]["Index Cond"])), (held.name, where, order)
