"""The promises of every store about logical clocks: no process falls behind what another one has written."""

import asyncio

import pytest

from reyna.ports.store import AdvanceClock, ClockReading, Increment, Put, RequirementNotMet, Store
from tests.contracts.sample_records import THINGS, a_message, a_thing
from tests.contracts.test_store_write import ANA, BO, nothing_was_written


@pytest.fixture(params=["memory", "postgres", "mongo"])
def store(request: pytest.FixtureRequest) -> Store:
    """What is staged is the work of one process, and judged by the store below."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


def gives(number: int, *, by: str = "one", limit: int | None = None, user_id: str = ANA) -> AdvanceClock:
    return AdvanceClock(user_id, by, number, number if limit is None else limit)


async def test_what_was_given_out_is_reached(store: Store) -> None:
    assert await store.clock_reading(ANA) == ClockReading()
    await store.write(gives(5))
    await store.write(gives(9), gives(3, limit=12))
    assert (await store.clock_reading(ANA)).number == 9
    assert await store.clock_reading(BO) == ClockReading()


async def test_the_numbers_of_one_process_may_come_in_any_order(store: Store) -> None:
    for number in (5, 3, 4):
        await store.write(gives(number))
    assert await store.clock_reading(ANA) == ClockReading(5, "one", 0)


async def test_a_process_that_is_behind_another_writes_nothing(store: Store) -> None:
    await store.write(gives(5))
    for step in (gives(4, by="two"), gives(5, by="two")):
        with pytest.raises(RequirementNotMet) as refused:
            await store.write(Put(THINGS, a_thing()), step, Increment(ANA, "things", 1), messages=[a_message()])
        assert (refused.value.collection, refused.value.kind) == ("", "advance_clock")
    assert await nothing_was_written(store)
    assert await store.sums(ANA) == {}
    await store.write(gives(6, by="two"))
    assert await store.clock_reading(ANA) == ClockReading(6, "two", 5)


async def test_what_others_wrote_is_remembered_beside_what_one_writes_itself(store: Store) -> None:
    await store.write(gives(5))
    await store.write(gives(6, by="two"))
    await store.write(gives(9, by="one"))
    with pytest.raises(RequirementNotMet):
        await store.write(gives(6, by="one"))
    await store.write(gives(7, by="one"))
    with pytest.raises(RequirementNotMet):
        await store.write(gives(8, by="two"))


async def test_the_limit_may_lie_above_the_number(store: Store) -> None:
    await store.write(gives(5))
    await store.write(gives(4, by="two", limit=6))
    assert (await store.clock_reading(ANA)).number == 5


async def test_the_orders_of_two_users_have_nothing_to_do_with_each_other(store: Store) -> None:
    await store.write(gives(5), gives(2, user_id=BO))
    await store.write(gives(3, by="two", user_id=BO))
    assert ((await store.clock_reading(ANA)).number, (await store.clock_reading(BO)).number) == (5, 3)


async def test_an_order_is_no_sum(store: Store) -> None:
    await store.write(gives(5), Increment(ANA, "things", 2))
    assert await store.sums(ANA) == {"things": 2}


async def test_many_at_once_are_each_judged_by_themselves(store: Store) -> None:
    await store.write(gives(100))
    writes = [
        store.write(Put(THINGS, a_thing()), gives(number, by="two"), messages=[a_message()])
        for number in (50, *range(101, 131))
    ]
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(one, RequirementNotMet) for one in done] == [True] + 30 * [False]
    assert await store.count(THINGS, ANA) == 30
    assert await store.clock_reading(ANA) == ClockReading(130, "two", 100)


async def test_of_two_processes_at_once_neither_falls_behind_what_the_other_has_written(store: Store) -> None:
    async def write(number: int) -> int | None:
        try:
            await store.write(gives(number, by=str(number % 2)))
        except RequirementNotMet:
            return None
        return number

    done = [number for number in await asyncio.gather(*map(write, range(1, 41))) if number]
    reached = await store.clock_reading(ANA)
    assert reached.number == max(done)
    assert reached.others == max((number for number in done if number % 2 != reached.number % 2), default=0)
