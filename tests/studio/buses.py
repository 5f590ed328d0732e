"""Buses in memory that fail, forget or wait when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable

from reyna.adapters.memory_bus import MemoryBus
from reyna.domain.errors import Fault
from reyna.ports import Heard, Position, Subscription


class Moody(MemoryBus):
    """`down` fails what a gateway asks; `forgotten` events are gone; a replay waits in its middle until `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.forgotten = 0
        self.go = asyncio.Event()
        self.go.set()
        self.waiting = asyncio.Event()
        self.listens = asyncio.Event()
        self.listens.set()
        self.subjects: list[str] = []

    def _check(self) -> None:
        if self.down:
            raise Fault("NATS cannot be reached.")

    async def position(self) -> Position:
        self._check()
        position = await super().position()
        return Position(position.epoch, self.forgotten + 1, position.last)

    async def listen(self, subject: str, hear: Callable[[Heard], None]) -> Subscription:
        await self.listens.wait()
        self._check()
        listening = await super().listen(subject, hear)
        self.subjects.append(subject)
        return _Noted(listening, subject, self.subjects)

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[Heard]:
        async for heard in super().replay(subject, after=after, until=until):
            yield heard
            self.waiting.set()
            await self.go.wait()
            self._check()


class _Noted:
    def __init__(self, listening: Subscription, subject: str, subjects: list[str]) -> None:
        self._listening, self._subject, self._subjects = listening, subject, subjects

    async def stop(self) -> None:
        self._subjects.remove(self._subject)
        await self._listening.stop()
