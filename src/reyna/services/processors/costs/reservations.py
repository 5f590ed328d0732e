"""Reservations: the worst case of each call that is under way, which counts as spent until the call is settled."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from reyna.domain.costs.spending import Reservation, spent_sum
from reyna.domain.processing.run import Run
from reyna.ports.store import Delete, Increment, RequirementNotMet, Step, Store
from reyna.services.processors.records import RESERVATIONS

MAX_RELEASED_AT_ONCE: Final = 200


class Reservations:
    """The reserved calls of each user."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def find(self, run: Run, ids: Sequence[str]) -> list[Reservation]:
        """Returns those of these reservations of the run that have not been released."""
        if not ids:
            return []
        found = await self._store.find(RESERVATIONS, run.user_id, {"id": tuple(ids)})
        return [one for one in found if one.run_id == run.id]

    async def total(self, user_id: str, month: str) -> int:
        """Returns what is reserved of this month, in billionths of a US dollar."""
        return sum(one.nanos for one in await self._store.find(RESERVATIONS, user_id) if one.month == month)

    def release(self, reservations: Iterable[Reservation]) -> list[Step]:
        """Returns the steps that release these reservations."""
        return [
            step
            for one in reservations
            for step in (
                Delete(RESERVATIONS, one.user_id, one.id),
                Increment(one.user_id, spent_sum(one.month), -one.nanos),
            )
        ]

    async def release_expired(self, user_id: str) -> bool:
        """Releases the reservations of workers that have died, and returns whether there were any."""
        oldest = await self._store.find(RESERVATIONS, user_id, order=("expires_at",), limit=MAX_RELEASED_AT_ONCE)
        expired = [one for one in oldest if one.expires_at <= self._clock()]
        if expired:
            try:
                await self._store.write(*self.release(expired))
            except RequirementNotMet:  # somebody else has released or settled one of them
                return True
        return bool(expired)
