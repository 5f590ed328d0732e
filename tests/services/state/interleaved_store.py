"""A store on which something else happens just before a write."""

from collections.abc import Awaitable, Callable, Sequence

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.event import Message
from reyna.ports.store import Put, Step
from reyna.services.state.records import COLLECTIONS


class InterleavedStore(MemoryStore):
    """`meanwhile(name, act)`: run `act` once, between whatever is read for the next write to that collection and it."""

    def __init__(self) -> None:
        super().__init__(COLLECTIONS)
        self._waiting: dict[str, Callable[[], Awaitable[object]]] = {}

    def meanwhile(self, collection: str, act: Callable[[], Awaitable[object]]) -> None:
        self._waiting[collection] = act

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        for name in {step.collection.name for step in steps if isinstance(step, Put)} & self._waiting.keys():
            await self._waiting.pop(name)()
        await super().write(*steps, messages=messages)
