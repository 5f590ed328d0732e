"""The MongoDB adapter: checks at the start, the format of documents, indexes, and writers in other processes."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo.asynchronous.database import AsyncDatabase
from secantus import SecantusDBServer

from reyna.adapters.mongo.connection import open_mongo, sharding_commands
from reyna.adapters.mongo.store import MongoStore
from reyna.domain.errors import CannotStart, Fault, Unavailable, WrongSetting
from reyna.ports.store import NOT_NULL, Collection, Contains, Delete, Increment, Put, Require, RequirementNotMet, Where
from reyna.services.state import records as state
from tests.adapters.named_records import DATA, a_blob, a_bucket
from tests.contracts.sample_records import COUNTERS, LONG_AGO, THINGS, Counter, a_message, a_thing

ANA, BO = "user-ana", "user-bo"
HELD = (THINGS, COUNTERS, *state.COLLECTIONS)


@pytest.fixture
async def database(mongo_url: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    database = await open_mongo(mongo_url)
    yield database
    await database.client.close()


@pytest.fixture
async def store(database: AsyncDatabase[dict[str, Any]]) -> MongoStore:
    store = MongoStore(database, "ports", HELD)
    await store.prepare()
    return store


# --- the start ---


async def test_a_mongodb_that_runs_alone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with SecantusDBServer(storage_path=str(tmp_path / "alone"), replica_set_name=None) as server:
        with pytest.raises(CannotStart, match=r"\?replicaSet=NAME") as refused:
            await open_mongo(server.uri)
        assert "\n" not in str(refused.value)


async def test_nobody_at_the_address_is_a_fault() -> None:
    with pytest.raises(Fault, match="cannot be reached"):
        await open_mongo("mongodb://127.0.0.1:1/reyna?serverSelectionTimeoutMS=200")


@pytest.mark.parametrize("url", ["mongodb://ana:secret@:x/", "mongodb://ana:sec@secret@host/"])
async def test_a_url_that_makes_no_sense_is_a_wrong_setting_and_keeps_its_password(url: str) -> None:
    with pytest.raises(WrongSetting, match="REYNA_STATE_URL") as refused:
        await open_mongo(url)
    assert "secret" not in str(refused.value)


async def test_the_database_of_the_url_is_used_and_reyna_when_it_names_none(mongo_url: str) -> None:
    named = await open_mongo(mongo_url)
    unnamed = await open_mongo(mongo_url.replace(f"/{named.name}", "/"))
    assert mongo_url.split("/")[3].startswith(named.name)
    assert unnamed.name == "reyna"
    for database in (named, unnamed):
        await database.client.close()


async def test_several_processes_may_prepare_at_once_and_again(database: AsyncDatabase[dict[str, Any]]) -> None:
    stores = [MongoStore(database, "state", state.COLLECTIONS) for _ in range(3)]
    await asyncio.gather(*(store.prepare() for store in stores))
    await stores[0].prepare()
    names = await database.list_collection_names()
    assert {"state_blobs", "state_outbox", "state_sums"} < set(names)
    assert len(names) == len(state.COLLECTIONS) + 3


async def test_what_was_stored_before_a_column_was_gets_its_value(database: AsyncDatabase[dict[str, Any]]) -> None:
    store = MongoStore(database, "state", state.COLLECTIONS)
    await store.prepare()
    unit = state.TrashUnit(
        id="trash-1", user_id="user-ana", kind="blob", item_id="blob-1", bucket_count=0, blob_count=1,
        trashed_at=datetime(2026, 5, 4, tzinfo=UTC), trashed_by="user-ana",
    )  # fmt: skip
    await store.write(Put(state.TRASH, unit))
    await database["state_trash"].update_many({}, {"$unset": {"number": ""}})
    await database["state_columns"].update_one(
        {"_id": "state_trash"}, {"$set": {"columns": ["item_id", "purging", "trashed_at"]}}
    )
    await store.prepare()
    assert await store.find(state.TRASH, "user-ana", {"number": unit.number}) == [unit]


async def test_what_was_kept_before_names_were_searched_is_found_too(database: AsyncDatabase[dict[str, Any]]) -> None:
    store = MongoStore(database, "before", state.COLLECTIONS)
    buckets = [a_bucket(f"bucket-{number:04}", "Café" if number % 2 else "Ende") for number in range(1_001)]
    blobs = [a_blob(f"blob-{number}", data) for number, data in enumerate(DATA)]
    await store.write(*(Put(state.BUCKETS, one) for one in buckets), *(Put(state.BLOBS, one) for one in blobs))
    for name in ("state_buckets", "state_blobs"):
        await database[name].update_many({}, {"$unset": {"folded_name": 1}})
    await asyncio.gather(store.prepare(), store.prepare())
    fields = ("id", "folded_name")
    assert await store.select(state.BUCKETS, ANA, fields) == [(one.id, one.folded_name) for one in buckets]
    assert await store.select(state.BLOBS, ANA, fields) == [(one.id, one.folded_name) for one in blobs]
    assert len(await store.find(state.BUCKETS, ANA, {"folded_name": Contains(("cafe",))})) == 500
    assert await store.list_users(None, 10) == []


async def test_a_mongodb_that_goes_away_is_a_fault_and_one_that_comes_back_heals(tmp_path: Path) -> None:
    with SecantusDBServer(storage_path=str(tmp_path / "data")) as server:
        port = server.port
        database = await open_mongo(f"{server.uri}?serverSelectionTimeoutMS=2000")
        store = MongoStore(database, "ports", HELD)
        await store.write(Put(THINGS, thing := a_thing()), messages=[a_message()])
    told = await asyncio.gather(
        store.check(),
        store.prepare(),
        store.get(THINGS, ANA, thing.id),
        store.count(THINGS, ANA),
        store.count_by(THINGS, ANA, "name"),
        store.select(THINGS, ANA, ["name"]),
        store.walk(THINGS, ANA, [thing.id], "parent_id", toward="children"),
        store.write(Put(THINGS, a_thing())),
        store.write(Put(THINGS, a_thing()), messages=[a_message()]),
        store.list_unsent(before=LONG_AGO, limit=1),
        store.mark_sent(["event-1"]),
        return_exceptions=True,
    )
    assert [type(answer) for answer in told] == [Unavailable] * 11
    assert all("cannot be reached" in str(answer) for answer in told)
    with SecantusDBServer(storage_path=str(tmp_path / "data"), port=port):
        assert await store.get(THINGS, ANA, thing.id) == thing
        await store.write(Put(THINGS, a_thing()), messages=[a_message()])
        await database.client.close()


# --- documents ---


async def test_keys_that_look_like_operators_or_paths_come_back_unchanged(store: MongoStore) -> None:
    data = {
        "$where": "1",
        "a.b": {"": [], "$": {"$gt": ""}},
        "_id": 1,
        "body": None,
        "": {"__proto__": 1.0},
        "big": 2**64 - 1,
    }
    thing = a_thing(data=data, name="$name")
    await store.write(Put(THINGS, thing), messages=[a_message()])
    assert await store.get(THINGS, ANA, thing.id) == thing
    kept = await store.get(THINGS, ANA, thing.id)
    assert kept is not None
    assert isinstance(kept.data[""]["__proto__"], float)
    assert await store.count_by(THINGS, ANA, "name") == {"$name": 1}


@pytest.mark.parametrize("wanted", [{"$gt": ""}, {"$ne": None}, "$name", 2**70, "\ud800"])
async def test_what_is_asked_for_is_never_taken_for_an_operator(store: MongoStore, wanted: Any) -> None:
    await store.write(Put(THINGS, thing := a_thing(name="a")))
    where: Where = {"name": wanted}
    assert await store.find(THINGS, ANA, where) == []
    assert await store.count(THINGS, ANA, where) == 0
    assert await store.select(THINGS, ANA, ["id"], {"name": (wanted,)} if isinstance(wanted, str) else where) == []
    with pytest.raises(RequirementNotMet):
        await store.write(Require(THINGS, ANA, thing.id, where))
    assert await store.find(THINGS, ANA, order=("name",), after=(wanted, "")) == [] or isinstance(wanted, str)


async def test_what_mongodb_cannot_hold_is_said_at_once(store: MongoStore) -> None:
    for thing in (
        a_thing(number=2**64),
        a_thing(name="\ud800"),
        a_thing("thing-\ud800"),
        a_thing(data="x" * 17_000_000),
    ):
        with pytest.raises(ValueError, match=r"cannot hold|surrogates"):
            await store.write(Put(THINGS, thing))
    assert await store.count(THINGS, ANA) == 0


async def test_users_whose_names_hold_the_separator_stay_apart(store: MongoStore) -> None:
    pairs = [("user/a", "b"), ("user", "a/b"), ("user~1a", "b"), ("user~0", "b"), ("user~", "b")]
    await store.write(*(Put(THINGS, a_thing(id, user_id, name=f"{user_id} {id}")) for user_id, id in pairs))
    for user_id, id in pairs:
        [thing] = await store.find(THINGS, user_id)
        assert (thing.user_id, thing.id, thing.name) == (user_id, id, f"{user_id} {id}")
        assert await store.select(THINGS, user_id, ["id", "made_at"]) == [(id, LONG_AGO)]
        assert await store.count_by(THINGS, user_id, "made_at") == {LONG_AGO: 1}
        assert await store.count_by(THINGS, user_id, "id") == {id: 1}


# --- indexes ---

NOT_TRASHED: Where = {"trashed_at": None}
LISTINGS: list[tuple[Collection[Any], Where, tuple[str, ...]]] = [
    (state.BLOBS, NOT_TRASHED, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "schema_id": "x"}, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "processor_id": "x"}, ("sequence",)),
    (state.BLOBS, {**NOT_TRASHED, "parent_id": "x"}, ("sequence",)),
    (state.BLOBS, {"parent_id": "x"}, ()),
    (state.PLACEMENTS, {**NOT_TRASHED, "bucket_id": "x"}, ("rank",)),
    (state.PLACEMENTS, {"blob_id": "x"}, ()),
    (state.BUCKETS, NOT_TRASHED, ("rank",)),
    (state.BUCKETS, {**NOT_TRASHED, "parent_bucket_id": "x"}, ("rank",)),
    (state.BUCKETS, {**NOT_TRASHED, "parent_bucket_id": None}, ("rank",)),
    (state.BUCKETS, {**NOT_TRASHED, "type": "x"}, ("rank",)),
    (state.REVISIONS, {"blob_id": "x"}, ("number",)),
    *((held, {"trash_id": "x"}, ()) for held in (state.BLOBS, state.BUCKETS, state.PLACEMENTS)),
    (state.TRASH, {}, ("trashed_at",)),
    (state.JOURNAL, {}, ("number",)),
    (state.JOURNAL, {"undone": NOT_NULL}, ("undone",)),
]


@pytest.mark.parametrize(("held", "where", "order"), LISTINGS)
async def test_every_listing_has_an_index_that_has_its_order(
    store: MongoStore,
    database: AsyncDatabase[dict[str, Any]],
    held: Collection[Any],
    where: Where,
    order: tuple[str, ...],
) -> None:
    """Equality first, in any order, then what it is sorted by: the rule by which MongoDB needs no sort of its own."""
    listed = await database[held.name.replace(".", "_")].index_information()
    indexes = [[field for field, _ in index["key"]] for index in listed.values()]
    same = {"user_id", *(field for field, wanted in where.items() if wanted is not NOT_NULL)}
    fitting = [
        index
        for index in indexes
        if any(set(index[:n]) <= same and index[n:] == [*order, "_id"] for n in range(len(index)))
    ]
    assert fitting, (indexes, same, order)


async def test_the_user_leads_every_index_but_that_of_the_ids_which_begin_with_the_user(
    store: MongoStore, database: AsyncDatabase[dict[str, Any]]
) -> None:
    await store.write(Put(THINGS, a_thing("thing-1")))
    for held in HELD:
        for name, index in (await database[held.name.replace(".", "_")].index_information()).items():
            assert name == "_id_" or index["key"][0][0] == "user_id"
    assert [row["_id"] async for row in database["ports_things"].find()] == ["user-ana/thing-1"]


def test_a_cluster_is_told_to_spread_records_by_user() -> None:
    assert sharding_commands("reyna", [state.BLOBS]) == [
        'sh.enableSharding("reyna")',
        'sh.shardCollection("reyna.state_blobs", { user_id: 1, _id: 1 })',
        'sh.shardCollection("reyna.state_sums", { user_id: 1, _id: 1 })',
    ]


# --- writers in several processes, which do not know of each other ---


@pytest.fixture
def copies(database: AsyncDatabase[dict[str, Any]], store: MongoStore) -> list[MongoStore]:
    return [store, *(MongoStore(database, "ports", HELD) for _ in range(3))]


async def test_writers_who_do_not_know_of_each_other_fill_a_sum_exactly(copies: list[MongoStore]) -> None:
    told = await asyncio.gather(
        *(
            copies[number % 4].write(
                Put(COUNTERS, Counter(id=f"{number}", user_id=ANA)), Increment(ANA, "things", 1, 12)
            )
            for number in range(24)
        ),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in told) == 12
    assert {str(answer) for answer in told if answer is not None} == {"increment on things"}
    assert await copies[0].sums(ANA) == {"things": 12}
    assert await copies[0].count(COUNTERS, ANA) == 12


async def test_many_copies_put_into_one_bucket_at_once_and_all_get_through(copies: list[MongoStore]) -> None:
    await copies[0].write(Put(THINGS, bucket := a_thing("bucket")))
    await asyncio.gather(
        *(
            copies[number % 4].write(
                Require(THINGS, ANA, bucket.id, {"ended_at": None}),
                Put(COUNTERS, Counter(id=f"{number:02}", user_id=ANA)),
                messages=[a_message()],
            )
            for number in range(40)
        )
    )
    assert await copies[0].count(COUNTERS, ANA) == 40
    assert await copies[1].get(THINGS, ANA, bucket.id) == bucket


async def test_what_is_needed_cannot_be_changed_before_the_write_is_done(copies: list[MongoStore]) -> None:
    one, other = copies[:2]
    for round in range(15):
        first, second = a_thing(f"first-{round}"), a_thing(f"second-{round}")
        await one.write(Put(THINGS, first), Put(THINGS, second))
        told = await asyncio.gather(
            one.write(
                Put(THINGS, replace(first, ended_at=LONG_AGO, revision=2), expects=1),
                Require(THINGS, ANA, second.id, {"ended_at": None}),
            ),
            other.write(
                Require(THINGS, ANA, first.id, {"ended_at": None}),
                Put(THINGS, replace(second, ended_at=LONG_AGO, revision=2), expects=1),
            ),
            return_exceptions=True,
        )
        assert [type(answer) for answer in told] in ([type(None), RequirementNotMet], [RequirementNotMet, type(None)])


async def test_nothing_is_put_into_a_bucket_that_is_dropped_meanwhile(copies: list[MongoStore]) -> None:
    """Whoever needs it either came first or is refused, and what was refused is not there."""
    for round in range(10):
        await copies[0].write(Put(THINGS, bucket := a_thing(f"bucket-{round}")))
        inside = Counter(id=f"inside-{round}", user_id=ANA)
        put, drop = await asyncio.gather(
            copies[1].write(Require(THINGS, ANA, bucket.id), Put(COUNTERS, inside)),
            copies[2].write(Delete(THINGS, ANA, bucket.id), Put(THINGS, a_thing())),
            return_exceptions=True,
        )
        assert put is None or isinstance(put, RequirementNotMet)
        assert (await copies[0].get(COUNTERS, ANA, inside.id) is not None) == (put is None)
        assert drop is None


async def test_of_many_copies_that_upsert_the_same_record_none_is_refused(copies: list[MongoStore]) -> None:
    for round in range(5):
        puts = [Put(THINGS, a_thing(f"thing-{round}", number=number), expects=None) for number in range(8)]
        await asyncio.gather(
            *(
                copies[number % 4].write(put, messages=[a_message()] if number % 2 else [])
                for number, put in enumerate(puts)
            )
        )
        assert await copies[0].count(THINGS, ANA) == round + 1


async def test_what_copies_move_about_at_once_adds_up_in_the_end(copies: list[MongoStore]) -> None:
    purses = [a_thing(f"purse-{number}", number=100) for number in range(4)]
    await copies[0].write(*(Put(THINGS, purse) for purse in purses))

    async def give(store: MongoStore, chance: random.Random) -> int:
        done = 0
        for _ in range(6):
            source, target = chance.sample(await store.find(THINGS, ANA), 2)
            try:
                await store.write(
                    Put(
                        THINGS, replace(target, number=target.number + 7, revision=target.revision + 1), target.revision
                    ),
                    Put(
                        THINGS, replace(source, number=source.number - 7, revision=source.revision + 1), source.revision
                    ),
                    messages=[a_message()],
                )
                done += 1
            except RequirementNotMet:
                continue
        return done

    done = await asyncio.gather(*(give(store, random.Random(seed)) for seed, store in enumerate(copies)))
    after = await copies[0].find(THINGS, ANA)
    assert sum(purse.number for purse in after) == 400
    assert sum(purse.revision - 1 for purse in after) == 2 * sum(done)
