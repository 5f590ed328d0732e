"""Group commit: writes that wait at the same time go together, and a refusal concerns only its own writer."""

import asyncio
from collections.abc import Callable

import pytest

from reyna.adapters.postgres.group_commit import GroupCommit
from reyna.adapters.postgres.sql import Table
from reyna.adapters.postgres.write_plan import WritePlan, merge_plans, plan_write
from reyna.domain.errors import Fault
from reyna.ports.store import Delete, Increment, Put, Require, RequirementNotMet, Step
from tests.contracts.sample_records import THINGS, a_thing

TABLES = {THINGS.name: Table(THINGS)}


def a_write(*steps: Step) -> WritePlan:
    return plan_write(TABLES, steps or (Put(THINGS, a_thing()),), [])


class Engine:
    """Stands for the database: notes how many records each statement has, and waits until it is let go."""

    def __init__(self, answer: Callable[[WritePlan], Exception | None] = lambda plan: None) -> None:
        self.statements: list[int] = []
        self.open = asyncio.Event()
        self._answer = answer

    async def run(self, plan: WritePlan) -> None:
        self.statements.append(size(plan))
        await self.open.wait()
        if error := self._answer(plan):
            raise error


def size(plan: WritePlan) -> int:
    return sum(len(rows) for rows in plan.groups.values())


async def begin(group_commit: GroupCommit, plan: WritePlan) -> asyncio.Future[None]:
    """Begins to write a plan, and returns when its statement was sent or waits."""
    write = asyncio.ensure_future(group_commit.write(plan))
    await asyncio.sleep(0)  # it waits for the end of this turn of the event loop,
    await asyncio.sleep(0)  # in which its lane was opened
    return write


async def write_in_turn(engine: Engine, group_commit: GroupCommit, *plans: WritePlan) -> list[BaseException | None]:
    """All plans written one after the other, and their answers after the engine was let go."""
    writes = [await begin(group_commit, plan) for plan in plans]
    engine.open.set()
    return await asyncio.gather(*writes, return_exceptions=True)


async def test_a_lone_write_goes_at_once_and_those_that_wait_go_as_one() -> None:
    engine = Engine()
    assert await write_in_turn(engine, GroupCommit(engine.run, lanes=2), *(a_write() for _ in range(30))) == [None] * 30
    assert engine.statements == [1, 1, 28]


async def test_those_that_come_in_one_turn_of_the_event_loop_go_as_one() -> None:
    engine = Engine()
    engine.open.set()
    group_commit = GroupCommit(engine.run, lanes=2)
    await asyncio.gather(*(group_commit.write(a_write()) for _ in range(100)))
    assert engine.statements == [64, 36]


async def test_no_more_go_together_than_is_good_for_the_last() -> None:
    engine = Engine()
    await write_in_turn(engine, GroupCommit(engine.run, lanes=1), *(a_write() for _ in range(150)))
    assert engine.statements == [1, 64, 64, 21]


async def test_writes_that_change_different_records_go_as_one() -> None:
    engine = Engine()
    changes = [a_write(Put(THINGS, a_thing(f"thing-{number}", revision=2), expects=1)) for number in range(3)]
    await write_in_turn(engine, GroupCommit(engine.run, lanes=1), a_write(), a_write(), *changes, a_write())
    assert engine.statements == [1, 5]


async def test_two_changes_of_the_same_record_go_one_after_the_other() -> None:
    engine = Engine()
    first, second = (a_write(Put(THINGS, a_thing("a", revision=number), expects=number - 1)) for number in (2, 3))
    await write_in_turn(engine, GroupCommit(engine.run, lanes=1), a_write(), a_write(), first, second, a_write())
    assert engine.statements == [1, 2, 2]


@pytest.mark.parametrize("change_comes_first", [True, False])
async def test_a_write_that_requires_what_another_changes_does_not_go_with_it(change_comes_first: bool) -> None:
    engine = Engine()
    thing = a_thing("a", revision=2)
    plans = [a_write(Put(THINGS, thing, expects=1)), a_write(Require(THINGS, thing.user_id, thing.id))]
    await write_in_turn(
        engine, GroupCommit(engine.run, lanes=1), a_write(), *(plans if change_comes_first else reversed(plans))
    )
    assert engine.statements == [1, 1, 1]


async def test_a_write_that_deletes_waits_for_nobody() -> None:
    engine = Engine()
    delete = Delete(THINGS, "user-ana", "thing-1")
    await write_in_turn(engine, GroupCommit(engine.run, lanes=1), a_write(), a_write(), a_write(delete), a_write())
    assert engine.statements == [1, 1, 2]


async def test_one_that_is_refused_does_not_hurt_those_who_went_with_it() -> None:
    engine = Engine(
        lambda plan: (
            RequirementNotMet("ports.things", "require") if any(g.kind == "require" for g in plan.groups) else None
        )
    )
    refused = a_write(Require(THINGS, "user-ana", "thing-nowhere"))
    answers = await write_in_turn(engine, GroupCommit(engine.run, lanes=1), a_write(), a_write(), refused, a_write())
    assert [type(answer) for answer in answers] == [type(None), type(None), RequirementNotMet, type(None)]
    assert engine.statements == [1, 3, 1, 2, 1, 1]


async def test_one_that_is_refused_is_found_by_halves() -> None:
    engine = Engine(
        lambda plan: (
            RequirementNotMet("ports.things", "require") if any(g.kind == "require" for g in plan.groups) else None
        )
    )
    refused = a_write(Require(THINGS, "user-ana", "thing-nowhere"))
    plans = [a_write(), *(a_write() for _ in range(63)), refused]
    answers = await write_in_turn(engine, GroupCommit(engine.run, lanes=1), *plans)
    assert [type(answer) for answer in answers].count(RequirementNotMet) == 1
    assert engine.statements == [1, 64, 32, 32, 16, 16, 8, 8, 4, 4, 2, 2, 1, 1]


async def test_a_fault_is_told_to_everyone_it_hit_and_the_next_go_on() -> None:
    engine = Engine(lambda plan: Fault() if size(plan) > 1 else None)
    group_commit = GroupCommit(engine.run, lanes=1)
    answers = await write_in_turn(engine, group_commit, a_write(), a_write(), a_write())
    assert [type(answer) for answer in answers] == [type(None), Fault, Fault]
    await group_commit.write(a_write())


async def test_whoever_gives_up_while_waiting_takes_nobody_along() -> None:
    engine = Engine()
    group_commit = GroupCommit(engine.run, lanes=1)
    first, second, third = [await begin(group_commit, a_write()) for _ in range(3)]
    first.cancel()
    second.cancel()
    engine.open.set()
    await third
    for given_up in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await given_up
    assert engine.statements == [1, 2]
    await group_commit.write(a_write())


def test_what_several_writes_add_to_a_sum_goes_as_one_addition_within_the_smallest_bound() -> None:
    adds = [
        Increment("user-ana", "blobs", 1, 20),
        Increment("user-ana", "blobs", 2),
        Increment("user-ana", "blobs", -1, 5),
    ]
    plan = merge_plans(
        [a_write(add) for add in [*adds, Increment("user-ana", "blobs", 1, 30), Increment("user-bo", "blobs", 1)]]
    )
    assert plan.additions == {("user-ana", "blobs"): (3, 20), ("user-bo", "blobs"): (1, None)}
    assert plan.can_share


async def test_whoever_hammers_at_a_full_sum_goes_alone_until_there_is_room_again() -> None:
    full = True

    def answer(plan: WritePlan) -> Exception | None:
        return RequirementNotMet("blobs", "increment") if full and ("user-ana", "blobs") in plan.additions else None

    engine = Engine(answer)
    group_commit = GroupCommit(engine.run, lanes=1)
    greedy = [a_write(Put(THINGS, a_thing()), Increment("user-ana", "blobs", 1, 5)) for _ in range(3)]
    (refused,) = await write_in_turn(engine, group_commit, greedy[0])
    assert isinstance(refused, RequirementNotMet)
    engine.statements.clear()
    engine.open.clear()
    answers = await write_in_turn(engine, group_commit, a_write(), greedy[1], a_write(), a_write())
    assert [type(answer) for answer in answers] == [type(None), RequirementNotMet, type(None), type(None)]
    assert sorted(engine.statements) == [1, 1, 2]
    full = False
    assert await write_in_turn(engine, group_commit, greedy[2]) == [None]
    engine.statements.clear()
    engine.open.clear()
    await write_in_turn(
        engine, group_commit, *(a_write(Increment("user-ana", "blobs", 1), Put(THINGS, a_thing())) for _ in range(3))
    )
    assert engine.statements == [1, 2]
