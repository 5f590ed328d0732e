"""How often one user may have schemas looked at, so that nobody keeps the house busy."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from reyna.domain.errors import TooMuch

AT_ONCE: Final = 120  # registrations and checks; a library of schemas pushed in one go
EACH_SECOND: Final = 1.0  # that come back while waiting
REMEMBERED: Final = 10_000  # users; whoever has their whole share again is forgotten first


class Pace:
    """Gives each user a share that refills as time goes by (a token bucket)."""

    def __init__(
        self, at_once: int = AT_ONCE, each_second: float = EACH_SECOND, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rate, self._clock = at_once, each_second, clock
        self._left: dict[str, tuple[float, float]] = {}  # what was left, and when that was

    def take(self, user_id: str) -> None:
        """One of the user's share. Raises TooMuch, with the seconds to wait as `retry_after`, when none is left."""
        now = self._clock()
        left, since = self._left.pop(user_id, (float(self._most), now))
        left = min(self._most, left + (now - since) * self._rate)
        self._left[user_id] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]
        if left < 1:
            wait = ceil((1 - left) / self._rate)
            raise TooMuch(f"You have had many schemas looked at; try again in {wait} s.", retry_after=wait)
