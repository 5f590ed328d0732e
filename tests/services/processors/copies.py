"""Two copies of the processor service in memory, on one bus and one store."""

import asyncio
from collections.abc import Callable
from typing import Final

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.event import DECODER, Event
from reyna.ports.bus import ReceivedMessage
from reyna.services.processors.reactions import Reactions
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.service import Processors
from reyna.storage.outbox.relay import Relay
from reyna.transport.rpc import Signer
from tests.services.processors.neighbours import Clock, SchemasStandIn, StateStandIn

SIGNER: Final = Signer(b"only for tests, thirty-two bytes")
REDELIVERY_SECONDS: Final = 30.0  # as the port promises


class LiveEvents:
    """Collects the live events, for a test to wait for the next of a type."""

    def __init__(self) -> None:
        self._received: asyncio.Queue[Event] = asyncio.Queue()

    def receive(self, received: ReceivedMessage) -> None:
        if received.sequence is not None:  # and not progress
            self._received.put_nowait(DECODER.decode(received.body))

    async def next(self, type: str) -> Event:
        while (event := await self._received.get()).type != type:
            pass
        return event


def call_without_delay(seconds: float, call: Callable[[], None]) -> asyncio.Handle:
    """Schedules a second delivery at once; only that of a message that seems lost after its time."""
    loop = asyncio.get_running_loop()
    return loop.call_soon(call) if seconds < REDELIVERY_SECONDS else loop.call_later(seconds, call)


class Copies:
    """Two copies of the service on one bus and one store."""

    def __init__(self) -> None:
        self.bus, self.state, self.clock, self.live = (
            MemoryBus(later=call_without_delay),
            StateStandIn(),
            Clock(),
            LiveEvents(),
        )
        self.relay = Relay(MemoryStore(COLLECTIONS), self.bus)
        self.processors = [self._copy(), self._copy()]
        self.reactions = [Reactions(processors, self.bus) for processors in self.processors]

    def _copy(self) -> Processors:
        return Processors(self.relay, self.state, SchemasStandIn(), SIGNER, self.bus, clock=self.clock)

    async def publish(self, blob: Blob) -> None:
        created = blob.event("created", Caller(user_id=blob.user_id))
        await self.bus.publish(created.message())

    async def wait_until_received(self) -> None:
        """Returns when everything published until now was received."""
        heard = asyncio.Event()
        subscription = await self.bus.listen("marker", lambda _: heard.set())
        await self.bus.publish_ephemeral("marker", b"")
        await heard.wait()
        await subscription.stop()
