"""The schedule of the collection of files: every user once an hour."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.ports.store import Store
from reyna.services.state.files.file_collection import FileCollector
from reyna.services.state.trash.retention import SteadyClock
from reyna.storage.user_pages import user_pages

FIRST_INTERVAL_SECONDS: Final = 720.0  # between the first two passes: at the second the clock is believed
INTERVAL_SECONDS: Final = 3600.0  # between two passes
PASSES_PER_STRAY_SEARCH: Final = 24  # all objects are listed once a day
log: Final = structlog.get_logger("reyna.services.state")


class FileCollection:
    """Runs the collector for every user once an hour, by a clock that has proved steady. Several copies do no harm."""

    def __init__(
        self,
        store: Store,
        collector: FileCollector,
        *,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._collector, self._clock = store, collector, SteadyClock(clock, elapsed)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="file collection")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def collect_all(self, *, with_strays: bool = False) -> int:
        """Collects for every user once, and returns the number of removed files."""
        now, removed = self._clock.now(), 0
        if now is None:
            return 0
        async for users in user_pages(self._store):
            for user_id in users:
                try:
                    removed += await self._collect(Caller(user_id=user_id, kind="house"), now, with_strays)
                except Refusal as refusal:
                    log.warning("these files are looked at again in an hour", user=user_id, error=refusal.detail)
        return removed

    async def _collect(self, caller: Caller, now: datetime, with_strays: bool) -> int:
        removed = await self._collector.collect(caller, now)
        strays = await self._collector.delete_stray_parts(caller, now) if with_strays else 0
        if removed or strays:
            log.info("files collected", user=caller.user_id, files=removed, stray_parts=strays)
        return removed

    async def _run(self) -> None:
        for number in count():
            try:
                await self.collect_all(with_strays=number % PASSES_PER_STRAY_SEARCH == 1)
            except Fault as fault:
                log.warning("files are looked at again in an hour", error=fault.detail)
            except Exception:
                log.exception("looking at files broke; again in an hour")
            await asyncio.sleep(INTERVAL_SECONDS if number else FIRST_INTERVAL_SECONDS)
