"""A staged store shows what the store below would show if all had been written to it, and leaves it so at the end."""

import asyncio
import random
from typing import Any

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.ports import PRESENT, Add, Drop, Need, Put, Step, Store, Unmet, Where
from reyna.state.staged import Staged
from tests.moments import SOON
from tests.ports.things import COUNTERS, LONG_AGO, THINGS, Counter, a_message, a_thing, kept

ANA = "user-ana"
IDS = [f"thing-{number:02}" for number in range(12)]
WHERE: list[Where] = [
    {},
    {"ended_at": None},
    {"name": "a"},
    {"name": ("a", "b"), "ended_at": None},
    {"parent_id": PRESENT},
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
        Drop(THINGS, ANA, id),
        Need(THINGS, ANA, id, chance.choice(WHERE[:4])),
        Add(ANA, chance.choice("xy"), chance.randrange(-2, 5), chance.choice([None, 6])),
    ]
    return chance.choice(steps)


def some_steps(chance: random.Random, revisions: dict[str, int]) -> list[Step]:
    steps: dict[Any, Step] = {}
    for _ in range(chance.randrange(1, 5)):
        step = a_step(chance, revisions)
        name = step.record.id if isinstance(step, Put) else step.id if isinstance(step, Drop) else len(steps)
        steps.setdefault(name, step)
    return list(steps.values())


async def all_of(store: Store) -> list[Any]:
    """Every answer a store can give about these things."""
    found: list[Any] = [await store.get(THINGS, ANA, id) for id in IDS]
    for where in WHERE:
        found += [await store.count(THINGS, ANA, where), await store.tally(THINGS, ANA, "rank", where)]
        found.append(await store.pick(THINGS, ANA, ("name", "revision"), where))
        for order in ((), ("rank",), ("name", "rank")):
            for descending in (False, True):
                found += await paged(store, where, order, descending)
    for toward in ("children", "parents"):
        for depth in (None, 1, 2):
            start = IDS[:2]
            found.append(await store.walk(THINGS, ANA, start, "parent_id", toward=toward, depth=depth))
            there = {"ended_at": None}
            found.append(await store.walk(THINGS, ANA, start, "parent_id", toward=toward, depth=depth, where=there))
    return [*found, {name: value for name, value in (await store.sums(ANA)).items() if value}]


async def paged(store: Store, where: Where, order: tuple[str, ...], descending: bool) -> list[Any]:
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


async def tried(store: Store, steps: list[Step], round: int) -> object:
    try:
        await store.write(*steps, messages=[a_message(f"event-{round}")])
    except Unmet as unmet:
        return unmet.collection
    return None


@pytest.mark.parametrize("seed", range(15))
async def test_what_is_read_is_what_the_whole_would_leave_and_then_it_does(seed: int) -> None:
    chance = random.Random(seed)
    plain, below = MemoryStore([THINGS, COUNTERS]), MemoryStore([THINGS, COUNTERS])
    for round in range(8):
        steps = some_steps(chance, dict(await plain.pick(THINGS, ANA, ("id", "revision"))))
        assert await tried(plain, steps, round) == await tried(below, steps, round)
    staged, before = Staged(below), await all_of(below)
    for round in range(8, 20):
        steps = some_steps(chance, dict(await plain.pick(THINGS, ANA, ("id", "revision"))))
        staged.mark()
        assert (await tried(plain, steps, round) is None) == (await tried(staged, steps, round) is None)
        told = await all_of(plain)
        assert await all_of(staged) == told
        for turn in range(3):
            await tried(staged, some_steps(chance, {}), -10 * round - turn)
        staged.back()
        await tried(staged, steps, round)
        staged.mark()
        left = staged.steps(), staged.messages()
        for turn in range(3):
            await tried(staged, some_steps(chance, {}), -10 * round - turn)
        staged.back()
        assert (staged.steps(), staged.messages()) == left
        assert await all_of(staged) == told
    assert await all_of(below) == before
    messages = [message.id for message in await plain.unsent(before=SOON, limit=1000)]
    assert [message.id for message in await staged.unsent(before=SOON, limit=1000)] == messages
    await below.write(*staged.steps(), messages=staged.messages())
    assert await all_of(below) == await all_of(plain)
    assert [message.id for message in await below.unsent(before=SOON, limit=1000)] == messages


async def test_a_record_is_written_once_however_often_it_was_changed() -> None:
    below = MemoryStore([THINGS, COUNTERS])
    await kept(below, a_thing("old"), a_thing("going"))
    staged = Staged(below)
    await staged.write(Put(THINGS, a_thing("new")), Put(THINGS, a_thing("brief")), Add(ANA, "things", 2))
    await staged.write(Put(THINGS, a_thing("old", revision=2), 1), Drop(THINGS, ANA, "brief"), Add(ANA, "things", -1))
    await staged.write(Put(THINGS, a_thing("old", name="x", revision=3), 2), Need(THINGS, ANA, "new"))
    await staged.write(Drop(THINGS, ANA, "going"), Need(THINGS, ANA, "going", {"done": False}))
    assert staged.steps() == [
        Need(THINGS, ANA, "going", {"done": False}),
        Put(THINGS, a_thing("new")),
        Put(THINGS, a_thing("old", name="x", revision=3), 1),
        Drop(THINGS, ANA, "going"),
        Need(THINGS, ANA, "going", {"revision": 1}),
        Add(ANA, "things", 1),
    ]


async def test_taking_back_costs_what_was_written_since_however_much_stands_beside_it() -> None:
    staged = Staged(MemoryStore([THINGS, COUNTERS]))
    await staged.write(*(Put(THINGS, a_thing(f"copy-{n}")) for n in range(1000)), Add(ANA, "things", 1000))
    left = staged.steps()
    staged.mark()
    assert staged.back() == 0
    staged.mark()
    await staged.write(Put(THINGS, a_thing("copy-7", name="x", revision=2), 1), Drop(THINGS, ANA, "copy-8"))
    await staged.write(Add(ANA, "things", -1), messages=[a_message("event-1")])
    assert staged.back() <= 5
    assert staged.steps() == left
    assert staged.messages() == []


async def test_what_was_marked_as_sent_in_vain_is_sent_still() -> None:
    staged = Staged(MemoryStore([THINGS, COUNTERS]))
    first, second, third = (a_message(f"event-{n}") for n in range(3))
    await staged.write(messages=[first, second])
    staged.mark()
    await staged.mark_sent([first.id])
    await staged.write(messages=[third])
    assert staged.messages() == [second, third]
    staged.back()
    assert staged.messages() == [first, second]


async def test_what_was_judged_by_what_is_below_is_refused_when_that_changes_before_the_end() -> None:
    changes: list[Step] = [
        Put(THINGS, a_thing("old", name="theirs", revision=2), 1),
        Drop(THINGS, ANA, "old"),
        Put(THINGS, a_thing("new", name="theirs")),
        Put(COUNTERS, Counter(id="counter", user_id=ANA, revision=2), 1),
        Add(ANA, "things", 4),
    ]
    for change in changes:
        below = MemoryStore([THINGS, COUNTERS])
        await below.write(Put(THINGS, a_thing("old")), Put(COUNTERS, Counter(id="counter", user_id=ANA)))
        staged = Staged(below)
        await staged.write(Put(THINGS, a_thing("old", revision=2), 1), Put(THINGS, a_thing("new")))
        await staged.write(Need(COUNTERS, ANA, "counter", {"revision": 1}), Add(ANA, "things", 2, 5))
        await below.write(change)
        with pytest.raises(Unmet):
            await below.write(*staged.steps())


async def test_writers_at_once_are_judged_one_by_one() -> None:
    staged = Staged(MemoryStore([THINGS, COUNTERS]))
    told = await asyncio.gather(*(staged.write(Put(THINGS, a_thing("one"))) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in told].count(Unmet) == 4


async def test_what_is_taken_is_not_written() -> None:
    staged = Staged(MemoryStore([THINGS, COUNTERS]))
    await staged.write(Put(COUNTERS, Counter(id="b", user_id=ANA)), Put(THINGS, a_thing("one")))
    await staged.write(Put(COUNTERS, Counter(id="a", user_id=ANA)))
    assert [counter.id for counter in staged.taken(COUNTERS, ANA)] == ["b", "a"]
    assert staged.taken(COUNTERS, ANA) == []
    assert staged.steps() == [Put(THINGS, a_thing("one"))]
