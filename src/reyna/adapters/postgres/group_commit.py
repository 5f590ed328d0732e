"""Group commit: writes that wait at the same time are sent as one statement, for the price of one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from reyna.adapters.postgres.write_statement import WritePlan, merge_plans
from reyna.ports.store import RequirementNotMet

MAX_STATEMENTS_IN_FLIGHT: Final = 2  # before the next writes wait and gather
MAX_WRITES_PER_STATEMENT: Final = 64  # more gain nothing, and all wait for the last
MAX_FULL_SUMS: Final = 1_000  # sums that are remembered as full


class GroupCommit:
    """Runs write plans; those that find all lanes taken are merged, and run when a lane is free.

    A lone writer never waits for others. A write that adds to a sum which was full runs alone until there is room
    again, so that a user who keeps writing against a limit does not split the groups of others.
    """

    def __init__(self, run: Callable[[WritePlan], Awaitable[None]], lanes: int = MAX_STATEMENTS_IN_FLIGHT) -> None:
        self._run = run
        self._free_lanes = lanes
        self._full_sums: dict[tuple[str, str], None] = {}  # (user, sum)
        self._waiting: deque[tuple[WritePlan, asyncio.Future[None]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, plan: WritePlan) -> None:
        if not plan.can_share:
            await self._run(plan)
            return
        if self._full_sums and not self._full_sums.keys().isdisjoint(plan.additions):
            await self._run_alone(plan)
            return
        if not self._free_lanes:
            result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((plan, result))
            await result
            return
        self._free_lanes -= 1
        try:
            await self._run_alone(plan)
        finally:
            self._pass_on_lane()

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

    def _pass_on_lane(self) -> None:
        """Gives the lane to the plans that wait, or back."""
        if not self._waiting:
            self._free_lanes += 1
            return
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_WRITES_PER_STATEMENT))]
        # A task of its own, since the writer that was just served must neither be delayed nor cancel the others.
        task = asyncio.create_task(self._run_group(group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_group(self, group: list[tuple[WritePlan, asyncio.Future[None]]]) -> None:
        try:
            await self._run(merge_plans([plan for plan, _ in group]))
        except (RequirementNotMet, ValueError):
            # A condition of one of them does not hold: each on its own gets its own result.
            for plan, result in group:
                await self._run_for(plan, result)
        except Exception as error:
            for _, result in group:
                if not result.done():
                    result.set_exception(error)
        else:
            for _, result in group:
                if not result.done():
                    result.set_result(None)
        finally:
            self._pass_on_lane()

    async def _run_for(self, plan: WritePlan, result: asyncio.Future[None]) -> None:
        try:
            await self._run_alone(plan)
        except Exception as error:
            if not result.done():
                result.set_exception(error)
        else:
            if not result.done():
                result.set_result(None)
