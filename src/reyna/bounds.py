"""What a user may have, in sums: a write that would exceed it is refused, with what is used and what is allowed."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import TooMuch
from reyna.domain.event import Event, Message
from reyna.over import Over
from reyna.ports import Add, Step, Store, Unmet

SILENCE: Final = 60.0  # seconds before a user is told of the same limit again by one process
MOST_TOLD: Final = 10_000  # users and limits that are remembered for it


class Bounds:
    """The limits of a service, the same for each of its users; what has none is counted only.

    A sum is named after what it counts, or `<what>:<day>` where it counts by day.
    """

    def __init__(
        self, store: Store, allowed: Mapping[str, int | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._clock = store, clock
        self.allowed = {what: limit for what, limit in allowed.items() if limit is not None}
        self._told: dict[tuple[str, str], float] = {}

    def over(self, store: Store) -> Store:
        """The same store, whose writes raise TooMuch where a sum is full; its user hears of it too."""
        return _Bounded(store, self)

    def add(self, user_id: str, what: str, by: int, *, day: str | None = None) -> Add:
        return Add(user_id, what if day is None else f"{what}:{day}", by, self.allowed.get(what))

    async def refusal(self, store: Store, steps: Sequence[Step], sum: str) -> TooMuch:
        """Why these steps were not done, in words; the user's devices are told, once in a while."""
        adds = [step for step in steps if isinstance(step, Add) and step.sum == sum and step.at_most is not None]
        # Who of several users it was is not said; the first one's wall is the one we stand behind.
        user_id, allowed = adds[0].user_id, min(add.at_most for add in adds if add.at_most is not None)
        used = (await store.sums(user_id)).get(sum, 0)
        what = sum.partition(":")[0]
        facts: dict[str, Any] = {"what": what, "used": used, "allowed": allowed}
        await self._tell(user_id, what, facts)
        more = f"{used:,} of {allowed:,} {what} are used{' today' if what != sum else ''}"
        return TooMuch(f"This is more than your quota allows: {more}.", **facts)

    async def _tell(self, user_id: str, what: str, facts: dict[str, Any]) -> None:
        now = self._clock()
        last = self._told.pop((user_id, what), None)
        if last is not None and now - last < SILENCE:
            self._told[user_id, what] = last
            return
        self._told[user_id, what] = now
        while len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]
        event = Event.now("quota.exceeded", Caller(user_id=user_id, kind="house"), facts)
        await self._store.write(messages=[event.message()])


class _Bounded(Over):
    """A Store over a Store, which differs in what it says when a sum is full."""

    def __init__(self, store: Store, bounds: Bounds) -> None:
        super().__init__(store)
        self._bounds = bounds

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        try:
            await self._below.write(*steps, messages=messages)
        except Unmet as unmet:
            if unmet.kind != "add":
                raise
            raise await self._bounds.refusal(self._below, steps, unmet.collection) from unmet
