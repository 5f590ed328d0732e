"""Turns: the writes about one user follow each other in this copy of the service, instead of failing each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class UserTurns:
    """One lock for each user, as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}  # with the number of those who hold it or wait

    @asynccontextmanager
    async def turn_of(self, user_id: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(user_id, (asyncio.Lock(), 0))
        self._locks[user_id] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(user_id)
            if users > 1:
                self._locks[user_id] = lock, users - 1
