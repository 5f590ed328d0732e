"""The pauses between requests, which the services of the network ask for."""

import asyncio
import time
from collections.abc import Awaitable, Callable

Sleep = Callable[[float], Awaitable[None]]


class RequestPacing:
    """Keeps a pause between the requests to one service, over all runs of a worker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._clock, self.sleep = clock, sleep
        self._free_from: dict[str, float] = {}

    async def wait(self, service: str, pause: float) -> None:
        now = self._clock()
        start = max(now, self._free_from.get(service, now))
        self._free_from[service] = start + pause
        if start > now:
            await self.sleep(start - now)
