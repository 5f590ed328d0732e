"""A unit of work reads as if all was written to the store below, and leaves it so at the end."""

import asyncio
import random
from typing import Any

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.ports.store import NOT_NULL, Delete, Increment, Put, Require, RequirementNotMet, Step, Store, Where
from reyna.storage.unit_of_work import UnitOfWork
from tests.contracts.sample_records import COUNTERS, LONG_AGO, THINGS, Counter, a_message, a_thing, put_records
from tests.support.times import FAR_FUTURE

ANA = "user-ana"
IDS = [f"thing-{number:02}" for number in range(12)]
WHERE: list[Where] = [
    {},
    {"ended_at": None},
    {"name": "a"},
    {"name": ("a", "b"), "ended_at": None},
    {"parent_id": NOT_NULL},
    {"id": IDS[:4]},
    {"id": IDS[3], "ended_at": None},
    {"parent_id": (None, IDS[2])},
]


def a_step(chance: random.Random, revisions: dict[str, int]) -> Step:
    id = chance.choice(IDS)
    there = revisions.get(id, 0)
    expects = chance.choice([there, there, there, None, chance.randrange(3)])
    thing = a_thing(
        id,
        name=chance.choice("abc"),
        rank=chance.choice("mno"),
        parent_id=chance.choice([None, *IDS]),
        ended_at=chance.choice([None, LONG_AGO]),
        revision=there + 1,
    )
    steps: list[Step] = [
        Put(THINGS, thing, expects),
        Put(THINGS, thing, there),
        Put(THINGS, thing, there),
        Delete(THINGS, ANA, id),
        Require(THINGS, ANA, id, chance.choice(WHERE[:4])),
        Increment(ANA, chance.choice("xy"), chance.randrange(-2, 5), chance.choice([None, 6])),
    ]
    return chance.choice(steps)


def some_steps(chance: random.Random, revisions: dict[str, int]) -> list[Step]:
    steps: dict[Any, Step] = {}
    for _ in range(chance.randrange(1, 5)):
        step = a_step(chance, revisions)
        name = step.record.id if isinstance(step, Put) else step.id if isinstance(step, Delete) else len(steps)
        steps.setdefault(name, step)
    return list(steps.values())


async def contents_of(store: Store) -> list[Any]:
    """Every answer a store can give about these things."""
    found: list[Any] = [await store.get(THINGS, ANA, id) for id in IDS]
    for where in WHERE:
        found += [await store.count(THINGS, ANA, where), await store.count_by(THINGS, ANA, "rank", where)]
        found.append(await store.select(THINGS, ANA, ("name", "revision"), where))
        for order in ((), ("rank",), ("name", "rank")):
            for descending in (False, True):
                found += await read_pages(store, where, order, descending)
    for toward in ("children", "parents"):
        for depth in (None, 1, 2):
            start = IDS[:2]
            found.append(await store.walk(THINGS, ANA, start, "parent_id", toward=toward, depth=depth))
            there = {"ended_at": None}
            found.append(await store.walk(THINGS, ANA, start, "parent_id", toward=toward, depth=depth, where=there))
    return [*found, {name: value for name, value in (await store.sums(ANA)).items() if value}]


async def read_pages(store: Store, where: Where, order: tuple[str, ...], descending: bool) -> list[Any]:
    seen: list[Any] = []
    while page := await store.find(
        THINGS,
        ANA,
        where,
        order=order,
        descending=descending,
        after=(*(getattr(seen[-1], field) for field in order), seen[-1].id) if seen else None,
        limit=2,
    ):
        seen += page
    assert seen == await store.find(THINGS, ANA, where, order=order, descending=descending)
    return seen


async def try_to_write(store: Store, steps: list[Step], round: int) -> object:
    try:
        await store.write(*steps, messages=[a_message(f"event-{round}")])
    except RequirementNotMet as unmet:
        return unmet.collection
    return None


@pytest.mark.parametrize("seed", range(15))
async def test_what_is_read_is_what_the_whole_would_leave_and_then_it_does(seed: int) -> None:
    chance = random.Random(seed)
    plain, below = MemoryStore([THINGS, COUNTERS]), MemoryStore([THINGS, COUNTERS])
    for round in range(8):
        steps = some_steps(chance, dict(await plain.select(THINGS, ANA, ("id", "revision"))))
        assert await try_to_write(plain, steps, round) == await try_to_write(below, steps, round)
    staged, before = UnitOfWork(below), await contents_of(below)
    for round in range(8, 20):
        steps = some_steps(chance, dict(await plain.select(THINGS, ANA, ("id", "revision"))))
        staged.savepoint()
        assert (await try_to_write(plain, steps, round) is None) == (await try_to_write(staged, steps, round) is None)
        told = await contents_of(plain)
        assert await contents_of(staged) == told
        for turn in range(3):
            await try_to_write(staged, some_steps(chance, {}), -10 * round - turn)
        staged.rollback()
        await try_to_write(staged, steps, round)
        staged.savepoint()
        left = staged.steps(), staged.messages()
        for turn in range(3):
            await try_to_write(staged, some_steps(chance, {}), -10 * round - turn)
        staged.rollback()
        assert (staged.steps(), staged.messages()) == left
        assert await contents_of(staged) == told
    assert await contents_of(below) == before
    messages = [message.id for message in await plain.list_unsent(before=FAR_FUTURE, limit=1000)]
    assert [message.id for message in await staged.list_unsent(before=FAR_FUTURE, limit=1000)] == messages
    await below.write(*staged.steps(), messages=staged.messages())
    assert await contents_of(below) == await contents_of(plain)
    assert [message.id for message in await below.list_unsent(before=FAR_FUTURE, limit=1000)] == messages


async def test_a_record_is_written_once_however_often_it_was_changed() -> None:
    below = MemoryStore([THINGS, COUNTERS])
    await put_records(below, a_thing("old"), a_thing("going"))
    staged = UnitOfWork(below)
    await staged.write(Put(THINGS, a_thing("new")), Put(THINGS, a_thing("brief")), Increment(ANA, "things", 2))
    await staged.write(
        Put(THINGS, a_thing("old", revision=2), 1), Delete(THINGS, ANA, "brief"), Increment(ANA, "things", -1)
    )
    await staged.write(Put(THINGS, a_thing("old", name="x", revision=3), 2), Require(THINGS, ANA, "new"))
    await staged.write(Delete(THINGS, ANA, "going"), Require(THINGS, ANA, "going", {"done": False}))
    assert staged.steps() == [
        Require(THINGS, ANA, "going", {"done": False}),
        Put(THINGS, a_thing("new")),
        Put(THINGS, a_thing("old", name="x", revision=3), 1),
        Delete(THINGS, ANA, "going"),
        Require(THINGS, ANA, "going", {"revision": 1}),
        Increment(ANA, "things", 1),
    ]


async def test_taking_back_costs_what_was_written_since_however_much_stands_beside_it() -> None:
    staged = UnitOfWork(MemoryStore([THINGS, COUNTERS]))
    await staged.write(*(Put(THINGS, a_thing(f"copy-{n}")) for n in range(1000)), Increment(ANA, "things", 1000))
    left = staged.steps()
    staged.savepoint()
    assert staged.rollback() == 0
    staged.savepoint()
    await staged.write(Put(THINGS, a_thing("copy-7", name="x", revision=2), 1), Delete(THINGS, ANA, "copy-8"))
    await staged.write(Increment(ANA, "things", -1), messages=[a_message("event-1")])
    assert staged.rollback() <= 5
    assert staged.steps() == left
    assert staged.messages() == []


async def test_what_was_marked_as_sent_in_vain_is_sent_still() -> None:
    staged = UnitOfWork(MemoryStore([THINGS, COUNTERS]))
    first, second, third = (a_message(f"event-{n}") for n in range(3))
    await staged.write(messages=[first, second])
    staged.savepoint()
    await staged.mark_sent([first.id])
    await staged.write(messages=[third])
    assert staged.messages() == [second, third]
    staged.rollback()
    assert staged.messages() == [first, second]


async def test_what_was_judged_by_what_is_below_is_refused_when_that_changes_before_the_end() -> None:
    changes: list[Step] = [
        Put(THINGS, a_thing("old", name="theirs", revision=2), 1),
        Delete(THINGS, ANA, "old"),
        Put(THINGS, a_thing("new", name="theirs")),
        Put(COUNTERS, Counter(id="counter", user_id=ANA, revision=2), 1),
        Increment(ANA, "things", 4),
    ]
    for change in changes:
        below = MemoryStore([THINGS, COUNTERS])
        await below.write(Put(THINGS, a_thing("old")), Put(COUNTERS, Counter(id="counter", user_id=ANA)))
        staged = UnitOfWork(below)
        await staged.write(Put(THINGS, a_thing("old", revision=2), 1), Put(THINGS, a_thing("new")))
        await staged.write(Require(COUNTERS, ANA, "counter", {"revision": 1}), Increment(ANA, "things", 2, 5))
        await below.write(change)
        with pytest.raises(RequirementNotMet):
            await below.write(*staged.steps())


async def test_writers_at_once_are_judged_one_by_one() -> None:
    staged = UnitOfWork(MemoryStore([THINGS, COUNTERS]))
    told = await asyncio.gather(*(staged.write(Put(THINGS, a_thing("one"))) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in told].count(RequirementNotMet) == 4


async def test_what_is_taken_is_not_written() -> None:
    staged = UnitOfWork(MemoryStore([THINGS, COUNTERS]))
    await staged.write(Put(COUNTERS, Counter(id="b", user_id=ANA)), Put(THINGS, a_thing("one")))
    await staged.write(Put(COUNTERS, Counter(id="a", user_id=ANA)))
    assert [counter.id for counter in staged.take_records(COUNTERS, ANA)] == ["b", "a"]
    assert staged.take_records(COUNTERS, ANA) == []
    assert staged.steps() == [Put(THINGS, a_thing("one"))]
