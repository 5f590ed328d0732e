"""A rate limiter for runs: a token bucket, so that a pause allows a small burst."""

from collections.abc import Callable
from typing import Final

ROUNDING_ERROR: Final = 1e-6  # of a run
BURST_SHARE: Final = 10  # a tenth of a minute's runs may start at once


class RunRateLimiter:
    """Allows at most so many runs in a minute; `elapsed` is a monotonic clock in seconds."""

    def __init__(self, per_minute: int, elapsed: Callable[[], float]) -> None:
        self.per_minute, self._elapsed = per_minute, elapsed
        self._burst = max(1, per_minute // BURST_SHARE)
        self._per_second = max(1, per_minute - self._burst) / 60.0
        self._tokens, self._at = float(self._burst), elapsed()

    def seconds_until_allowed(self) -> float:
        """Returns 0 when a run may start now."""
        self._refill()
        missing = 1.0 - self._tokens
        return missing / self._per_second if missing > ROUNDING_ERROR else 0.0

    def count(self) -> None:
        """Counts a run that starts, also one that another copy of the service has started over the limit."""
        self._refill()
        self._tokens = max(self._tokens - 1.0, -float(self.per_minute))

    def _refill(self) -> None:
        now = self._elapsed()
        self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._per_second)
        self._at = now
