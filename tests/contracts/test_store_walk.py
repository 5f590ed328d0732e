"""The promises of every store about walks: every connected record, once, nearest first, with loops or without."""

from typing import Any, Literal

import pytest

from reyna.ports.store import Put, Store
from tests.contracts.sample_records import LONG_AGO, THINGS, a_thing, put_records

ANA = "user-ana"


async def walk_ids(
    store: Store, *start: str, toward: Literal["children", "parents"], **how: Any
) -> list[tuple[int, str]]:
    return [(far, thing.id) for far, thing in await store.walk(THINGS, ANA, start, "parent_id", toward=toward, **how)]


async def a_book(store: Store) -> None:
    """book: (part-1: (chapter-1, chapter-2), part-2), and beside it an album."""
    parents = {"part-1": "book", "part-2": "book", "chapter-1": "part-1", "chapter-2": "part-1"}
    await put_records(
        store, a_thing("book"), a_thing("album"), *(a_thing(id, parent_id=parent) for id, parent in parents.items())
    )


async def test_a_walk_to_the_children_reaches_everything_below_nearest_first(store: Store) -> None:
    await a_book(store)
    assert await walk_ids(store, "book", toward="children") == [
        (0, "book"),
        (1, "part-1"),
        (1, "part-2"),
        (2, "chapter-1"),
        (2, "chapter-2"),
    ]


async def test_a_walk_to_the_parents_reaches_everything_above(store: Store) -> None:
    await a_book(store)
    assert await walk_ids(store, "chapter-2", "album", toward="parents") == [
        (0, "album"),
        (0, "chapter-2"),
        (1, "part-1"),
        (2, "book"),
    ]


async def test_a_walk_from_several_places_gives_each_record_once_at_its_least_distance(store: Store) -> None:
    await a_book(store)
    assert await walk_ids(store, "part-1", "book", "part-1", toward="children") == [
        (0, "book"),
        (0, "part-1"),
        (1, "chapter-1"),
        (1, "chapter-2"),
        (1, "part-2"),
    ]
    assert await walk_ids(store, "part-1", "book", toward="children", depth=1) == [
        (0, "book"),
        (0, "part-1"),
        (1, "chapter-1"),
        (1, "chapter-2"),
        (1, "part-2"),
    ]


async def test_a_walk_goes_no_farther_than_asked(store: Store) -> None:
    await a_book(store)
    assert await walk_ids(store, "book", toward="children", depth=0) == [(0, "book")]
    assert await walk_ids(store, "book", toward="children", depth=1) == [(0, "book"), (1, "part-1"), (1, "part-2")]
    assert await walk_ids(store, "chapter-1", toward="parents", depth=1) == [(0, "chapter-1"), (1, "part-1")]


async def test_a_walk_does_not_pass_through_what_does_not_match(store: Store) -> None:
    await a_book(store)
    await store.write(Put(THINGS, a_thing("part-1", parent_id="book", ended_at=LONG_AGO, revision=2), expects=1))
    there = {"ended_at": None}
    assert await walk_ids(store, "book", toward="children", where=there) == [(0, "book"), (1, "part-2")]
    assert await walk_ids(store, "chapter-1", toward="parents", where=there) == [(0, "chapter-1")]
    assert await walk_ids(store, "part-1", toward="children", where=there) == []


async def test_a_walk_from_nowhere_reaches_nothing(store: Store) -> None:
    await a_book(store)
    assert await walk_ids(store, "poem", toward="children") == []
    assert await walk_ids(store, toward="parents") == []


@pytest.mark.parametrize("depth", [None, 1, 7])
@pytest.mark.parametrize("toward", ["children", "parents"])
async def test_a_loop_ends_the_walk(store: Store, toward: Literal["children", "parents"], depth: int | None) -> None:
    await put_records(
        store,
        a_thing("thing-1", parent_id="thing-3"),
        a_thing("thing-2", parent_id="thing-1"),
        a_thing("thing-3", parent_id="thing-2"),
        a_thing("thing-4", parent_id="thing-4"),
    )
    round_trip = ["thing-1", "thing-2", "thing-3"] if toward == "children" else ["thing-1", "thing-3", "thing-2"]
    shown = 3 if depth is None else min(depth + 1, 3)
    assert await walk_ids(store, "thing-1", toward=toward, depth=depth) == list(enumerate(round_trip))[:shown]
    assert await walk_ids(store, "thing-4", toward=toward, depth=depth) == [(0, "thing-4")]


async def test_a_chain_of_a_thousand_is_walked_to_its_end(store: Store) -> None:
    chain = [f"thing-{number:04}" for number in range(1000)]
    await put_records(
        store, *(a_thing(id, parent_id=parent) for id, parent in zip(chain, [None, *chain[:-1]], strict=True))
    )
    assert await walk_ids(store, chain[0], toward="children") == list(enumerate(chain))
    assert await walk_ids(store, chain[-1], toward="parents") == list(enumerate(reversed(chain)))
    assert len(await walk_ids(store, chain[0], toward="children", depth=500)) == 501
