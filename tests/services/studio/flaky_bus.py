"""A bus in memory that fails, forgets or waits when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.errors import Fault
from reyna.ports.bus import ReceivedMessage, StreamPosition, Subscription


class FlakyBus(MemoryBus):
    """While `down`, calls of the gateway fail. The first `forgotten` events are gone. A replay waits after each event
    until `replay_gate` is set, and a subscription until `listen_gate` is set. `subjects` are the current
    subscriptions."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.forgotten = 0
        self.replay_gate = asyncio.Event()
        self.replay_gate.set()
        self.replay_is_waiting = asyncio.Event()
        self.listen_gate = asyncio.Event()
        self.listen_gate.set()
        self.subjects: list[str] = []

    def _check(self) -> None:
        if self.down:
            raise Fault("NATS cannot be reached.")

    async def position(self) -> StreamPosition:
        self._check()
        position = await super().position()
        return StreamPosition(position.epoch, self.forgotten + 1, position.last)

    async def listen(self, subject: str, on_message: Callable[[ReceivedMessage], None]) -> Subscription:
        await self.listen_gate.wait()
        self._check()
        subscription = await super().listen(subject, on_message)
        self.subjects.append(subject)
        return TrackedSubscription(subscription, subject, self.subjects)

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        async for message in super().replay(subject, after=after, until=until):
            yield message
            self.replay_is_waiting.set()
            await self.replay_gate.wait()
            self._check()


class TrackedSubscription:
    def __init__(self, subscription: Subscription, subject: str, subjects: list[str]) -> None:
        self._subscription, self._subject, self._subjects = subscription, subject, subjects

    async def stop(self) -> None:
        self._subjects.remove(self._subject)
        await self._subscription.stop()
