"""The trash that empties itself: what is older than its user wants to keep goes for good, without being asked."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.ports import Store
from reyna.state.purging import Purged, Verbs, purged

PAUSE: Final = 3600.0  # seconds between two looks; what is to go after days may well go an hour later
USERS: Final = 500  # asked for at once
NOTHING: Final = datetime(1, 1, 1, tzinfo=UTC)  # so far back goes no trash
log: Final = structlog.get_logger("reyna.state")


class Caretaker:
    """Looks at the trash of every user once an hour, and at the start; what a crash cut off it finishes in any case.

    Several copies do no harm: what one purges the other does not find.
    """

    def __init__(
        self,
        store: Store,
        state: Verbs,
        keeps: timedelta | None,
        *,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._store, self._state, self._keeps, self._clock = store, state, keeps, clock
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look_on(), name="caretaker")

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def look(self) -> Purged:
        """Once, at everybody's; how much has gone."""
        gone, last = Purged(), None
        while users := await self._store.users(last, USERS):
            for user_id in users:
                try:
                    gone = gone.plus(await self._look_at(Caller(user_id=user_id, kind="house")))
                except Refusal as refusal:  # of this one; the others' trash is looked at all the same
                    log.warning("this trash is looked at again in an hour", user=user_id, error=refusal.detail)
            last = users[-1]
        return gone

    async def _look_at(self, acting: Caller) -> Purged:
        gone = await purged(self._state, acting, before=NOTHING, over=True)
        if self._keeps is not None:
            gone = gone.plus(await purged(self._state, acting, before=self._clock() - self._keeps))
        if gone.units:
            log.info("trash purged", user=acting.user_id, units=gone.units, blobs=gone.blobs, buckets=gone.buckets)
        return gone

    async def _look_on(self) -> None:
        while True:
            try:
                await self.look()
            except Fault as fault:
                log.warning("the trash is looked at again in an hour", error=fault.detail)
            except Exception:
                log.exception("looking at the trash broke; again in an hour")
            await asyncio.sleep(PAUSE)
