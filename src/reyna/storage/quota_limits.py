"""Quota limits on the sums of a user: a write that would exceed one is refused with the used and the allowed amount."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import TooMuch
from reyna.domain.event import Event, Message
from reyna.ports.store import Increment, RequirementNotMet, Step, Store
from reyna.storage.decorator import StoreDecorator

EVENT_INTERVAL_SECONDS: Final = 60.0  # between two `quota.exceeded` events of one user and limit from one process
MAX_EVENT_TIMES: Final = 10_000  # users and limits whose latest event is remembered


class QuotaLimits:
    """The limits of a service, the same for each of its users; an amount without a limit is only counted.

    A sum is named after what it counts, or `<what>:<day>` where it counts by day.
    """

    def __init__(
        self, store: Store, allowed: Mapping[str, int | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._clock = store, clock
        self.allowed = {what: limit for what, limit in allowed.items() if limit is not None}
        self._event_times: dict[tuple[str, str], float] = {}

    def wrap(self, store: Store) -> Store:
        """Returns a decorator of the store whose writes raise TooMuch when they exceed a limit."""
        return _LimitedStore(store, self)

    def increment(self, user_id: str, what: str, by: int, *, day: str | None = None) -> Increment:
        """Returns the step that counts `by` more, under the limit."""
        return Increment(user_id, what if day is None else f"{what}:{day}", by, self.allowed.get(what))

    async def build_refusal(self, store: Store, steps: Sequence[Step], sum: str) -> TooMuch:
        """Returns the refusal of a write whose steps exceed a limit of this sum, and notifies the user's devices, at
        most once a minute."""
        bounded = [
            (step.user_id, step.at_most)
            for step in steps
            if isinstance(step, Increment) and step.sum == sum and step.at_most is not None
        ]
        # A store does not say which of several users it was; the first one is the caller.
        user_id, allowed = bounded[0][0], min(at_most for _, at_most in bounded)
        used = (await store.sums(user_id)).get(sum, 0)
        what = sum.partition(":")[0]
        facts: dict[str, Any] = {"what": what, "used": used, "allowed": allowed}
        await self._publish_event(user_id, what, facts)
        usage = f"{used:,} of {allowed:,} {what} are used{' today' if what != sum else ''}"
        return TooMuch(f"This is more than your quota allows: {usage}.", **facts)

    async def _publish_event(self, user_id: str, what: str, facts: dict[str, Any]) -> None:
        now = self._clock()
        last = self._event_times.pop((user_id, what), None)
        if last is not None and now - last < EVENT_INTERVAL_SECONDS:
            self._event_times[user_id, what] = last
            return
        self._event_times[user_id, what] = now
        while len(self._event_times) > MAX_EVENT_TIMES:
            del self._event_times[next(iter(self._event_times))]
        event = Event.now("quota.exceeded", Caller(user_id=user_id, kind="house"), facts)
        await self._store.write(messages=[event.message()])


class _LimitedStore(StoreDecorator):
    """A Store decorator: `write` raises TooMuch for an increment that exceeds its bound."""

    def __init__(self, store: Store, limits: QuotaLimits) -> None:
        super().__init__(store)
        self._limits = limits

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        try:
            await self._below.write(*steps, messages=messages)
        except RequirementNotMet as unmet:
            if unmet.kind != "increment":
                raise
            raise await self._limits.build_refusal(self._below, steps, unmet.collection) from unmet
