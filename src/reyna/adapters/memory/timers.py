"""Timers of the bus in memory, which a test may replace by its own."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds."""


def call_later(seconds: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


class PeriodicCall:
    """Calls a function now and then every so many seconds, until it is stopped."""

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self._seconds, self._call = seconds, call
        call()
        self._task = asyncio.create_task(self._call_forever())

    async def _call_forever(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            self._call()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
