"""A guard of the free disk space: nothing new is written before the disk is full, so that all stays readable."""

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from reyna.domain.errors import StorageFull
from reyna.domain.event import Message
from reyna.ports.store import Put, Step, Store
from reyna.storage.decorator import StoreDecorator

MEASURE_INTERVAL_SECONDS: Final = 1.0
RECOVERY_BYTES: Final = 64 * 1024**2  # beyond the minimum that must be free before anything is written again
MEBIBYTE: Final = 1024**2
DISK_FULL: Final = (
    "Only {free:,} MiB are free on the disk of the studio, and {needed:,} must be: nothing new is written until there "
    "is room again."
)
log: Final = structlog.get_logger("reyna.storage.disk_space")


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class DiskSpace:
    """The free space where this studio stores its data, measured at most once a second."""

    def __init__(
        self,
        folder: Path,
        *,
        least: int,
        free: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`least`: bytes that must be free."""
        self._folder, self._least = folder, least
        self._free, self._clock = free, clock
        self._next_measure_at = float("-inf")
        self._problem: str | None = None

    def problem(self) -> str | None:
        """Returns what is wrong, in words for the user; None while there is room."""
        now = self._clock()
        if now >= self._next_measure_at:
            self._next_measure_at = now + MEASURE_INTERVAL_SECONDS
            self._measure()
        return self._problem

    def _measure(self) -> None:
        free = self._free(self._folder)
        was_full = self._problem is not None
        is_full = free < self._least + (RECOVERY_BYTES if was_full else 0)
        message = DISK_FULL.format(free=free // MEBIBYTE, needed=self._least // MEBIBYTE)
        self._problem = message if is_full else None
        if is_full and not was_full:
            log.error("the disk is nearly full: nothing new is written", free=free, least=self._least)
        if was_full and not is_full:
            log.warning("there is room on the disk again", free=free)

    async def check(self) -> None:
        """Raises StorageFull while there is no room."""
        if (problem := self.problem()) is not None:
            raise StorageFull(problem)


class DiskSpaceGuard(StoreDecorator):
    """A Store decorator: puts nothing while there is no room on the disk; writes that only delete are done."""

    def __init__(self, store: Store, space: DiskSpace) -> None:
        super().__init__(store)
        self._space = space

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        """Writes as any Store does. Raises StorageFull."""
        if (problem := self._space.problem()) is not None and any(isinstance(step, Put) for step in steps):
            raise StorageFull(problem)
        await self._below.write(*steps, messages=messages)
