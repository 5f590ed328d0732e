"""Small reads of one kind that wait at the same time are one statement, and each gets its own rows."""

import asyncio
from typing import Any

import pytest

from reyna.adapters.postgres.group_read import GroupRead
from reyna.adapters.postgres.sql import Table
from reyna.domain.errors import Unavailable
from reyna.services.state.records import BLOBS, PLACEMENTS

LIVE_PLACES = {"trashed_at": None}


class Database:
    """Answers each read with one row that names it, when the test says so."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, list[Any]]] = []
        self.sent, self.answers = asyncio.Queue[str](), asyncio.Event()
        self.answers.set()
        self.error: Exception | None = None

    async def send(self, sql: str, args: list[Any]) -> list[Any]:
        self.statements.append((sql, args))
        self.sent.put_nowait(sql)
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        if isinstance(args[0], str):
            return [(f"{args[0]}/{args[1]}",)]
        pairs = zip(args[0], args[1], strict=True)
        return [(number, f"{user}/{id}") for number, (user, id) in enumerate(pairs, 1) if id != "none"]


async def test_reads_of_the_same_turn_go_together_and_each_gets_its_own_rows() -> None:
    database = Database()
    reads, table = GroupRead(database.send), Table(BLOBS)
    found = await asyncio.gather(*(reads.get(table, user, id) for user, id in (("a", "1"), ("b", "none"), ("a", "2"))))
    assert found == [[("a/1",)], [], [("a/2",)]]
    assert len(database.statements) == 1


async def test_reads_wait_together_while_the_statements_before_them_are_under_way() -> None:
    database = Database()
    database.answers.clear()
    reads, table, begun = GroupRead(database.send), Table(BLOBS), list[asyncio.Task[Any]]()
    for number in range(10):
        begun.append(asyncio.create_task(reads.get(table, "a", str(number))))
        if number < 2:
            await database.sent.get()
    database.answers.set()
    assert [rows[0][0] for rows in await asyncio.gather(*begun)] == [f"a/{number}" for number in range(10)]
    assert len(database.statements) == 3


async def test_a_reader_that_is_cancelled_takes_nobody_along_and_a_fault_reaches_all() -> None:
    database = Database()
    reads, table = GroupRead(database.send), Table(BLOBS)
    gone, stays = (asyncio.create_task(reads.get(table, "a", id)) for id in ("1", "2"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == [("a/2",)]
    database.error = Unavailable()
    failed = await asyncio.gather(*(reads.get(table, "a", id) for id in "12"), return_exceptions=True)
    assert [type(error) for error in failed] == [Unavailable, Unavailable]


@pytest.mark.parametrize("where", [{}, {"blob_id": ["1", "2"]}, {"blob_id": "1", "bucket_id": "2"}, {"revision": 1}])
async def test_a_read_that_wants_more_than_one_text_goes_by_itself(where: dict[str, Any]) -> None:
    database = Database()
    assert await GroupRead(database.send).select(Table(PLACEMENTS), "a", ("id",), LIVE_PLACES | where) is None
    assert database.statements == []


async def test_a_text_that_postgresql_cannot_hold_finds_nothing() -> None:
    database = Database()
    reads = GroupRead(database.send)
    assert await reads.get(Table(BLOBS), "a", "\0") == []
    assert await reads.select(Table(PLACEMENTS), "a", ("id",), {"blob_id": "\ud800"}) == []
    assert database.statements == []
