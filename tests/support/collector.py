"""Collects items as they arrive, and waits until there are enough of them."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")
TIMEOUT_SECONDS = 60.0  # before a test gives up on an item that never arrives


class Collector(Generic[T]):
    """A callable that keeps its arguments; `items` holds them in the order of arrival."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self._arrived = asyncio.Event()

    def __call__(self, item: T) -> None:
        self.items.append(item)
        self._arrived.set()

    async def first(self, count: int) -> list[T]:
        """Returns the first `count` items as soon as they have arrived."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(self.items) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.items[:count]
