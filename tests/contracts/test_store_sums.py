"""The promises of every store about sums: exact, bounded and atomic, alone or among many."""

import asyncio
import random

import pytest
from msgspec.structs import replace

from reyna.ports.store import Delete, Increment, Put, Require, RequirementNotMet, Step, Store
from tests.contracts.sample_records import COUNTERS, THINGS, Counter, a_message, a_thing, put_records
from tests.contracts.test_store_write import ANA, BO, nothing_was_written


async def test_what_was_added_is_in_the_sum_of_that_user_and_name(store: Store) -> None:
    assert await store.sums(ANA) == {}
    await store.write(Increment(ANA, "blobs", 2), Increment(ANA, "bytes", 1_000), Increment(BO, "blobs", 5))
    await store.write(Increment(ANA, "blobs", 1))
    assert await store.sums(ANA) == {"blobs": 3, "bytes": 1_000}
    assert await store.sums(BO) == {"blobs": 5}


async def test_a_sum_can_be_lessened_and_go_below_nothing(store: Store) -> None:
    await store.write(Increment(ANA, "bytes", 10))
    await store.write(Increment(ANA, "bytes", -4))
    assert await store.sums(ANA) == {"bytes": 6}
    await store.write(Increment(ANA, "bytes", -10))
    assert await store.sums(ANA) == {"bytes": -4}


async def test_a_sum_grows_up_to_its_bound_and_no_further(store: Store) -> None:
    await store.write(Increment(ANA, "blobs", 9, at_most=10))
    await store.write(Increment(ANA, "blobs", 1, at_most=10))
    with pytest.raises(RequirementNotMet) as refused:
        await store.write(Increment(ANA, "blobs", 1, at_most=10))
    assert (refused.value.collection, refused.value.kind) == ("blobs", "increment")
    assert await store.sums(ANA) == {"blobs": 10}


async def test_the_first_addition_is_bound_too(store: Store) -> None:
    with pytest.raises(RequirementNotMet):
        await store.write(Increment(ANA, "blobs", 1, at_most=0), messages=[a_message()])
    assert await store.sums(ANA) == {}
    assert await nothing_was_written(store)


async def test_what_lessens_a_sum_is_never_refused(store: Store) -> None:
    await store.write(Increment(ANA, "bytes", 100))
    await store.write(Increment(ANA, "bytes", -1, at_most=10))
    assert await store.sums(ANA) == {"bytes": 99}


async def test_additions_of_one_write_to_the_same_sum_count_as_one(store: Store) -> None:
    await store.write(Increment(ANA, "bytes", 5), Increment(ANA, "bytes", 7), Increment(ANA, "bytes", -2))
    assert await store.sums(ANA) == {"bytes": 10}
    with pytest.raises(RequirementNotMet):
        await store.write(Increment(ANA, "bytes", 2, at_most=12), Increment(ANA, "bytes", 1))
    with pytest.raises(RequirementNotMet):
        await store.write(Increment(ANA, "bytes", 2, at_most=20), Increment(ANA, "bytes", 1, at_most=12))
    await store.write(Increment(ANA, "bytes", 5, at_most=12), Increment(ANA, "bytes", -3, at_most=12))
    assert await store.sums(ANA) == {"bytes": 12}
    await store.write(Increment(ANA, "bytes", 5, at_most=12), Increment(ANA, "bytes", -5))
    assert await store.sums(ANA) == {"bytes": 12}


async def test_of_several_sums_the_one_that_is_full_is_named(store: Store) -> None:
    await store.write(Increment(ANA, "bytes", 90), Increment(BO, "bytes", 95))
    for user_id, by in ((ANA, 11), (BO, 6)):
        with pytest.raises(RequirementNotMet) as refused:
            await store.write(
                Increment(user_id, "blobs", 1, at_most=10),
                Increment(user_id, "bytes", by, at_most=100),
                Increment(user_id, "runs", 1),
            )
        assert refused.value.collection == "bytes"
    assert await store.sums(ANA) == {"bytes": 90}
    assert await store.sums(BO) == {"bytes": 95}


OTHERS: dict[str, Step] = {
    "put": Put(THINGS, a_thing("thing-there")),
    "change": Put(THINGS, a_thing("thing-there", revision=9), expects=8),
    "delete": Delete(THINGS, ANA, "thing-nowhere"),
    "require": Require(THINGS, ANA, "thing-there", {"done": True}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_nothing_is_added_when_another_step_is_refused(store: Store, other: Step) -> None:
    await put_records(store, a_thing("thing-there"))
    for steps in ((other, Increment(ANA, "things", 1)), (Increment(ANA, "things", 1, at_most=9), other)):
        with pytest.raises(RequirementNotMet) as refused:
            await store.write(*steps)
        assert refused.value.collection == "ports.things"
    assert await store.sums(ANA) == {}


async def test_nothing_is_written_when_a_sum_is_full(store: Store) -> None:
    first, second = a_thing("thing-1"), a_thing("thing-2")
    await put_records(store, first, second)
    with pytest.raises(RequirementNotMet) as refused:
        await store.write(
            Put(THINGS, a_thing("thing-3")),
            Put(THINGS, replace(first, revision=2), expects=1),
            Put(COUNTERS, Counter(id="counter", user_id=ANA), expects=None),
            Delete(THINGS, ANA, second.id),
            Increment(ANA, "things", 1, at_most=0),
            messages=[a_message()],
        )
    assert (refused.value.collection, refused.value.kind) == ("things", "increment")
    assert await store.find(THINGS, ANA) == [first, second]
    assert await store.count(COUNTERS, ANA) == 0


async def test_a_write_of_every_kind_of_step_adds_too(store: Store) -> None:
    first, second = a_thing("thing-1"), a_thing("thing-2")
    await put_records(store, first, second)
    await store.write(
        Increment(ANA, "things", 1),
        Put(THINGS, a_thing("thing-3")),
        Put(THINGS, replace(first, revision=2), expects=1),
        Require(THINGS, ANA, first.id),
        Delete(THINGS, ANA, second.id),
        Increment(ANA, "bytes", -7, at_most=0),
        messages=[a_message()],
    )
    assert await store.count(THINGS, ANA) == 2
    assert await store.sums(ANA) == {"things": 1, "bytes": -7}


async def test_the_sums_of_many_users_are_added_to_in_one_write(store: Store) -> None:
    users = [f"user-{number:03}" for number in range(120)]
    await store.write(*(Increment(user_id, "days", number + 1, at_most=200) for number, user_id in enumerate(users)))
    assert await store.sums(users[7]) == {"days": 8}
    with pytest.raises(RequirementNotMet):
        await store.write(*(Increment(user_id, "days", 100, at_most=200) for user_id in users))
    assert await store.sums(users[7]) == {"days": 8}


async def test_those_who_have_a_sum_are_listed_by_id(store: Store) -> None:
    assert await store.list_users(None, 10) == []
    for user_id in ("user-c", ANA, "user-B", BO):
        await store.write(Increment(user_id, "blobs", 1), Increment(user_id, "bytes", 1))
    assert await store.list_users(None, 10) == ["user-B", ANA, BO, "user-c"]
    assert await store.list_users(None, 2) == ["user-B", ANA]
    assert await store.list_users(ANA, 2) == [BO, "user-c"]
    assert await store.list_users("user-c", 2) == []


# --- many at once ---


async def test_of_many_who_add_at_once_as_many_get_in_as_fit(store: Store) -> None:
    told = await asyncio.gather(
        *(
            store.write(
                Put(THINGS, a_thing(f"thing-{number:02}")),
                Increment(ANA, "things", 1, at_most=20),
                messages=[a_message(f"event-{number:02}")],
            )
            for number in range(60)
        ),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in told) == 20
    assert {(a.collection, a.kind) for a in told if isinstance(a, RequirementNotMet)} == {("things", "increment")}
    assert sum(isinstance(answer, RequirementNotMet) for answer in told) == 40
    assert await store.sums(ANA) == {"things": 20}
    assert await store.count(THINGS, ANA) == 20


async def test_one_user_who_is_full_takes_nobody_along(store: Store) -> None:
    await store.write(Increment(ANA, "things", 5))
    told = await asyncio.gather(
        *(
            store.write(
                Put(THINGS, a_thing(f"thing-{number:02}", user_id=(ANA, BO)[number % 2])),
                Increment((ANA, BO)[number % 2], "things", 1, at_most=5 if number % 2 == 0 else None),
            )
            for number in range(40)
        ),
        return_exceptions=True,
    )
    assert [answer is None for answer in told] == [number % 2 == 1 for number in range(40)]
    assert await store.sums(BO) == {"things": 20}
    assert await store.sums(ANA) == {"things": 5}


async def test_writes_with_different_bounds_each_keep_their_own(store: Store) -> None:
    chance = random.Random(7)
    bounds = [chance.choice([None, 5, 10, 15]) for _ in range(60)]
    told = await asyncio.gather(
        *(store.write(Put(THINGS, a_thing()), Increment(ANA, "things", 1, at_most=bound)) for bound in bounds),
        return_exceptions=True,
    )
    free = bounds.count(None)
    assert all(answer is None for answer, bound in zip(told, bounds, strict=True) if bound is None)
    done = sum(answer is None for answer in told)
    assert await store.sums(ANA) == {"things": done}
    assert free <= done <= free + 15
    assert await store.count(THINGS, ANA) == done


async def test_what_many_add_and_take_at_once_adds_up(store: Store) -> None:
    """Writers of every kind cross each other on the same sums; none waits for ever, and no bound is passed."""
    things = [a_thing(f"thing-{number}") for number in range(4)]
    await put_records(store, *things)
    expected = {(user_id, name): 0 for user_id in (ANA, BO) for name in ("blobs", "bytes")}

    async def work(chance: random.Random) -> None:
        for _ in range(10):
            adds = [
                Increment(user_id, name, by, at_most=40)
                for user_id, name in chance.sample(sorted(expected), chance.randint(1, 4))
                if (by := chance.randint(-5, 6))
            ]
            thing = chance.choice(things)
            others: list[Step] = [
                Put(COUNTERS, Counter(id=f"counter-{chance.random()}", user_id=ANA)),
                Put(THINGS, replace(thing, number=chance.randint(0, 9)), expects=None),
                Require(THINGS, ANA, thing.id),
            ]
            try:
                await store.write(chance.choice(others), *adds)
            except RequirementNotMet as refused:
                assert refused.kind == "increment"
            else:
                for add in adds:
                    expected[add.user_id, add.sum] += add.by

    await asyncio.gather(*(work(random.Random(seed)) for seed in range(8)))
    for user_id in (ANA, BO):
        sums = await store.sums(user_id)
        assert all(sums.get(name, 0) == value for (owner, name), value in expected.items() if owner == user_id)
        assert all(value <= 40 for value in sums.values())


async def test_a_hundred_writes_at_once_exceed_no_bound(store: Store) -> None:
    async def reserve(number: int) -> bool:
        try:
            await store.write(Increment(ANA, "spent", 3, at_most=20), Put(THINGS, a_thing(id=f"thing-{number}")))
        except RequirementNotMet as unmet:
            assert (unmet.collection, unmet.kind) == ("spent", "increment")
            return False
        return True

    done = await asyncio.gather(*map(reserve, range(100)))
    assert (done.count(True), (await store.sums(ANA))["spent"]) == (6, 18)
    assert await store.count(THINGS, ANA) == 6
