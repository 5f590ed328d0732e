"""Group commit: writes that wait at the same time go as one statement, for the price of one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from reyna.adapters.postgres_write import Plan, merged
from reyna.ports import Unmet

LANES: Final = 2  # statements under way before the next writes wait and gather
MOST: Final = 64  # writes in one statement: more gain nothing, and all wait for the last
MOST_FULL: Final = 1_000  # sums that are remembered as full


class Together:
    """Runs plans; those that find all lanes taken are merged with the others that do, and run when a lane is free.

    A lone writer never waits for company. Whoever adds to a sum that was full goes alone until there is room again, so
    that a user who hammers at a limit does not part the others from their company.
    """

    def __init__(self, run: Callable[[Plan], Awaitable[None]], lanes: int = LANES) -> None:
        self._run = run
        self._free = lanes
        self._full: dict[tuple[str, str], None] = {}  # (user, sum)
        self._waiting: deque[tuple[Plan, asyncio.Future[None]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, plan: Plan) -> None:
        if not plan.can_share:
            await self._run(plan)
            return
        if self._full and not self._full.keys().isdisjoint(plan.additions):
            await self._judged(plan)
            return
        if not self._free:
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((plan, answer))
            await answer
            return
        self._free -= 1
        try:
            await self._judged(plan)
        finally:
            self._pass_on()

    async def _judged(self, plan: Plan) -> None:
        """Run it by itself, and remember which of its sums was full."""
        try:
            await self._run(plan)
        except Unmet as unmet:
            if unmet.kind == "add":
                self._full |= {key: None for key in plan.additions if key[1] == unmet.collection}
                if len(self._full) > MOST_FULL:
                    del self._full[next(iter(self._full))]
            raise
        if self._full:
            for key in plan.additions:
                self._full.pop(key, None)

    def _pass_on(self) -> None:
        """Give the lane to those who wait, or back."""
        if not self._waiting:
            self._free += 1
            return
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]
        # A task of its own: whoever was just served should not be kept, nor cancel the others when cancelled.
        task = asyncio.create_task(self._serve(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, batch: list[tuple[Plan, asyncio.Future[None]]]) -> None:
        try:
            await self._run(merged([plan for plan, _ in batch]))
        except (Unmet, ValueError):
            # Somebody's condition does not hold. Each on its own gets its own answer.
            for plan, answer in batch:
                await self._alone(plan, answer)
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for _, answer in batch:
                if not answer.done():
                    answer.set_result(None)
        finally:
            self._pass_on()

    async def _alone(self, plan: Plan, answer: asyncio.Future[None]) -> None:
        try:
            await self._judged(plan)
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(None)
