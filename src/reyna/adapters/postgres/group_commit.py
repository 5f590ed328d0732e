"""Group commit: writes that wait at the same time are sent as one statement, for the price of one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from reyna.adapters.postgres.write_plan import Key, WritePlan, merge_plans
from reyna.ports.store import RequirementNotMet

MAX_STATEMENTS_IN_FLIGHT: Final = 2  # before the next writes wait and gather
MAX_WRITES_PER_STATEMENT: Final = 64  # more gain nothing, and all wait for the last
MAX_FULL_SUMS: Final = 1_000  # sums that are remembered as full


class GroupCommit:
    """Runs write plans: those that are written in the same turn of the event loop, or while all lanes are taken, are
    merged into one statement, in their order, as far as none of them updates what another one requires or updates.

    A write that adds to a sum which was full runs alone until there is room again, so that a user who keeps writing
    against a limit does not split the groups of others.
    """

    def __init__(self, run: Callable[[WritePlan], Awaitable[None]], lanes: int = MAX_STATEMENTS_IN_FLIGHT) -> None:
        self._run = run
        self._free_lanes = lanes
        self._full_sums: dict[tuple[str, str], None] = {}  # (user, sum)
        self._waiting: deque[tuple[WritePlan, asyncio.Future[None]]] = deque()
        self._lanes: set[asyncio.Task[None]] = set()

    async def write(self, plan: WritePlan) -> None:
        if not plan.can_share:
            await self._run(plan)
            return
        if self._full_sums and not self._full_sums.keys().isdisjoint(plan.additions):
            await self._run_alone(plan)
            return
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((plan, result))
        if len(self._waiting) == 1:
            self._open_lane()
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

    def _open_lane(self) -> None:
        """Starts a lane, if one is free, in the next turn of the event loop, when more writes may be there.

        It is a task of its own, so that no writer delays the others or takes them along when it is cancelled.
        """
        if self._free_lanes:
            self._free_lanes -= 1
            lane = asyncio.create_task(self._run_lane())
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)

    async def _run_lane(self) -> None:
        """Runs what waits, until nothing does."""
        try:
            while self._waiting:
                group = self._take_group()
                if self._waiting:
                    self._open_lane()
                await self._run_group(group)
        finally:
            self._free_lanes += 1

    def _take_group(self) -> list[tuple[WritePlan, asyncio.Future[None]]]:
        """Takes the writes that wait, in their order, as far as they can be one statement."""
        group = [self._waiting.popleft()]
        required, changed = set(group[0][0].required), set(group[0][0].changed)
        while self._waiting and len(group) < MAX_WRITES_PER_STATEMENT:
            plan = self._waiting[0][0]
            if _would_interfere(plan, required, changed):
                break
            required |= plan.required
            changed |= plan.changed
            group.append(self._waiting.popleft())
        return group

    async def _run_group(self, group: list[tuple[WritePlan, asyncio.Future[None]]]) -> None:
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


def _would_interfere(plan: WritePlan, required: set[Key], changed: set[Key]) -> bool:
    """Returns True when the plan updates one of these records, or requires one that they update."""
    return not (
        changed.isdisjoint(plan.required) and changed.isdisjoint(plan.changed) and required.isdisjoint(plan.changed)
    )
