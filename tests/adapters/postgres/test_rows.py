"""Rows as parameters: whatever they hold, they come back as they were, and their number does not change the text."""

from typing import Any

import asyncpg
import pytest

from reyna.adapters.postgres.rows import ARRAYS, JOINED, NULL, SEPARATOR, Form, add_rows, rows_sql
from reyna.adapters.postgres.sql import Table
from reyna.adapters.postgres.write_plan import plan_write
from reyna.adapters.postgres.write_statement import WriteStatements
from reyna.ports.store import AdvanceClock, Increment, Put, Require, Step
from tests.contracts.sample_records import THINGS, a_message, a_thing

TYPES = ("text", "text", "bigint", "bytea")
ROWS: dict[str, tuple[Form, list[tuple[Any, ...]]]] = {
    "few": (2, [("a", SEPARATOR, 1, b"x"), (NULL, None, None, None)]),
    "many": (JOINED, [("a", "", 1, b"x"), ("b", None, -1, b""), ("\u00e9 \"'\\{},", "\x1d\n", 2**63 - 1, b"\0")]),
    "empty texts only": (JOINED, [("", "", 1, b"")] * 3),
    "nothing": (JOINED, [(None, None, None, None)] * 3),
    "a separator in a text": (ARRAYS, [("a", f"x{SEPARATOR}y", 1, b""), ("b", "", 2, b""), ("c", None, 3, b"")]),
    "a text that stands for null": (ARRAYS, [("a", NULL, 1, b""), ("b", "", 2, b""), ("c", None, 3, b"")]),
}


@pytest.mark.parametrize("case", ROWS)
async def test_rows_come_back_as_they_were(database_url: str, case: str) -> None:
    form, rows = ROWS[case]
    args: list[Any] = ["before"]
    assert add_rows(rows, TYPES, args) == form
    connection = await asyncpg.connect(database_url)
    sql = f"select k.* from {rows_sql(TYPES, form, 1)} k where $1::text = 'before'"  # noqa: S608
    assert [tuple(row) for row in await connection.fetch(sql, *args)] == rows
    await connection.close()


def a_write(number: int) -> list[Step]:
    user_id = f"user-{number}"
    return [
        Put(THINGS, a_thing(user_id=user_id)),
        Put(THINGS, a_thing(user_id=user_id, revision=2), expects=1),
        Require(THINGS, user_id, "thing-x", {"ended_at": None}),
        AdvanceClock(user_id, "here", number, number),
        Increment(user_id, "things", 1, 10),
    ]


def test_the_text_of_a_statement_is_the_same_for_any_number_of_rows() -> None:
    tables = {THINGS.name: Table(THINGS)}
    statements = WriteStatements("ports", tables)
    three, forty = (
        statements.build(
            plan_write(tables, [step for number in range(count) for step in a_write(number)], [a_message()] * count)
        )
        for count in (3, 40)
    )
    assert three.sql == forty.sql
    assert len(three.args) == len(forty.args)
