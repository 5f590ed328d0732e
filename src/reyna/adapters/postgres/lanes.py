"""Lanes: statements that are sent side by side, each for all that waits at the time, as far as it fits into one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_STATEMENTS_IN_FLIGHT: Final = 2  # before the next items wait and gather


class Lanes(Generic[T]):
    """Runs what waits in groups. `take_group` takes the next one from the front, `run_group` runs it and raises
    nothing."""

    def __init__(
        self,
        take_group: Callable[[deque[T]], list[T]],
        run_group: Callable[[list[T]], Awaitable[None]],
        lanes: int = MAX_STATEMENTS_IN_FLIGHT,
    ) -> None:
        self._take_group, self._run_group = take_group, run_group
        self._free = lanes
        self._waiting: deque[T] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, item: T) -> None:
        self._waiting.append(item)
        if len(self._waiting) == 1:
            self._open()

    def _open(self) -> None:
        """Starts a lane, if one is free, in the next turn of the event loop, when more items may be there.

        It is a task of its own, so that nobody who waits delays the others or takes them along when cancelled.
        """
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        """Runs what waits, until nothing does."""
        try:
            while self._waiting:
                group = self._take_group(self._waiting)
                if self._waiting:
                    self._open()
                await self._run_group(group)
        finally:
            self._free += 1
