"""A rate limiter for costly work, so that no user keeps the service busy."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from reyna.domain.errors import TooMuch

DEFAULT_BURST: Final = 120  # registrations and checks, such as a library of schemas pushed at once
DEFAULT_PER_SECOND: Final = 1.0  # tokens that come back each second
MAX_REMEMBERED_USERS: Final = 10_000  # the users who have waited longest are forgotten first


class RateLimiter:
    """A token bucket for each user."""

    def __init__(
        self,
        burst: int = DEFAULT_BURST,
        per_second: float = DEFAULT_PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        *,
        message: str = "You have checked or registered many schemas",
    ) -> None:
        """`message`: the beginning of the refusal for a user without tokens."""
        self._message = message
        self._burst, self._per_second, self._clock = burst, per_second, clock
        self._tokens: dict[str, tuple[float, float]] = {}  # tokens left, and the time of the last request

    def take(self, user_id: str) -> None:
        """Takes one token of the user. Raises TooMuch, with the seconds to wait as `retry_after`, when none is
        left."""
        now = self._clock()
        tokens, since = self._tokens.pop(user_id, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        self._tokens[user_id] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._tokens) > MAX_REMEMBERED_USERS:
            del self._tokens[next(iter(self._tokens))]
        if tokens < 1:
            wait = ceil((1 - tokens) / self._per_second)
            raise TooMuch(f"{self._message}; try again in {wait} s.", retry_after=wait)
