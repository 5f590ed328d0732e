"""Trash retention: purges what has been in the trash for longer than it is kept, and finishes interrupted purges."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, repeat
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.ports.store import Store
from reyna.services.state.trash.purging import Purged, PurgingVerbs, purge_all
from reyna.storage.user_pages import user_pages

FIRST_INTERVAL_SECONDS: Final = 660.0  # between the first two passes: at the second the clock is believed
INTERVAL_SECONDS: Final = 3600.0  # between two passes; what is to go after days may well go an hour later
PROBATION_SECONDS: Final = 600.0  # for which a clock must have gone on evenly before anything is purged by it
LONG_PROBATION_SECONDS: Final = 24 * 3600.0  # the same after it jumped ahead by more than `MAX_CLOCK_JUMP`
MAX_CLOCK_JUMP: Final = timedelta(days=1)  # as after a weekend asleep, or when somebody sets the wrong year
BEGINNING_OF_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)  # before all trash
log: Final = structlog.get_logger("reyna.services.state")


class SteadyClock:
    """The time, once it can be believed: a clock that jumps ahead for a moment must not cost anybody anything.

    `clock` is compared with `elapsed`, seconds that only grow, whenever it is asked.
    """

    def __init__(self, clock: Callable[[], datetime], elapsed: Callable[[], float]) -> None:
        self._clock, self._elapsed = clock, elapsed
        self._seen: tuple[datetime, float] | None = None
        self._believed_from = 0.0

    def now(self) -> datetime | None:
        """Returns the time, or None as long as the clock is not believed."""
        time, elapsed = self._clock(), self._elapsed()
        if self._seen is None:
            self._believed_from = elapsed + PROBATION_SECONDS
        else:
            jump = time - self._seen[0] - timedelta(seconds=elapsed - self._seen[1])
            if jump > MAX_CLOCK_JUMP:
                log.warning("the clock jumped ahead, and no trash is purged by it for a day", by=str(jump))
                self._believed_from = elapsed + LONG_PROBATION_SECONDS
            elif jump < -MAX_CLOCK_JUMP:
                self._believed_from = elapsed + PROBATION_SECONDS
        self._seen = time, elapsed
        return time if elapsed >= self._believed_from else None


class TrashRetention:
    """Purges the expired trash of every user once an hour, and at the start; interrupted purges are always finished.

    What has been there for longer than `retention` goes from the second look on, by a clock that has proved steady.
    Several copies do no harm: what one purges the other does not find.
    """

    def __init__(
        self,
        store: Store,
        purging: PurgingVerbs,
        retention: timedelta | None,
        *,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._purging, self._retention = store, purging, retention
        self._clock = SteadyClock(clock, elapsed)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="trash retention")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def purge_expired(self) -> Purged:
        """Purges the expired trash of every user once, and returns how much was purged."""
        gone, now = Purged(), self._clock.now()
        before = now - self._retention if now is not None and self._retention is not None else None
        async for users in user_pages(self._store):
            for user_id in users:
                try:
                    gone = gone.plus(await self._purge_user(Caller(user_id=user_id, kind="house"), before))
                except Refusal as refusal:  # of this one; the others' trash is looked at all the same
                    log.warning("this trash is looked at again in an hour", user=user_id, error=refusal.detail)
        return gone

    async def _purge_user(self, acting: Caller, before: datetime | None) -> Purged:
        gone = await purge_all(self._purging, acting, before=BEGINNING_OF_TIME, interrupted_only=True)
        if before is not None:
            gone = gone.plus(await purge_all(self._purging, acting, before=before))
        if gone.units:
            log.info("trash purged", user=acting.user_id, units=gone.units, blobs=gone.blobs, buckets=gone.buckets)
        return gone

    async def _run(self) -> None:
        for pause in chain([FIRST_INTERVAL_SECONDS], repeat(INTERVAL_SECONDS)):
            try:
                await self.purge_expired()
            except Fault as fault:
                log.warning("the trash is looked at again in an hour", error=fault.detail)
            except Exception:
                log.exception("looking at the trash broke; again in an hour")
            await asyncio.sleep(pause)
