"""The promises of every store about writes: atomic, alone or among many."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.ports.store import NOT_NULL, Delete, Put, Require, RequirementNotMet, Step, Store, Where
from tests.contracts.sample_records import COUNTERS, LONG_AGO, THINGS, Counter, Thing, a_message, a_thing, put_records

ANA, BO = "user-ana", "user-bo"
TOMORROW = datetime.now(UTC) + timedelta(days=1)


async def ids(store: Store, where: Where = {}, **how: Any) -> list[str]:
    return [thing.id for thing in await store.find(THINGS, ANA, where, **how)]


async def nothing_was_written(store: Store) -> bool:
    return await store.count(THINGS, ANA) == 0 and await store.list_unsent(before=TOMORROW, limit=10) == []


async def test_a_put_that_expects_nothing_there_is_refused_when_there_is(store: Store) -> None:
    await put_records(store, thing := a_thing(name="first"))
    with pytest.raises(RequirementNotMet) as refused:
        await store.write(Put(THINGS, replace(thing, name="second")))
    assert (refused.value.collection, refused.value.kind) == ("ports.things", "put")
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_a_put_that_expects_a_revision_replaces_exactly_that(store: Store) -> None:
    await put_records(store, thing := a_thing(name="first", parent_id="thing-x"))
    second = replace(thing, name="second", parent_id=None, done=True, revision=2)
    await store.write(Put(THINGS, second, expects=1))
    assert await store.get(THINGS, ANA, thing.id) == second
    assert await ids(store, {"name": "second", "parent_id": None, "done": True, "revision": 2}) == [thing.id]
    for stale in (1, 3):
        with pytest.raises(RequirementNotMet) as refused:
            await store.write(Put(THINGS, replace(second, name="third", revision=stale + 1), expects=stale))
        assert (refused.value.collection, refused.value.kind) == ("ports.things", "put")
    assert await store.get(THINGS, ANA, thing.id) == second


@pytest.mark.parametrize("sign", ["\x1f", "\x1e", "\n", "\\", '"', "\u2028", ""])
async def test_many_records_in_one_write_keep_every_sign_of_their_texts(store: Store, sign: str) -> None:
    texts = [sign, f"a{sign}b", f"{sign}{sign}", "", "plain"]
    things = [
        a_thing(name=text, parent_id=None if text == "plain" else text, data={"text": text}) for text in texts * 2
    ]
    await put_records(store, *things)
    assert [await store.get(THINGS, ANA, thing.id) for thing in things] == things
    for text in {*texts} - {"plain"}:
        assert await ids(store, {"name": text, "parent_id": text}) == sorted(
            one.id for one in things if one.name == text
        )
    assert await store.count(THINGS, ANA, {"parent_id": None}) == 2


async def test_a_put_that_expects_a_revision_is_refused_when_nothing_is_there(store: Store) -> None:
    with pytest.raises(RequirementNotMet):
        await store.write(Put(THINGS, a_thing(revision=2), expects=1))
    assert await nothing_was_written(store)


async def test_a_put_that_expects_anything_is_never_refused(store: Store) -> None:
    thing = a_thing(name="first")
    await store.write(Put(THINGS, thing, expects=None))
    await store.write(Put(THINGS, replace(thing, name="second"), expects=None))
    assert await ids(store, {"name": "second"}) == [thing.id]
    assert await store.count(THINGS, ANA) == 1


async def test_what_is_dropped_is_gone_and_can_be_put_again(store: Store) -> None:
    await put_records(store, thing := a_thing())
    await store.write(Delete(THINGS, ANA, thing.id))
    assert await store.get(THINGS, ANA, thing.id) is None
    assert await ids(store) == []
    with pytest.raises(RequirementNotMet) as refused:
        await store.write(Delete(THINGS, ANA, thing.id))
    assert (refused.value.collection, refused.value.kind) == ("ports.things", "delete")
    await put_records(store, thing)
    assert await ids(store) == [thing.id]


async def test_a_need_is_met_only_by_a_record_that_is_there_and_matches(store: Store) -> None:
    await put_records(store, bucket := a_thing(name="bucket", number=3))
    met: list[Where] = [
        {},
        {"ended_at": None},
        {"name": "bucket", "number": (3, 4)},
        {"name": NOT_NULL},
        {"revision": 1},
    ]
    for where in met:
        await store.write(Require(THINGS, ANA, bucket.id, where), Put(COUNTERS, Counter(id=str(where), user_id=ANA)))
    unmet: list[Where] = [{"ended_at": NOT_NULL}, {"name": "bucket", "number": 4}, {"parent_id": "thing-x"}]
    for where in unmet:
        with pytest.raises(RequirementNotMet) as refused:
            await store.write(Require(THINGS, ANA, bucket.id, where), Put(COUNTERS, Counter(id="no", user_id=ANA)))
        assert (refused.value.collection, refused.value.kind) == ("ports.things", "require")
    assert await store.count(COUNTERS, ANA) == len(met)


UNMET: dict[str, Step] = {
    "put what is there": Put(THINGS, a_thing("thing-there")),
    "put on another revision": Put(THINGS, a_thing("thing-there", revision=9), expects=8),
    "put on nothing": Put(THINGS, a_thing("thing-nowhere", revision=2), expects=1),
    "drop nothing": Delete(THINGS, ANA, "thing-nowhere"),
    "need nothing": Require(THINGS, ANA, "thing-nowhere"),
    "need what differs": Require(THINGS, ANA, "thing-there", {"done": True}),
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
        Delete(COUNTERS, ANA, counters[1].id),
    ]
    steps = [unmet, *rest] if place == "first" else [*rest, unmet]
    with pytest.raises(RequirementNotMet) as refused:
        await store.write(*steps, messages=[a_message()])
    assert refused.value.collection == "ports.things"
    assert refused.value.kind == type(unmet).__name__.lower()
    assert await store.find(THINGS, ANA) == [there]
    assert await store.find(COUNTERS, ANA) == counters[:2]
    assert await store.list_unsent(before=TOMORROW, limit=10) == []


async def test_a_write_of_every_kind_of_step_is_done_whole(store: Store) -> None:
    first, second, third = (a_thing(f"thing-{number}") for number in range(3))
    await put_records(store, first, second, third)
    changed, replaced, new = replace(first, revision=2), replace(second, name="other"), a_thing("thing-9")
    await store.write(
        Put(THINGS, changed, expects=1),
        Put(THINGS, replaced, expects=None),
        Put(THINGS, new),
        Delete(THINGS, ANA, third.id),
        Require(THINGS, ANA, first.id, {"revision": 1}),
        Put(COUNTERS, Counter(id="counter", user_id=ANA)),
        messages=[a_message()],
    )
    assert await store.find(THINGS, ANA) == [changed, replaced, new]
    assert await store.count(COUNTERS, ANA) == 1
    assert len(await store.list_unsent(before=TOMORROW, limit=10)) == 1


async def test_a_need_sees_what_was_there_before_the_write(store: Store) -> None:
    thing = a_thing()
    with pytest.raises(RequirementNotMet):
        await store.write(Put(THINGS, thing), Require(THINGS, ANA, thing.id))
    await put_records(store, thing)
    await store.write(
        Require(THINGS, ANA, thing.id, {"name": ""}), Put(THINGS, replace(thing, name="new"), expects=None)
    )
    await store.write(Require(THINGS, ANA, thing.id, {"name": "new"}), Delete(THINGS, ANA, thing.id))
    assert await nothing_was_written(store)


@pytest.mark.parametrize(
    "second",
    [Put(THINGS, a_thing("thing-1", name="other"), expects=None), Delete(THINGS, ANA, "thing-1")],
    ids=["put", "delete"],
)
async def test_a_record_may_be_written_only_once_in_a_write(store: Store, second: Step) -> None:
    with pytest.raises(ValueError, match="thing-1"):
        await store.write(Put(THINGS, a_thing("thing-1")), second)
    assert await nothing_was_written(store)


async def test_a_write_of_nothing_does_nothing(store: Store) -> None:
    await store.write()
    assert await nothing_was_written(store)


@pytest.mark.parametrize("number", [3, 100, 3_000])  # the last has more values than a PostgreSQL statement may have
async def test_a_large_write_is_all_or_nothing_too(store: Store, number: int) -> None:
    things = [a_thing(f"thing-{place:05}", number=place) for place in range(number)]
    messages = [a_message(f"event-{place:05}") for place in range(number)]
    await store.write(*(Put(THINGS, thing) for thing in reversed(things)), messages=messages)
    assert await store.count(THINGS, ANA) == number
    assert await store.list_unsent(before=TOMORROW, limit=number + 1) == messages

    changed = [replace(thing, number=thing.number + 1, revision=2) for thing in things]
    stale = replace(changed[number // 2], revision=3)
    puts = [Put(THINGS, thing, expects=1) for thing in changed]
    with pytest.raises(RequirementNotMet):
        await store.write(*(Put(THINGS, stale, expects=2) if put.record.id == stale.id else put for put in puts))
    assert await store.count(THINGS, ANA, {"revision": 2}) == 0
    await store.write(*puts)
    assert await store.find(THINGS, ANA) == changed

    with pytest.raises(RequirementNotMet):
        await store.write(*(Delete(THINGS, ANA, thing.id) for thing in [*things, a_thing()]))
    await store.write(*(Delete(THINGS, ANA, thing.id) for thing in things))
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
        assert sum(isinstance(answer, RequirementNotMet) for answer in told) == 11
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
    assert sum(isinstance(answer, RequirementNotMet) for answer in told) == 39
    thing = await store.get(THINGS, ANA, "thing-1")
    assert thing is not None
    assert thing.number == winner
    assert [message.id for message in await store.list_unsent(before=TOMORROW, limit=50)] == [f"event-{winner}"]


async def test_each_of_many_waiting_writes_gets_its_own_answer(store: Store) -> None:
    await put_records(store, bucket := a_thing("bucket"))
    told = await asyncio.gather(
        *(
            store.write(
                Require(THINGS, ANA if number % 3 else BO, bucket.id),
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
    assert sorted(m.id for m in await store.list_unsent(before=TOMORROW, limit=99)) == [f"event-{n:02}" for n in done]


async def test_of_two_who_each_need_what_the_other_ends_exactly_one_wins(store: Store) -> None:
    for round in range(20):
        first, second = a_thing(f"first-{round}"), a_thing(f"second-{round}")
        await put_records(store, first, second)

        async def end(thing: Thing, needed: Thing) -> None:
            ended = replace(thing, ended_at=LONG_AGO, revision=2)
            await store.write(Put(THINGS, ended, expects=1), Require(THINGS, ANA, needed.id, {"ended_at": None}))

        told = await asyncio.gather(end(first, second), end(second, first), return_exceptions=True)
        assert [type(answer) for answer in told] in ([type(None), RequirementNotMet], [RequirementNotMet, type(None)])


async def test_writes_that_cross_each_other_all_come_to_an_end(store: Store) -> None:
    things = [a_thing(f"thing-{number}") for number in range(4)]
    await put_records(store, *things)

    async def cross(number: int) -> None:
        needed, changed = things[number % 4], things[(number + 1) % 4]
        await store.write(Require(THINGS, ANA, needed.id), Put(THINGS, replace(changed, number=number), expects=None))

    await asyncio.gather(*(cross(number) for number in range(16)))
    assert await store.count(THINGS, ANA) == 4


async def test_what_many_move_about_at_once_adds_up_in_the_end(store: Store) -> None:
    """Each write takes from one purse what it gives to another, and needs a third to be there."""
    purses = [a_thing(f"purse-{number}", number=100) for number in range(5)]
    await put_records(store, *purses)
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
                    Require(THINGS, ANA, witness.id, {"revision": witness.revision}),
                    Put(THINGS, robbed, expects=source.revision),
                    Put(COUNTERS, Counter(id=f"{done}-{chance.random()}", user_id=ANA)),
                )
                done += 1
            except RequirementNotMet:
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
