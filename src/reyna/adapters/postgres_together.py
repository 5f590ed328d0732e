"""Group commit: writes that wait at the same time go as one statement, for the price of one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from reyna.adapters.postgres_write import Plan, merged
from reyna.ports import Unmet

LANES: Final = 2  # statements under way before the next writes wait and gather
MOST: Final = 64  # writes in one statement: more gain nothing, and all wait for the last


class Together:
    """Runs plans; those that find all lanes taken are merged with the others that do, and run when a lane is free.

    A lone writer never waits for company.
    """

    def __init__(self, run: Callable[[Plan], Awaitable[None]], lanes: int = LANES) -> None:
        self._run = run
        self._free = lanes
        self._waiting: deque[tuple[Plan, asyncio.Future[None]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, plan: Plan) -> None:
        if not plan.can_share:
            await self._run(plan)
            return
        if not self._free:
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((plan, answer))
            await answer
            return
        self._free -= 1
        try:
            await self._run(plan)
        finally:
            self._pass_on()

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
            await self._run(plan)
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(None)
