"""Things that arrive, and waiting until enough of them have."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST = 20.0  # seconds before a test gives up on what never comes


class Collected(Generic[T]):
    """Call it with what arrives; `items` holds it in the order of arrival."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self._arrived = asyncio.Event()

    def __call__(self, item: T) -> None:
        self.items.append(item)
        self._arrived.set()

    async def first(self, count: int) -> list[T]:
        """The first so many, as soon as they are there."""
        async with asyncio.timeout(LONGEST):
            while len(self.items) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.items[:count]
