"""How often a guess may fail."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from reyna.domain.errors import TooMuch

FAILURES: Final = 10  # a forgetful person stays below, a guesser learns nothing
WINDOW: Final = 900.0  # seconds
REMEMBERED: Final = 10_000  # names; beyond that the oldest is forgotten


class Throttle:
    """Counts failures by name in a sliding window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, deque[float]] = defaultdict(deque)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, name: str) -> AsyncIterator[None]:
        """One guess after another for this name, so that a thousand at once are counted too. Raises TooMuch."""
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = asyncio.Lock()
        async with turn:
            self.check(name)
            yield

    def check(self, name: str) -> None:
        """Raises TooMuch when this name has failed too often lately."""
        failures = self._failures.get(name)
        if not failures:
            return
        while failures and failures[0] < self._clock() - WINDOW:
            failures.popleft()
        if len(failures) >= FAILURES:
            wait = int(failures[0] + WINDOW - self._clock()) + 1
            raise TooMuch(f"Too many failed attempts. Try again in {wait // 60 + 1} minutes.", retry_after=wait)

    def failed(self, name: str) -> None:
        if len(self._failures) >= REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[name].append(self._clock())

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)
