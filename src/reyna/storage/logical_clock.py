"""A hybrid logical clock for the order in which a user makes things: stored numbers keep it whatever a clock shows."""

import functools
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar, cast

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.event import Message
from reyna.ports.store import AdvanceClock, RequirementNotMet, Step, Store
from reyna.storage.decorator import StoreDecorator

MAX_ATTEMPTS: Final = 20  # of a verb whose numbers are behind; after the first one it knows how far
MAX_CORRECTED_USERS: Final = 100_000  # users whose difference from this process's clock is remembered one by one
V = TypeVar("V", bound=Callable[..., Awaitable[Any]])


class ClockBehind(Exception):
    """Another process has stored larger numbers, so nothing was written; the next numbers are larger still."""


class LogicalClock:
    """Assigns numbers, each larger than all that were stored for this user before the call.

    A number is the time in microseconds since 1970, so that assigning one needs no read. Where the store has a larger
    one, because a clock was set back or another machine's clock is ahead, the write fails, and from then on the
    difference is added (a hybrid logical clock, after S. Kulkarni and others, "Logical Physical Clocks", 2014, with the
    store in the place of messages). One process never assigns a number twice; two processes may assign the same number
    in the same microsecond, which readers have to tell apart.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` gives nanoseconds since 1970."""
        self._clock = clock
        self._process = os.urandom(6).hex()
        self._last = 0
        self._corrections: dict[str, int] = {}  # user -> microseconds that are added
        self._common_correction = 0  # of all other users

    def next(self, user_id: str) -> int:
        """Returns the next number of this user."""
        self._last = max(self._last + 1, self._clock() // 1000)
        return self._last + self._correction_of(user_id)

    def step(self, user_id: str, number: int) -> AdvanceClock:
        """Returns the step that stores this number, and all smaller ones since the write before, as assigned."""
        now = self._clock() // 1000 + self._correction_of(user_id)
        return AdvanceClock(user_id, self._process, number, max(number, now))

    def catch_up(self, user_id: str, number: int) -> None:
        """Makes the next numbers of this user larger than the stored `number`."""
        correction = number + 1 - self._last
        if correction <= self._correction_of(user_id):
            return
        if len(self._corrections) >= MAX_CORRECTED_USERS:
            self._common_correction = max(self._corrections.values())
            self._corrections.clear()
        self._corrections[user_id] = correction

    def wrap(self, store: Store) -> Store:
        """Returns a decorator of the store whose writes raise ClockBehind."""
        return _ClockedStore(store, self)

    def _correction_of(self, user_id: str) -> int:
        if not self._corrections and not self._common_correction:
            return 0
        return self._corrections.get(user_id, self._common_correction)


class _ClockedStore(StoreDecorator):
    """A Store decorator: a write with numbers that are behind corrects the clock and raises ClockBehind."""

    def __init__(self, store: Store, clock: LogicalClock) -> None:
        super().__init__(store)
        self._clock = clock

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        try:
            await self._below.write(*steps, messages=messages)
        except RequirementNotMet as unmet:
            if unmet.kind != "advance_clock":
                raise
            for user_id in {step.user_id for step in steps if isinstance(step, AdvanceClock)}:
                self._clock.catch_up(user_id, (await self._below.clock_reading(user_id)).number)
            raise ClockBehind from unmet


def retry_when_clock_is_behind(verb: V) -> V:
    """Decorates a verb that assigns numbers: it is called again, with larger ones, when they are behind."""

    @functools.wraps(verb)
    async def retry(self: Any, caller: Caller, *args: Any, **named: Any) -> Any:
        for _ in range(MAX_ATTEMPTS):
            try:
                return await verb(self, caller, *args, **named)
            except ClockBehind:
                continue
        raise Conflict("Too many others write at the same time, by clocks that differ. Try again.")

    return cast(V, retry)
