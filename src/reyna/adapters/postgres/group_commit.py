"""Group commit: writes that wait at the same time are sent as one statement, for the price of one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from reyna.adapters.postgres.lanes import MAX_STATEMENTS_IN_FLIGHT, Lanes
from reyna.adapters.postgres.write_plan import Key, WritePlan, merge_plans
from reyna.ports.store import RequirementNotMet

MAX_WRITES_PER_STATEMENT: Final = 64  # more gain nothing, and all wait for the last
MAX_FULL_SUMS: Final = 1_000  # sums that are remembered as full


class WaitingWrite(NamedTuple):
    """A write, and the future that ends with it."""

    plan: WritePlan
    result: asyncio.Future[None]


class GroupCommit:
    """Runs write plans: those that are written in the same turn of the event loop, or while all lanes are taken, are
    merged into one statement, in their order, as far as none of them updates what another one requires or updates.

    A write that adds to a sum which was full runs alone until there is room again, so that a user who keeps writing
    against a limit does not split the groups of others.
    """

    def __init__(self, run: Callable[[WritePlan], Awaitable[None]], lanes: int = MAX_STATEMENTS_IN_FLIGHT) -> None:
        self._run = run
        self._full_sums: dict[tuple[str, str], None] = {}  # (user, sum)
        self._lanes = Lanes(_take_group, self._run_group, lanes)

    async def write(self, plan: WritePlan) -> None:
        if not plan.can_share:
            await self._run(plan)
            return
        if self._full_sums and not self._full_sums.keys().isdisjoint(plan.additions):
            await self._run_alone(plan)
            return
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes.add(WaitingWrite(plan, result))
        await result

    async def _run_alone(self, plan: WritePlan) -> None:
        """Runs a plan by itself, and remembers which of its sums was full."""
        try:
            await self._run(plan)
        except RequirementNotMet as unmet:
            if unmet.kind == "increment":
                self._full_sums |= {key: None for key in plan.additions if key[1] == unmet.collection}
                if len(self._full_sums) > MAX_FULL_SUMS:
                    del self._full_sums[next(iter(self._full_sums))]
            raise
        if self._full_sums:
            for key in plan.additions:
                self._full_sums.pop(key, None)

    async def _run_group(self, group: list[WaitingWrite]) -> None:
        if len(group) == 1:
            await self._run_for(*group[0])
            return
        try:
            await self._run(merge_plans([plan for plan, _ in group]))
        except (RequirementNotMet, ValueError):
            # A condition of one of them does not hold. It is found by halves, so that few of the others go alone.
            await self._run_group(group[: len(group) // 2])
            await self._run_group(group[len(group) // 2 :])
        except Exception as error:
            for _, result in group:
                if not result.done():
                    result.set_exception(error)
        else:
            for _, result in group:
                if not result.done():
                    result.set_result(None)

    async def _run_for(self, plan: WritePlan, result: asyncio.Future[None]) -> None:
        try:
            await self._run_alone(plan)
        except Exception as error:
            if not result.done():
                result.set_exception(error)
        else:
            if not result.done():
                result.set_result(None)


def _take_group(waiting: deque[WaitingWrite]) -> list[WaitingWrite]:
    """Takes the writes that wait, in their order, as far as they can be one statement."""
    group = [waiting.popleft()]
    required, changed = set(group[0].plan.required), set(group[0].plan.changed)
    while waiting and len(group) < MAX_WRITES_PER_STATEMENT:
        plan = waiting[0].plan
        if _would_interfere(plan, required, changed):
            break
        required |= plan.required
        changed |= plan.changed
        group.append(waiting.popleft())
    return group


def _would_interfere(plan: WritePlan, required: set[Key], changed: set[Key]) -> bool:
    """Returns True when the plan updates one of these records, or requires one that they update."""
    return not (
        changed.isdisjoint(plan.required) and changed.isdisjoint(plan.changed) and required.isdisjoint(plan.changed)
    )
