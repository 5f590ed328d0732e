"""The backup that the studio makes by itself, every day at one time (UTC)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from reyna.app.addresses import Addresses
from reyna.app.backup.backup import create_backup
from reyna.app.backup.destination import open_destination, read_passphrase
from reyna.app.config import Settings
from reyna.domain.errors import CannotStart, Fault
from reyna.storage.backup.repository import latest_backup_at
from reyna.storage.backup.retention import parse_retention

RECENT: Final = timedelta(hours=1)  # another copy of the studio, with the same destination, was faster
RETRY_SECONDS: Final = 15 * 60.0
MAX_ATTEMPTS: Final = 8
MAX_SLEEP_SECONDS: Final = 3600.0  # the clock of a machine that was asleep, or was corrected, is looked at again
log: Final = structlog.get_logger("reyna.app.backup")


class NightlyBackup:
    """Backs the installation up at `backup_at`; one that fails is tried again every quarter of an hour, eight times."""

    def __init__(
        self,
        settings: Settings,
        addresses: Addresses,
        *,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._settings, self._addresses, self._clock = settings, addresses, clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._settings.backup_at is not None:
            self._task = asyncio.create_task(self._run(self._settings.backup_at), name="nightly backup")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def back_up(self) -> bool:
        """Writes a backup unless there is one of the last hour; returns whether it did. Raises Fault and
        CannotStart."""
        settings = self._settings
        destination = open_destination(settings.backup_url or "")
        latest = await latest_backup_at(destination)
        if latest is not None and self._clock() - latest < RECENT:
            return False
        passphrase = read_passphrase(Path(settings.backup_passphrase_file or ""))
        finished = await create_backup(
            settings, self._addresses, destination, passphrase, keep=parse_retention(settings.backup_keep)
        )
        manifest = finished.manifest
        log.info(
            "backed up", backup=manifest.name, size=manifest.size, new=manifest.new_size, removed=len(finished.removed)
        )
        return True

    async def _run(self, at: str) -> None:
        while True:
            seconds = (next_moment(at, self._clock()) - self._clock()).total_seconds()
            await asyncio.sleep(min(seconds, MAX_SLEEP_SECONDS))
            if seconds <= MAX_SLEEP_SECONDS:
                await self._try_repeatedly()

    async def _try_repeatedly(self) -> None:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                await self.back_up()
            except (Fault, CannotStart, OSError) as error:
                log.error("the backup failed", attempt=attempt, error=getattr(error, "detail", str(error)))
            except Exception:
                log.exception("the backup failed", attempt=attempt)
            else:
                return
            await asyncio.sleep(RETRY_SECONDS)


def next_moment(at: str, now: datetime) -> datetime:
    """Returns the next moment after `now` at this time of day, `03:30`, in UTC."""
    hour, _, minute = at.partition(":")
    moment = now.astimezone(UTC).replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)
