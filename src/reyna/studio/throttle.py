"""How often a guess may fail."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from reyna.domain.errors import TooMuch

FAILURES: Final = 10  # a forgetful person stays below, a guesser learns nothing
WINDOW: Final = 900.0  # seconds
REMEMBERED: Final = 10_000  # names; beyond that the oldest is forgotten


class Throttle:
    """Counts failures by name in a sliding window."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, deque[float]] = defaultdict(deque)

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
