"""Bulks and copies on PostgreSQL: with much in them, and among many clients of two processes at once."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Literal

import asyncpg
import msgspec
import pytest

from reyna.adapters.postgres import sql
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.caller import Caller
from reyna.domain.errors import Refusal
from reyna.domain.requests.operation import NewBulk
from reyna.ports.store import Increment, Put
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.invariants import assert_sound
from tests.services.state.test_on_postgres import MANY, chapter_with_a_note


async def test_ten_thousand_notes_are_copied_undone_and_copied_again(
    pool: asyncpg.Pool, processes: list[State], ana: Caller
) -> None:
    store, (here, there) = PostgresStore(pool, "state", COLLECTIONS), processes
    book = await ContentBuilder(here, ana).bucket("book")
    await store.write(
        *(step for number in range(MANY) for step in chapter_with_a_note(book, number)),
        Increment(ana.user_id, "blobs", MANY),
        Increment(ana.user_id, "bytes", 18 * MANY),
        Increment(ana.user_id, "buckets", MANY),
    )
    shallow = await here.copies.copy_bucket(ana, book.id)
    assert (shallow.child_count, await store.count(BLOBS, ana.user_id)) == (MANY, MANY)
    deep = await there.copies.copy_bucket(ana, book.id, deep=True)
    assert (deep.child_count, await store.count(BLOBS, ana.user_id)) == (MANY, 2 * MANY)
    await here.journal.undo(ana)
    assert await store.count(BLOBS, ana.user_id, {"trashed_at": None}) == MANY
    await there.journal.redo(ana)
    assert await store.count(BLOBS, ana.user_id, {"trashed_at": None}) == 2 * MANY
    assert len(await assert_sound(store, ana.user_id)) == 5 * MANY + 3


@pytest.mark.parametrize(("toward", "start"), [("children", "book"), ("parents", "chapter")])
async def test_a_walk_reads_no_other_buckets_however_many_one_bucket_holds(
    pool: asyncpg.Pool, processes: list[State], ana: Caller, toward: Literal["children", "parents"], start: str
) -> None:
    book = await ContentBuilder(processes[0], ana).bucket("book")
    steps = [step for number in range(2000) for step in chapter_with_a_note(book, number)]
    await PostgresStore(pool, "state", COLLECTIONS).write(*steps)
    await pool.execute("analyze state.buckets")
    first = next(step.record.id for step in steps if isinstance(step, Put) and step.collection is BUCKETS)
    starts = [book.id if start == "book" else first]
    query = sql.walk(sql.Table(BUCKETS), ana.user_id, starts, "parent_bucket_id", toward, None, {"trashed_at": None})
    (report,) = json.loads(await pool.fetchval(f"explain (analyze, format json) {query[0]}", *query[1]))
    assert {int(rows) for rows in re.findall(r"Rows Removed by .*?: (\d+)", str(report))} <= {0}
    assert report["Plan"]["Actual Rows"] == (2001 if start == "book" else 2)


CLIENTS, TURNS = 6, 12


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_many_clients_do_at_once_the_tree_stays_a_tree_and_nothing_is_lost(
    pool: asyncpg.Pool, processes: list[State], ana: Caller, seed: int
) -> None:
    store, made = PostgresStore(pool, "state", COLLECTIONS), ContentBuilder(processes[0], ana)
    buckets = [(await made.bucket(str(number))).id for number in range(8)]
    blobs = [(await made.note(str(number), buckets[number])).id for number in range(6)]
    done: Counter[str] = Counter()

    async def client(number: int) -> None:
        chance, state = random.Random(f"{seed}-{number}"), processes[number % 2]
        for _ in range(TURNS):
            one, other = chance.sample(buckets, 2)
            blob = chance.choice(blobs)
            at_once = [
                {"action": "create_bucket", "name": "new", "type": "scene", "parent_bucket_id": one, "as": "new"},
                {"action": "place_blob", "bucket_id": "$new", "blob_id": blob, "after": None},
                {"action": "move_bucket", "bucket_id": other, "parent_bucket_id": "$new"},
                {"action": "create_blob", "schema_id": "text-input-v1", "data": {"content": "x"}, "bucket_ids": [one]},
            ]
            many = msgspec.convert({"atomic": chance.random() < 0.5, "operations": at_once}, NewBulk)
            verbs: dict[str, Coroutine[Any, Any, object]] = {
                "move": state.buckets.move(ana, one, under=chance.choice([other, other, None])),
                "trash": state.trash.trash_bucket(ana, one),
                "restore": state.trash.restore_bucket(ana, one),
                "place": state.placements.place(ana, one, blob, after=None),
                "take_out": state.placements.take_out(ana, one, blob),
                "trash_blob": state.trash.trash_blob(ana, blob),
                "restore_blob": state.trash.restore_blob(ana, blob),
                "bulk": state.bulk.apply(ana, many),
                "copy": state.copies.copy_bucket(ana, one, under=None, deep=chance.random() < 0.5),
                "undo": state.journal.undo(ana),
            }
            chosen = chance.choice([*verbs])
            for name, verb in verbs.items():
                if name != chosen:
                    verb.close()
            try:
                await verbs[chosen]
                done[chosen] += 1
            except Refusal:
                done["refused"] += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    assert {*buckets, *blobs} <= await assert_sound(store, ana.user_id)
    assert done["refused"] < CLIENTS * TURNS
    for bucket in (await processes[0].buckets.list(ana, limit=200)).items:
        items = (await processes[1].placements.list_items(ana, bucket.id, limit=200)).items
        assert (bucket.child_count + bucket.blob_count, bucket.trashed_at) == (len(items), None)
