"""The queue for hashing passwords: in threads, bounded, and fair to all sources."""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from reyna.domain.errors import TooMuch

THREADS_PER_HASH: Final = 4  # the lanes of RFC 9106's low-memory profile
MAX_WAITING_HASHES: Final = 256  # at 50 to 100 ms each, the last one waits 13 to 26 s
MAX_WAITING_HASHES_PER_SOURCE: Final = 64
MAX_WAIT_SECONDS: Final = 10.0
RETRY_AFTER_SECONDS: Final = 5
THREAD_NICENESS: Final = 2  # hashing yields to everything else on this machine
QUEUE_FULL: Final = "Too many are signing in at this moment. Try again in a few seconds."
T = TypeVar("T")


class HashQueue:
    """Runs hashes in a few threads. Every source has a lane of its own and the lanes take turns (round robin), so that
    a thousand guesses from one source delay another source by one hash."""

    def __init__(self, threads: int | None = None, max_wait: float = MAX_WAIT_SECONDS) -> None:
        self._max_wait = max_wait
        self._free = threads or max(1, min(4, (os.cpu_count() or 1) // THREADS_PER_HASH))
        self._pool = ThreadPoolExecutor(self._free, "hashing", initializer=_lower_priority)
        self._lanes: dict[str, deque[asyncio.Future[None]]] = {}
        self._waiting = 0

    async def run(self, lane: str, work: Callable[[], T]) -> T:
        """Runs `work` in a thread when it is this lane's turn, and returns its result. Raises TooMuch when too many
        wait."""
        if self._free and not self._lanes:
            self._free -= 1
        else:
            await self._wait_for_turn(lane)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._free += 1
            self._call_next()

    async def _wait_for_turn(self, lane: str) -> None:
        """Returns when it is this lane's turn; a thread is reserved then."""
        waiting = self._lanes.get(lane)
        if self._waiting >= MAX_WAITING_HASHES or (
            waiting is not None and len(waiting) >= MAX_WAITING_HASHES_PER_SOURCE
        ):
            raise TooMuch(QUEUE_FULL, retry_after=RETRY_AFTER_SECONDS)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lanes.setdefault(lane, deque()).append(turn)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._max_wait):
                await turn
        except (asyncio.CancelledError, TimeoutError) as ended:
            if turn.done() and not turn.cancelled():  # its turn has just come
                self._free += 1
                self._call_next()
            if isinstance(ended, TimeoutError):
                raise TooMuch(QUEUE_FULL, retry_after=RETRY_AFTER_SECONDS) from None
            raise

    def _call_next(self) -> None:
        """Wakes the first of the lane that has waited longest, and puts its lane behind all others."""
        while self._free and self._lanes:
            lane = next(iter(self._lanes))
            waiting = self._lanes.pop(lane)
            turn = waiting.popleft()
            if waiting:
                self._lanes[lane] = waiting
            self._waiting -= 1
            if not turn.done():
                self._free -= 1
                turn.set_result(None)


def _lower_priority() -> None:
    """Lowers the priority of the current thread, where the system has priorities of threads."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), THREAD_NICENESS)
