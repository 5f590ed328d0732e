"""What every store promises, whatever engine is behind it."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reyna.ports import PRESENT, Collection, Drop, Need, Put, Step, Store, Unmet, Where
from tests.ports.things import COUNTERS, LONG_AGO, THINGS, Counter, Thing, a_message, a_thing

ANA, BO = "user-ana", "user-bo"
TOMORROW = datetime.now(UTC) + timedelta(days=1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


async def kept(store: Store, *things: Thing) -> None:
    await store.write(*(Put(THINGS, thing) for thing in things))


async def ids(store: Store, where: Where = {}, **how: Any) -> list[str]:
    return [thing.id for thing in await store.find(THINGS, ANA, where, **how)]


async def nothing_was_written(store: Store) -> bool:
    return await store.count(THINGS, ANA) == 0 and await store.unsent(before=TOMORROW, limit=10) == []


# --- get ---


async def test_what_was_put_comes_back_as_it_was(store: Store) -> None:
    thing = a_thing(
        name="Prolog",
        number=-(2**53),
        weight=0.1,
        done=True,
        kind="leaf",
        parent_id="thing-root",
        ended_at=LONG_AGO + timedelta(microseconds=1),
        data={"list": [1, 2.5, None, True], "nested": {"deep": [{}]}, "big": 2**63 - 1},
    )
    await kept(store, thing)
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_what_was_never_put_is_not_there(store: Store) -> None:
    assert await store.get(THINGS, ANA, "thing-nowhere") is None


async def test_another_user_sees_nothing(store: Store) -> None:
    await kept(store, thing := a_thing(parent_id="thing-root"))
    assert await store.get(THINGS, BO, thing.id) is None
    assert await store.find(THINGS, BO) == []
    assert await store.count(THINGS, BO) == 0
    assert await store.walk(THINGS, BO, [thing.id], "parent_id", toward="children") == []
    for step in (Need(THINGS, BO, thing.id), Drop(THINGS, BO, thing.id)):
        with pytest.raises(Unmet):
            await store.write(step)
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_two_users_may_have_a_record_of_the_same_id(store: Store) -> None:
    await kept(store, a_thing("thing-1", ANA, name="Ana's"), a_thing("thing-1", BO, name="Bo's"))
    await store.write(Put(THINGS, a_thing("thing-1", BO, name="Bo's new", revision=2), expects=1))
    mine, theirs = await store.get(THINGS, ANA, "thing-1"), await store.get(THINGS, BO, "thing-1")
    assert mine is not None
    assert mine.name == "Ana's"
    assert theirs is not None
    assert theirs.name == "Bo's new"
    await store.write(Drop(THINGS, BO, "thing-1"))
    assert await store.get(THINGS, ANA, "thing-1") == mine


@pytest.mark.parametrize("id", ["thing-\0", "thing-\ud800", "", "thing-%_'\"\\"])
async def test_an_id_that_no_record_can_have_is_just_not_there(store: Store, id: str) -> None:
    await kept(store, thing := a_thing())
    assert await store.get(THINGS, ANA, id) is None
    assert await ids(store, {"id": (id, thing.id)}) == [thing.id]
    assert await ids(store, {"name": id}) == ([thing.id] if id == "" else [])
    assert [far for far, _ in await store.walk(THINGS, ANA, [id, thing.id], "parent_id", toward="parents")] == [0]
    for step in (Need(THINGS, ANA, id), Drop(THINGS, ANA, id)):
        with pytest.raises(Unmet):
            await store.write(step)


@given(name=TEXT, content=TEXT, id=TEXT.filter(len))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_comes_back_unchanged_and_is_found(store: Store, name: str, content: str, id: str) -> None:
    thing = a_thing(id, name=name, data={"content": content, content: name})
    await store.write(Put(THINGS, thing, expects=None))
    assert await store.get(THINGS, ANA, id) == thing
    assert thing in await store.find(THINGS, ANA, {"name": name})


async def test_a_blob_of_four_mebibytes_is_kept_whole(store: Store) -> None:
    content = random.Random(7).randbytes(2 * 1024 * 1024).hex()
    await kept(store, thing := a_thing(data={"content": content}))
    assert await store.get(THINGS, ANA, thing.id) == thing


# --- find and count ---

ORDERS: list[tuple[tuple[str, ...], bool]] = [
    ((), False),
    ((), True),
    (("number",), False),
    (("rank", "number"), True),
    (("made_at",), True),
    (("weight", "done"), False),
]


@pytest.mark.parametrize(("order", "descending"), ORDERS)
async def test_pages_show_every_record_once_and_in_order(
    store: Store, order: tuple[str, ...], descending: bool
) -> None:
    chance = random.Random(1)
    things = [
        a_thing(
            f"thing-{number:04}",
            rank=chance.choice("aBbéZ\U0001f600\uffff"),
            number=chance.randrange(-3, 3),
            weight=chance.choice([0.5, 2.0]),
            done=chance.random() < 0.5,
            made_at=LONG_AGO + timedelta(microseconds=chance.randrange(5)),
        )
        for number in range(1000)
    ]
    chance.shuffle(things)
    await kept(store, *things, a_thing(user_id=BO))

    def place(thing: Thing) -> tuple[Any, ...]:
        return (*(getattr(thing, field) for field in order), thing.id)

    seen: list[Thing] = []
    while page := await store.find(
        THINGS, ANA, order=order, descending=descending, after=place(seen[-1]) if seen else None, limit=97
    ):
        seen += page
    assert seen == sorted(things, key=place, reverse=descending)


async def test_text_is_ordered_by_code_point(store: Store) -> None:
    names = ["a", "B", "b", "A", "é", "z", "", " ", "aa", "a-", "\uffff", "\U0001f600", "Ω", "ä", "1", "10", "2"]
    await kept(store, *(a_thing(name=name) for name in names))
    assert [thing.name for thing in await store.find(THINGS, ANA, order=("name",))] == sorted(names)


async def test_without_a_limit_everything_is_found(store: Store) -> None:
    await kept(store, *(a_thing() for _ in range(300)))
    assert len(await store.find(THINGS, ANA)) == 300
    assert await store.find(THINGS, ANA, limit=0) == []


WHERE: list[tuple[Where, Callable[[Thing], bool]]] = [
    ({"name": "b"}, lambda thing: thing.name == "b"),
    ({"number": 1}, lambda thing: thing.number == 1),
    ({"number": (0, 2)}, lambda thing: thing.number in (0, 2)),
    ({"name": ["a", "c"], "done": True}, lambda thing: thing.name in "ac" and thing.done),
    ({"name": {"a"}, "done": False}, lambda thing: thing.name == "a" and not thing.done),
    ({"name": ()}, lambda thing: False),
    ({"parent_id": None}, lambda thing: thing.parent_id is None),
    ({"parent_id": PRESENT}, lambda thing: thing.parent_id is not None),
    ({"parent_id": (None, "thing-x")}, lambda thing: thing.parent_id in (None, "thing-x")),
    ({"parent_id": "thing-x", "ended_at": None}, lambda thing: thing.parent_id == "thing-x" and not thing.ended_at),
    ({"ended_at": LONG_AGO}, lambda thing: thing.ended_at == LONG_AGO),
    ({"weight": 0.1}, lambda thing: thing.weight == 0.1),
    ({"kind": "leaf"}, lambda thing: thing.kind == "leaf"),
    ({"revision": (1, 2)}, lambda thing: True),
    ({"id": "thing-007"}, lambda thing: thing.id == "thing-007"),
    ({"user_id": BO}, lambda thing: False),
]


@pytest.mark.parametrize(("where", "fits"), WHERE, ids=[str(where) for where, _ in WHERE])
async def test_only_what_matches_is_found_and_counted(
    store: Store, where: Where, fits: Callable[[Thing], bool]
) -> None:
    chance = random.Random(2)
    things = [
        a_thing(
            f"thing-{number:03}",
            name=chance.choice("abc"),
            number=number % 3,
            weight=chance.choice([0.1, 0.2]),
            done=chance.random() < 0.5,
            kind=chance.choice(["stone", "leaf"]),
            parent_id=chance.choice([None, "thing-x", "thing-y"]),
            ended_at=chance.choice([None, LONG_AGO]),
        )
        for number in range(60)
    ]
    await kept(store, *things, a_thing(user_id=BO, name="a"))
    wanted = [thing for thing in things if fits(thing)]
    assert await store.find(THINGS, ANA, where) == wanted
    assert await store.count(THINGS, ANA, where) == len(wanted)


async def test_what_cannot_be_asked_for_is_said_at_once(store: Store) -> None:
    with pytest.raises(ValueError, match="data"):
        await store.find(THINGS, ANA, {"data": 1})
    with pytest.raises(ValueError, match="data"):
        await store.find(THINGS, ANA, order=("data",))
    with pytest.raises(ValueError, match="data"):
        await store.count(THINGS, ANA, {"data": 1})
    with pytest.raises(ValueError, match="data"):
        await store.write(Need(THINGS, ANA, "thing-1", {"data": 1}))
    with pytest.raises(ValueError, match="data"):
        await store.walk(THINGS, ANA, [], "data", toward="children")
    with pytest.raises(ValueError, match="after"):
        await store.find(THINGS, ANA, order=("name",), after=("a",))
    elsewhere = Collection("ports.elsewhere", Thing)
    with pytest.raises(ValueError, match=r"ports\.elsewhere"):
        await store.get(elsewhere, ANA, "thing-1")
    with pytest.raises(ValueError, match=r"ports\.elsewhere"):
        await store.write(Put(elsewhere, a_thing()))


# --- walk ---


async def walked(
    store: Store, *start: str, toward: Literal["children", "parents"], **how: Any
) -> list[tuple[int, str]]:
    return [(far, thing.id) for far, thing in await store.walk(THINGS, ANA, start, "parent_id", toward=toward, **how)]


async def a_book(store: Store) -> None:
    """book: (part-1: (chapter-1, chapter-2), part-2), and beside it an album."""
    parents = {"part-1": "book", "part-2": "book", "chapter-1": "part-1", "chapter-2": "part-1"}
    await kept(
        store, a_thing("book"), a_thing("album"), *(a_thing(id, parent_id=parent) for id, parent in parents.items())
    )


async def test_a_walk_to_the_children_reaches_everything_below_nearest_first(store: Store) -> None:
    await a_book(store)
    assert await walked(store, "book", toward="children") == [
        (0, "book"),
        (1, "part-1"),
        (1, "part-2"),
        (2, "chapter-1"),
        (2, "chapter-2"),
    ]


async def test_a_walk_to_the_parents_reaches_everything_above(store: Store) -> None:
    await a_book(store)
    assert await walked(store, "chapter-2", "album", toward="parents") == [
        (0, "album"),
        (0, "chapter-2"),
        (1, "part-1"),
        (2, "book"),
    ]


async def test_a_walk_from_several_places_gives_each_record_once_at_its_least_distance(store: Store) -> None:
    await a_book(store)
    assert await walked(store, "part-1", "book", "part-1", toward="children") == [
        (0, "book"),
        (0, "part-1"),
        (1, "chapter-1"),
        (1, "chapter-2"),
        (1, "part-2"),
    ]
    assert await walked(store, "part-1", "book", toward="children", depth=1) == [
        (0, "book"),
        (0, "part-1"),
        (1, "chapter-1"),
        (1, "chapter-2"),
        (1, "part-2"),
    ]


async def test_a_walk_goes_no_farther_than_asked(store: Store) -> None:
    await a_book(store)
    assert await walked(store, "book", toward="children", depth=0) == [(0, "book")]
    assert await walked(store, "book", toward="children", depth=1) == [(0, "book"), (1, "part-1"), (1, "part-2")]
    assert await walked(store, "chapter-1", toward="parents", depth=1) == [(0, "chapter-1"), (1, "part-1")]


async def test_a_walk_does_not_pass_through_what_does_not_match(store: Store) -> None:
    await a_book(store)
    await store.write(Put(THINGS, a_thing("part-1", parent_id="book", ended_at=LONG_AGO, revision=2), expects=1))
    there = {"ended_at": None}
    assert await walked(store, "book", toward="children", where=there) == [(0, "book"), (1, "part-2")]
    assert await walked(store, "chapter-1", toward="parents", where=there) == [(0, "chapter-1")]
    assert await walked(store, "part-1", toward="children", where=there) == []


async def test_a_walk_from_nowhere_reaches_nothing(store: Store) -> None:
    await a_book(store)
    assert await walked(store, "poem", toward="children") == []
    assert await walked(store, toward="parents") == []


@pytest.mark.parametrize("depth", [None, 1, 7])
@pytest.mark.parametrize("toward", ["children", "parents"])
async def test_a_loop_ends_the_walk(store: Store, toward: Literal["children", "parents"], depth: int | None) -> None:
    await kept(
        store,
        a_thing("thing-1", parent_id="thing-3"),
        a_thing("thing-2", parent_id="thing-1"),
        a_thing("thing-3", parent_id="thing-2"),
        a_thing("thing-4", parent_id="thing-4"),
    )
    round_trip = ["thing-1", "thing-2", "thing-3"] if toward == "children" else ["thing-1", "thing-3", "thing-2"]
    shown = 3 if depth is None else min(depth + 1, 3)
    assert await walked(store, "thing-1", toward=toward, depth=depth) == list(enumerate(round_trip))[:shown]
    assert await walked(store, "thing-4", toward=toward, depth=depth) == [(0, "thing-4")]


async def test_a_chain_of_a_thousand_is_walked_to_its_end(store: Store) -> None:
    chain = [f"thing-{number:04}" for number in range(1000)]
    await kept(store, *(a_thing(id, parent_id=parent) for id, parent in zip(chain, [None, *chain[:-1]], strict=True)))
    assert await walked(store, chain[0], toward="children") == list(enumerate(chain))
    assert await walked(store, chain[-1], toward="parents") == list(enumerate(reversed(chain)))
    assert len(await walked(store, chain[0], toward="children", depth=500)) == 501


# --- write ---


async def test_a_put_that_expects_nothing_there_is_refused_when_there_is(store: Store) -> None:
    await kept(store, thing := a_thing(name="first"))
    with pytest.raises(Unmet) as refused:
        await store.write(Put(THINGS, replace(thing, name="second")))
    assert (refused.value.collection, refused.value.kind) == ("ports.things", "put")
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_a_put_that_expects_a_revision_replaces_exactly_that(store: Store) -> None:
    await kept(store, thing := a_thing(name="first", parent_id="thing-x"))
    second = replace(thing, name="second", parent_id=None, done=True, revision=2)
    await store.write(Put(THINGS, second, expects=1))
    assert await store.get(THINGS, ANA, thing.id) == second
    assert await ids(store, {"name": "second", "parent_id": None, "done": True, "revision": 2}) == [thing.id]
    for stale in (1, 3):
        with pytest.raises(Unmet) as refused:
            await store.write(Put(THINGS, replace(second, name="third", revision=stale + 1), expects=stale))
        assert (refused.value.collection, refused.value.kind) == ("ports.things", "put")
    assert await store.get(THINGS, ANA, thing.id) == second


async def test_a_put_that_expects_a_revision_is_refused_when_nothing_is_there(store: Store) -> None:
    with pytest.raises(Unmet):
        await store.write(Put(THINGS, a_thing(revision=2), expects=1))
    assert await nothing_was_written(store)


async def test_a_put_that_expects_anything_is_never_refused(store: Store) -> None:
    thing = a_thing(name="first")
    await store.write(Put(THINGS, thing, expects=None))
    await store.write(Put(THINGS, replace(thing, name="second"), expects=None))
    assert await ids(store, {"name": "second"}) == [thing.id]
    assert await store.count(THINGS, ANA) == 1


async def test_what_is_dropped_is_gone_and_can_be_put_again(store: Store) -> None:
    await kept(store, thing := a_thing())
    await store.write(Drop(THINGS, ANA, thing.id))
    assert await store.get(THINGS, ANA, thing.id) is None
    assert await ids(store) == []
    with pytest.raises(Unmet) as refused:
        await store.write(Drop(THINGS, ANA, thing.id))
    assert (refused.value.collection, refused.value.kind) == ("ports.things", "drop")
    await kept(store, thing)
    assert await ids(store) == [thing.id]


async def test_a_need_is_met_only_by_a_record_that_is_there_and_matches(store: Store) -> None:
    await kept(store, bucket := a_thing(name="bucket", number=3))
    met: list[Where] = [
        {},
        {"ended_at": None},
        {"name": "bucket", "number": (3, 4)},
        {"name": PRESENT},
        {"revision": 1},
    ]
    for where in met:
        await store.write(Need(THINGS, ANA, bucket.id, where), Put(COUNTERS, Counter(id=str(where), user_id=ANA)))
    unmet: list[Where] = [{"ended_at": PRESENT}, {"name": "bucket", "number": 4}, {"parent_id": "thing-x"}]
    for where in unmet:
        with pytest.raises(Unmet) as refused:
            await store.write(Need(THINGS, ANA, bucket.id, where), Put(COUNTERS, Counter(id="no", user_id=ANA)))
        assert (refused.value.collection, refused.value.kind) == ("ports.things", "need")
    assert await store.count(COUNTERS, ANA) == len(met)


UNMET: dict[str, Step] = {
    "put what is there": Put(THINGS, a_thing("thing-there")),
    "put on another revision": Put(THINGS, a_thing("thing-there", revision=9), expects=8),
    "put on nothing": Put(THINGS, a_thing("thing-nowhere", revision=2), expects=1),
    "drop nothing": Drop(THINGS, ANA, "thing-nowhere"),
    "need nothing": Need(THINGS, ANA, "thing-nowhere"),
    "need what differs": Need(THINGS, ANA, "thing-there", {"done": True}),
}


@pytest.mark.parametrize("unmet", UNMET.values(), ids=UNMET)
@pytest.mark.parametrize("place", ["first", "last"])
async def test_one_unmet_step_takes_back_the_whole_write(store: Store, unmet: Step, place: str) -> None:
    there = a_thing("thing-there")
    counters = [Counter(id=f"counter-{number}", user_id=ANA) for number in range(3)]
    await store.write(Put(THINGS, there), Put(COUNTERS, counters[0]), Put(COUNTERS, counters[1]))
    rest: list[Step] = [
        Put(THINGS, a_thing("thing-new")),
        Put(COUNTERS, replace(counters[0], revision=2), expects=1),
        Put(COUNTERS, counters[2], expects=None),
        Drop(COUNTERS, ANA, counters[1].id),
    ]
    steps = [unmet, *rest] if place == "first" else [*rest, unmet]
    with pytest.raises(Unmet) as refused:
        await store.write(*steps, messages=[a_message()])
    assert refused.value.collection == "ports.things"
    assert refused.value.kind == type(unmet).__name__.lower()
    assert await store.find(THINGS, ANA) == [there]
    assert await store.find(COUNTERS, ANA) == counters[:2]
    assert await store.unsent(before=TOMORROW, limit=10) == []


async def test_a_write_of_every_kind_of_step_is_done_whole(store: Store) -> None:
    first, second, third = (a_thing(f"thing-{number}") for number in range(3))
    await kept(store, first, second, third)
    changed, replaced, new = replace(first, revision=2), replace(second, name="other"), a_thing("thing-9")
    await store.write(
        Put(THINGS, changed, expects=1),
        Put(THINGS, replaced, expects=None),
        Put(THINGS, new),
        Drop(THINGS, ANA, third.id),
        Need(THINGS, ANA, first.id, {"revision": 1}),
        Put(COUNTERS, Counter(id="counter", user_id=ANA)),
        messages=[a_message()],
    )
    assert await store.find(THINGS, ANA) == [changed, replaced, new]
    assert await store.count(COUNTERS, ANA) == 1
    assert len(await store.unsent(before=TOMORROW, limit=10)) == 1


async def test_a_need_sees_what_was_there_before_the_write(store: Store) -> None:
    thing = a_thing()
    with pytest.raises(Unmet):
        await store.write(Put(THINGS, thing), Need(THINGS, ANA, thing.id))
    await kept(store, thing)
    await store.write(Need(THINGS, ANA, thing.id, {"name": ""}), Put(THINGS, replace(thing, name="new"), expects=None))
    await store.write(Need(THINGS, ANA, thing.id, {"name": "new"}), Drop(THINGS, ANA, thing.id))
    assert await nothing_was_written(store)


@pytest.mark.parametrize(
    "second",
    [Put(THINGS, a_thing("thing-1", name="other"), expects=None), Drop(THINGS, ANA, "thing-1")],
    ids=["put", "drop"],
)
async def test_a_record_may_be_written_only_once_in_a_write(store: Store, second: Step) -> None:
    with pytest.raises(ValueError, match="thing-1"):
        await store.write(Put(THINGS, a_thing("thing-1")), second)
    assert await nothing_was_written(store)


async def test_a_write_of_nothing_does_nothing(store: Store) -> None:
    await store.write()
    assert await nothing_was_written(store)


@pytest.mark.parametrize("number", [3, 100, 10_000])
async def test_a_large_write_is_all_or_nothing_too(store: Store, number: int) -> None:
    things = [a_thing(f"thing-{place:05}", number=place) for place in range(number)]
    messages = [a_message(f"event-{place:05}") for place in range(number)]
    await store.write(*(Put(THINGS, thing) for thing in reversed(things)), messages=messages)
    assert await store.count(THINGS, ANA) == number
    assert await store.unsent(before=TOMORROW, limit=number + 1) == messages

    changed = [replace(thing, number=thing.number + 1, revision=2) for thing in things]
    stale = replace(changed[number // 2], revision=3)
    puts = [Put(THINGS, thing, expects=1) for thing in changed]
    with pytest.raises(Unmet):
        await store.write(*(Put(THINGS, stale, expects=2) if put.record.id == stale.id else put for put in puts))
    assert await store.count(THINGS, ANA, {"revision": 2}) == 0
    await store.write(*puts)
    assert await store.find(THINGS, ANA) == changed

    with pytest.raises(Unmet):
        await store.write(*(Drop(THINGS, ANA, thing.id) for thing in [*things, a_thing()]))
    await store.write(*(Drop(THINGS, ANA, thing.id) for thing in things))
    assert await store.count(THINGS, ANA) == 0


# --- many at once ---


async def test_of_many_who_count_on_from_the_same_number_exactly_one_wins(store: Store) -> None:
    counter = Counter(id="counter", user_id=ANA)
    await store.write(Put(COUNTERS, counter))
    for revision in range(1, 6):
        following = replace(counter, revision=revision + 1)
        told = await asyncio.gather(
            *(
                store.write(Put(COUNTERS, following, expects=revision), Put(THINGS, a_thing(name=f"{revision}")))
                for _ in range(12)
            ),
            return_exceptions=True,
        )
        assert sum(answer is None for answer in told) == 1
        assert sum(isinstance(answer, Unmet) for answer in told) == 11
        assert await store.count(THINGS, ANA, {"name": f"{revision}"}) == 1


async def test_of_many_who_create_the_same_record_exactly_one_wins(store: Store) -> None:
    told = await asyncio.gather(
        *(
            store.write(Put(THINGS, a_thing("thing-1", number=number)), messages=[a_message(f"event-{number}")])
            for number in range(40)
        ),
        return_exceptions=True,
    )
    [winner] = [number for number, answer in enumerate(told) if answer is None]
    assert sum(isinstance(answer, Unmet) for answer in told) == 39
    thing = await store.get(THINGS, ANA, "thing-1")
    assert thing is not None
    assert thing.number == winner
    assert [message.id for message in await store.unsent(before=TOMORROW, limit=50)] == [f"event-{winner}"]


async def test_each_of_many_waiting_writes_gets_its_own_answer(store: Store) -> None:
    await kept(store, bucket := a_thing("bucket"))
    told = await asyncio.gather(
        *(
            store.write(
                Need(THINGS, ANA if number % 3 else BO, bucket.id),
                Put(COUNTERS, Counter(id=f"counter-{number:02}", user_id=ANA)),
                messages=[a_message(f"event-{number:02}")],
            )
            for number in range(60)
        ),
        return_exceptions=True,
    )
    assert [answer is None for answer in told] == [number % 3 != 0 for number in range(60)]
    done = [number for number in range(60) if number % 3]
    assert [counter.id for counter in await store.find(COUNTERS, ANA)] == [f"counter-{number:02}" for number in done]
    assert sorted(m.id for m in await store.unsent(before=TOMORROW, limit=99)) == [f"event-{n:02}" for n in done]


async def test_nothing_is_put_where_a_need_was_taken_away_meanwhile(store: Store) -> None:
    """Whoever comes first: either the bucket was dropped before, or what needed it was there when it was dropped."""
    for round in range(20):
        await kept(store, bucket := a_thing(f"bucket-{round}"))
        child = a_thing(f"child-{round}", parent_id=bucket.id)
        placed, ended = await asyncio.gather(
            store.write(Need(THINGS, ANA, bucket.id, {"ended_at": None}), Put(THINGS, child)),
            store.write(Put(THINGS, replace(bucket, ended_at=LONG_AGO, revision=2), expects=1)),
            return_exceptions=True,
        )
        assert ended is None
        assert placed is None or isinstance(placed, Unmet)
        assert (await store.get(THINGS, ANA, child.id) is not None) == (placed is None)


async def test_writes_that_cross_each_other_all_come_to_an_end(store: Store) -> None:
    things = [a_thing(f"thing-{number}") for number in range(4)]
    await kept(store, *things)

    async def cross(number: int) -> None:
        needed, changed = things[number % 4], things[(number + 1) % 4]
        await store.write(Need(THINGS, ANA, needed.id), Put(THINGS, replace(changed, number=number), expects=None))

    await asyncio.gather(*(cross(number) for number in range(16)))
    assert await store.count(THINGS, ANA) == 4


async def test_what_many_move_about_at_once_adds_up_in_the_end(store: Store) -> None:
    """Each write takes from one purse what it gives to another, and needs a third to be there."""
    purses = [a_thing(f"purse-{number}", number=100) for number in range(5)]
    await kept(store, *purses)
    done = 0

    async def give(chance: random.Random) -> None:
        nonlocal done
        for _ in range(8):
            source, target, witness = chance.sample(await store.find(THINGS, ANA, {"name": ""}), 3)
            amount = chance.randrange(10)
            robbed = replace(source, number=source.number - amount, revision=source.revision + 1)
            enriched = replace(target, number=target.number + amount, revision=target.revision + 1)
            try:
                await store.write(
                    Put(THINGS, enriched, expects=target.revision),
                    Need(THINGS, ANA, witness.id, {"revision": witness.revision}),
                    Put(THINGS, robbed, expects=source.revision),
                    Put(COUNTERS, Counter(id=f"{done}-{chance.random()}", user_id=ANA)),
                )
                done += 1
            except Unmet:
                continue

    await asyncio.gather(*(give(random.Random(seed)) for seed in range(8)))
    after = await store.find(THINGS, ANA)
    assert sum(purse.number for purse in after) == 500
    assert sum(purse.revision - 1 for purse in after) == 2 * done
    assert await store.count(COUNTERS, ANA) == done > 0


async def test_a_writer_who_gives_up_takes_nobody_along(store: Store) -> None:
    writers = [asyncio.ensure_future(store.write(Put(THINGS, a_thing(f"thing-{n:02}")))) for n in range(40)]
    await asyncio.sleep(0)
    for writer in writers[::4]:
        writer.cancel()
    told = await asyncio.gather(*writers, return_exceptions=True)
    assert all(answer is None for number, answer in enumerate(told) if number % 4)
    there = await ids(store)
    assert {f"thing-{number:02}" for number in range(40) if number % 4} <= set(there)


# --- the outbox ---


async def test_messages_wait_in_the_order_of_their_writes_until_they_are_marked_sent(store: Store) -> None:
    messages = [a_message(f"event-{9 - number}", bytes([number, 0, 255])) for number in range(6)]
    for first, second in zip(messages[::2], messages[1::2], strict=True):
        await store.write(Put(THINGS, a_thing()), messages=[first, second])
    assert await store.unsent(before=TOMORROW, limit=10) == messages
    assert await store.unsent(before=TOMORROW, limit=2) == messages[:2]
    await store.mark_sent([messages[0].id, messages[3].id, "event-nowhere"])
    await store.mark_sent([messages[0].id])
    await store.mark_sent([])
    assert await store.unsent(before=TOMORROW, limit=10) == [messages[1], messages[2], messages[4], messages[5]]


async def test_a_message_may_be_written_alone(store: Store) -> None:
    await store.write(messages=[message := a_message()])
    assert await store.unsent(before=TOMORROW, limit=10) == [message]


async def test_messages_written_since_then_are_left_to_whoever_wrote_them(store: Store) -> None:
    await store.write(messages=[a_message()])
    assert await store.unsent(before=datetime.now(UTC) - timedelta(hours=1), limit=10) == []


async def test_a_store_that_is_well_says_so(store: Store) -> None:
    await store.check()


def test_the_things_have_a_field_of_every_kind_that_can_be_asked_for() -> None:
    columns = {field.name: field.type for field in msgspec.structs.fields(Thing) if field.name in THINGS.columns}
    assert {str, int, float, bool, datetime, str | None, datetime | None} <= set(columns.values())
