"""Progress of a run: the message to its user's devices, and a throttle for the reports of a processor."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

REPORT_INTERVAL_SECONDS: Final = 0.1  # between two reports: an eye does not follow more
TEXT_BYTES_PER_SECOND: Final = 100_000  # of reported text for each run: a long text is sent less often

SendProgress = Callable[[float, str | None], Awaitable[None]]
"""Sends a fraction and the text so far."""


class ProgressMessage(msgspec.Struct, frozen=True):
    """The message to the devices of the user while a run is under way; `text` is all of it so far."""

    run_id: str
    processor: str
    blob_id: str
    progress: float
    text: str | None


class ProgressReporter:
    """Throttles reports: one is sent at once after a pause, else the latest a little later; the last is never lost."""

    def __init__(self, send: SendProgress, *, interval: float = REPORT_INTERVAL_SECONDS) -> None:
        self._send, self._interval = send, interval
        self._furthest = 0.0  # so far: progress does not fall
        self._next_send_at = 0.0  # the loop's time from which the next report may be sent
        self._waiting: tuple[float, str | None] | None = None
        self._sender: asyncio.Task[None] | None = None

    async def report(self, fraction: float, text: str | None) -> None:
        if fraction > self._furthest:  # False for a fraction that is "not a number"
            self._furthest = min(fraction, 1.0)
        self._waiting = (self._furthest, text)
        if self._sender is None or self._sender.done():
            if asyncio.get_running_loop().time() >= self._next_send_at:
                await self._send_waiting()
            else:
                self._sender = asyncio.create_task(self._send_later())

    async def finish(self, *, send: bool = True) -> None:
        """Sends the waiting report, or drops it."""
        if not send:
            self._waiting = None
        if self._sender is not None:
            if self._waiting is not None or not send:  # newer than the report that is being sent
                self._sender.cancel()
            await asyncio.wait([self._sender])
            self._sender = None
        await self._send_waiting()

    async def _send_later(self) -> None:
        while self._waiting is not None:
            await asyncio.sleep(self._next_send_at - asyncio.get_running_loop().time())
            await self._send_waiting()

    async def _send_waiting(self) -> None:
        if self._waiting is None:
            return
        (fraction, text), self._waiting = self._waiting, None
        pause = max(self._interval, len(text or "") / TEXT_BYTES_PER_SECOND) if self._interval else 0.0
        self._next_send_at = asyncio.get_running_loop().time() + pause
        await self._send(fraction, text)
