"""The search index on PostgreSQL: the grammar of languages, and plans that begin with the user."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.search import statements
from reyna.adapters.postgres.search.index import PostgresSearchIndex, open_search_pool
from reyna.adapters.postgres.search.lexemes import TITLE, tag_of, tsquery_of
from reyna.domain.search.query import parse_query
from tests.contracts.indexed import ANA, BO, an_entry, find, look_up, put

PLAIN: list[Any] = [False, None, None, None, None, None, None, None, None]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    await migrate(database_url)
    pool = await open_search_pool(database_url)
    yield pool
    await pool.close()


async def test_words_are_found_in_every_form_in_the_languages_of_the_user(pool: asyncpg.Pool) -> None:
    index = PostgresSearchIndex(pool)
    await put(
        index,
        an_entry("1", "Two sailors were sailing.", language="english"),
        an_entry("2", "Die Häuser am Meer.", language="german"),
        an_entry("3", "sailing", language=None),
    )
    assert sorted(await find(index, "sailed ")) == ["1"]
    assert await find(index, "haus ") == ["2"]
    assert await find(index, '"sailed"') == []
    (item,) = (await look_up(index, "sailed ")).items
    assert item.found_by == ("text",)


async def test_every_part_of_a_search_uses_an_index_that_begins_with_the_user(pool: asyncpg.Pool) -> None:
    index = PostgresSearchIndex(pool)
    for user_id in (ANA, BO):
        await put(index, *(an_entry(f"{user_id}{number}", f"storm {number}", user_id=user_id) for number in range(50)))
    query = parse_query("storm ")
    words, titles = (tsquery_of(tag_of(ANA), query, kind=kind) for kind in (":", TITLE))
    plans = [
        await plan_of(pool, statements.BEST, ANA, *PLAIN, 100, words, words, titles),
        await plan_of(pool, statements.LATEST, ANA, *PLAIN, 100),
        await plan_of(pool, statements.MATCHING_LATEST, ANA, *PLAIN, 100, words, words),
    ]
    for plan in plans:
        assert "Seq Scan" not in plan
        used = set(re.findall(r"(?:using|on) (entries_\w+)", plan))
        assert used <= {"entries_words", "entries_latest", "entries_pkey"}
    assert "entries_words" in plans[0]


async def test_a_beginning_that_many_entries_have_is_compared_with_what_the_other_words_find(
    pool: asyncpg.Pool,
) -> None:
    index = PostgresSearchIndex(pool, max_indexed=3)
    await put(index, *(an_entry(f"1{number}", f"storm s{number}") for number in range(4)))
    await put(
        index, an_entry("2", "lighthouse and sea"), an_entry("3", "lighthouse"), an_entry("4", "x", title="Lighthouse")
    )
    assert await find(index, "lighthouse s") == ["2"]
    assert await find(index, "lighthuose s") == ["2"]
    assert sorted(await find(index, "lighthouse -sea ")) == ["3", "4"]
    assert len(await find(index, "s")) == 5
    assert len(await find(index, "storm s")) == 4
    assert await find(index, "s", kind="bucket") == []


async def plan_of(pool: asyncpg.Pool, statement: str, *args: Any) -> str:
    return "\n".join(line for (line,) in await pool.fetch(f"explain {statement}", *args))
