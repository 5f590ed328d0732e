"""The runs of one processor: those that are handed out, and those that are held, by user."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

import msgspec

from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.dispatch.rate_limiter import RunRateLimiter
from reyna.services.processors.dispatch.turns import Turns
from reyna.services.processors.dispatch.user_queue import HeldRun, UserQueue

PREFETCH_SECONDS: Final = 0.05  # of work that is handed out ahead, at most one run for each that is at work
DURATION_SMOOTHING: Final = 0.1  # of the mean duration of runs


class InFlight(msgspec.Struct):
    """A run that is handed out; `since` is the time of the latest change, `started` that of its start."""

    user_id: str
    since: float
    started: float | None = None


class ProcessorQueue:
    """`max_concurrency` and `rate_limiter` are the limits of the processor itself."""

    def __init__(self, policy: DispatchPolicy, elapsed: Callable[[], float]) -> None:
        self._policy, self._elapsed = policy, elapsed
        self.in_flight: dict[str, InFlight] = {}  # by run
        self.held: dict[str, UserQueue] = {}  # by user
        self.turns = Turns(policy.weights)
        self.max_concurrency: int | None = None
        self.rate_limiter: RunRateLimiter | None = None
        self.at_limit: set[str] = set()  # users that wait for one of their own runs to end
        self._resting: list[tuple[float, str]] = []  # users that wait for their rate limit; a heap by time
        self._resting_users: set[str] = set()
        self._working = 0  # of those in flight
        self._mean_seconds: float | None = None

    def window(self, capacity: int) -> int:
        """Returns how many runs may be in flight when the live workers do `capacity` runs at a time.

        While no worker is known, or only some of them, there is always one run to be had beyond those at work.
        """
        if capacity:
            wanted = max(capacity, self._working) + self._prefetch(capacity)
        else:
            wanted = self._working + self._policy.spare_runs
        return wanted if self.max_concurrency is None else min(wanted, self.max_concurrency)

    def hand_out(self, user_id: str, run_id: str) -> None:
        """Counts a run as handed out, and as its user's turn."""
        if run_id in self.in_flight:
            return
        self.in_flight[run_id] = InFlight(user_id, self._elapsed())
        self.turns.take(user_id)
        if self.rate_limiter is not None:
            self.rate_limiter.count()

    def start(self, run_id: str) -> None:
        """Counts a run that is handed out as at work."""
        run = self.in_flight[run_id]
        if run.started is None:
            self._working += 1
            run.started = run.since = self._elapsed()

    def remove(self, run_id: str, *, completed: bool = False) -> InFlight | None:
        """Removes a run that was handed out, if it is known."""
        run = self.in_flight.pop(run_id, None)
        if run is not None and run.started is not None:
            self._working -= 1
            if completed:
                self._record_duration(self._elapsed() - run.started)
        return run

    def hold(self, user_id: str, held: HeldRun) -> None:
        self.held.setdefault(user_id, UserQueue()).add(held)
        self.turns.join(user_id)

    def discard_held(self, user_id: str, run_id: str) -> None:
        if (queue := self.held.get(user_id)) is not None:
            queue.discard(run_id)
            if queue.is_empty:
                del self.held[user_id]

    def rest(self, user_id: str, seconds: float) -> None:
        """Queues the user again in so many seconds."""
        if user_id not in self._resting_users:
            self._resting_users.add(user_id)
            heappush(self._resting, (self._elapsed() + seconds, user_id))

    def wake_rested(self) -> None:
        while self._resting and self._resting[0][0] <= self._elapsed():
            _, user_id = heappop(self._resting)
            self._resting_users.discard(user_id)
            self.turns.join(user_id)

    def seconds_until_rested(self) -> float | None:
        """Returns the time until the next user has rested; None when nobody rests."""
        return max(0.0, self._resting[0][0] - self._elapsed()) if self._resting else None

    def _prefetch(self, capacity: int) -> int:
        if not self._mean_seconds:
            return 0
        return min(int(capacity * PREFETCH_SECONDS / self._mean_seconds), capacity)

    def _record_duration(self, seconds: float) -> None:
        before = seconds if self._mean_seconds is None else self._mean_seconds
        self._mean_seconds = max(before + DURATION_SMOOTHING * (seconds - before), 1e-4)
