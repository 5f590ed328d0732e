"""The trash and the journal on PostgreSQL, with much in them, and from two processes at once."""

import asyncio
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg
import pytest

from reyna.adapters.postgres.store import PostgresStore
from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement, placement_id
from reyna.ports.store import NOT_NULL, Collection, Put, Step, Store
from reyna.services.state.legacy_import.lines import FIELDS, Line
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS, PLACEMENTS
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all
from tests.services.state.conftest import ContentBuilder

MANY = 5000
NUMBERS = count(1_700_000_000_000_000)


def chapter_with_a_note(book: Bucket, number: int) -> list[Step]:
    now = datetime.now(UTC)
    chapter = Bucket(
        id=new_id("bucket"), user_id=book.user_id, name=str(number), type="chapter", parent_bucket_id=book.id,
        rank=rank.last(next(NUMBERS), "x"), created_at=now, updated_at=now,
    )  # fmt: skip
    note = Blob(
        id=new_id("blob"), user_id=book.user_id, processor_id="user-input", schema_id="text-input-v1",
        schema_version="1.0.0", data={"content": "note"}, size=18, created_by=book.user_id, changed_by=book.user_id,
        created_at=now, updated_at=now,
    )  # fmt: skip
    place = Placement(
        id=placement_id(chapter.id, note.id), user_id=book.user_id, bucket_id=chapter.id, blob_id=note.id,
        rank=rank.last(next(NUMBERS), "x"), created_at=now,
    )  # fmt: skip
    return [Put(BUCKETS, chapter), Put(BLOBS, note), Put(PLACEMENTS, place)]


async def live(store: Store, caller: Caller) -> tuple[int, int]:
    """How many blobs and buckets are not in the trash."""
    where = {"trashed_at": None}
    return await store.count(BLOBS, caller.user_id, where), await store.count(BUCKETS, caller.user_id, where)


async def test_ten_thousand_buckets_and_notes_go_to_the_trash_and_come_back_by_undo(
    pool: asyncpg.Pool, processes: list[State], ana: Caller
) -> None:
    store, (here, there) = PostgresStore(pool, "state", COLLECTIONS), processes
    book = await ContentBuilder(here, ana).bucket("book")
    await store.write(*(step for number in range(MANY) for step in chapter_with_a_note(book, number)))
    trashed = await here.trash.trash_bucket(ana, book.id)
    assert trashed.trashed_at is not None
    assert await live(store, ana) == (0, 0)
    (item,) = (await there.trash.list(ana)).items
    assert (item.bucket_count, item.blob_count) == (MANY + 1, MANY)
    await there.journal.undo(ana)
    assert await live(store, ana) == (MANY, MANY + 1)
    assert await store.count(PLACEMENTS, ana.user_id, {"trash_id": NOT_NULL}) == 0
    await here.journal.redo(ana)
    assert await store.count(PLACEMENTS, ana.user_id, {"trashed_at": None}) == 0
    assert (await here.trash.restore_bucket(ana, book.id)).child_count == MANY


async def test_what_is_written_in_a_bucket_while_it_is_trashed_is_either_refused_or_goes_with_it(
    pool: asyncpg.Pool, processes: list[State], ana: Caller
) -> None:
    store, (here, there) = PostgresStore(pool, "state", COLLECTIONS), processes
    made = ContentBuilder(there, ana)
    for _ in range(10):
        book = await made.bucket("book")
        results = await asyncio.gather(
            *(made.note("note", book.id) for _ in range(8)),
            here.trash.trash_bucket(ana, book.id),
            made.bucket("chapter", book.id),
            return_exceptions=True,
        )
        assert all(not isinstance(result, BaseException) or isinstance(result, NotFound) for result in results)
        assert await store.count(PLACEMENTS, ana.user_id, {"trashed_at": None}) == 0
        assert await store.count(BUCKETS, ana.user_id, {"trashed_at": None}) == 0
        assert await store.count(BLOBS, ana.user_id, {"trashed_at": None}) == 0


async def test_two_processes_that_undo_at_once_undo_each_act_once(processes: list[State], ana: Caller) -> None:
    made = [ContentBuilder(state, ana) for state in processes]
    buckets = [await made[number % 2].bucket(str(number)) for number in range(6)]
    entries = await asyncio.gather(*(processes[number % 2].journal.undo(ana) for number in range(6)))
    assert {entry.bucket_id for entry in entries} == {bucket.id for bucket in buckets}
    with pytest.raises(Conflict):
        await processes[0].journal.undo(ana)
    assert (await processes[1].journal.list(ana)).items[0].undone


async def test_a_bucket_restored_by_two_at_once_is_restored_for_both(processes: list[State], ana: Caller) -> None:
    for _ in range(5):
        book = await ContentBuilder(processes[0], ana).bucket("book")
        await ContentBuilder(processes[1], ana).note("note", book.id)
        await processes[0].trash.trash_bucket(ana, book.id)
        backs = await asyncio.gather(*(state.trash.restore_bucket(ana, book.id) for state in processes * 2))
        assert {(back.trashed_at, back.blob_count) for back in backs} == {(None, 1)}


async def test_what_is_purged_by_two_processes_while_a_third_restores_it_is_gone_or_back_whole(
    pool: asyncpg.Pool, processes: list[State], ana: Caller
) -> None:
    store, (here, there) = PostgresStore(pool, "state", COLLECTIONS), processes
    for _ in range(6):
        book = await ContentBuilder(here, ana).bucket("book")
        await store.write(*(step for number in range(20) for step in chapter_with_a_note(book, number)))
        await here.trash.trash_bucket(ana, book.id)
        restored, *_ = await asyncio.gather(
            here.trash.restore_bucket(ana, book.id),
            purge_all(here.purging, ana),
            purge_all(there.purging, ana),
            return_exceptions=True,
        )
        kept: tuple[Collection[Any], ...] = (BLOBS, BUCKETS, PLACEMENTS)
        counts = [await store.count(one, ana.user_id) for one in kept]
        if isinstance(restored, BaseException):
            assert isinstance(restored, Conflict | NotFound), restored
            assert counts == [0, 0, 0]
        else:
            assert counts == [20, 21, 20]
            await here.trash.trash_bucket(ana, book.id)
            await purge_all(there.purging, ana)


async def test_a_file_that_two_processes_migrate_at_once_comes_in_once(
    pool: asyncpg.Pool, processes: list[State], ana: Caller
) -> None:
    store, lines = (
        PostgresStore(pool, "state", COLLECTIONS),
        [
            Line(number, {"id": number, "content": "x", "book_id": number % 3, "chapter_id": number % 9})
            for number in range(1, 201)
        ],
    )
    done = await asyncio.gather(*(state.legacy_import.migrate(ana, lines, dict(FIELDS)) for state in processes * 2))
    assert sum(one.report.created for one in done) == await store.count(BLOBS, ana.user_id) == 200
    assert sum(one.report.buckets for one in done) == await store.count(BUCKETS, ana.user_id) == 12
    assert (await store.sums(ana.user_id))["blobs"] == 200
