"""The whole studio in memory: real services on memory stores, with relays between them, behind the real application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.files import MemoryFiles
from reyna.adapters.memory.search_index import MemorySearchIndex
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import system_caller
from reyna.domain.event import Message
from reyna.domain.processing.processor import NewProcessor
from reyna.ports.bus import Bus
from reyna.ports.store import Collection, Step, Store
from reyna.services.processors import records as processor_records
from reyna.services.processors import routes as processor_routes
from reyna.services.processors.assembly import SERVICE as PROCESSORS
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.service import Processors
from reyna.services.schemas import records as schema_records
from reyna.services.schemas import routes as schema_routes
from reyna.services.schemas.assembly import SERVICE as SCHEMAS
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.services.state import records as state_records
from reyna.services.state import routes as state_routes
from reyna.services.state.assembly import SERVICE as STATE
from reyna.services.state.service import State
from reyna.services.studio import records as studio_records
from reyna.services.studio.application import create_studio_app
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.service import Studio
from reyna.storage.decorator import StoreDecorator
from reyna.storage.outbox.relay import Relay
from reyna.storage.outbox.write_order import PUBLISH_BEHIND_OTHERS
from reyna.transport.http import Check
from reyna.transport.rpc import Signer
from tests.services.processors.models.stand_in import ModelsStandIn

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the same algorithm, for tests by the hundred
EXPANSION = NewProcessor(
    id="text-expansion",
    version="1.0.0",
    name="Text expansion",
    input_schemas=("text-input-v1",),
    output_schema="expanded-text-v1",
)


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, time: timedelta) -> None:
        self.now += time


@dataclass
class StudioHarness:
    """Everything a test of the studio may want to ask or turn."""

    bus: Bus
    clock: Clock
    schemas: Schemas
    state: State
    processors: Processors
    studio: Studio
    store: Store
    page: Path = Path("/nowhere")
    checks: Mapping[str, Check] = field(default_factory=dict)

    def copy(self, bus: Bus | None = None, **given: Any) -> "StudioHarness":
        """Another gateway on the same store, and on the same bus unless told otherwise; `given` goes to its Studio."""
        bus = bus or self.bus
        settings: dict[str, Any] = {"passwords": Passwords(QUICK), "clock": self.clock} | given
        studio = Studio(self.store, bus, STATE.offer(self.state), self.processors, **settings)
        return StudioHarness(bus, self.clock, self.schemas, self.state, self.processors, studio, self.store)

    @cached_property
    def app(self) -> Litestar:
        return self._app([*schema_routes.routes, *state_routes.routes, *processor_routes.routes])

    @cached_property
    def websocket_app(self) -> Litestar:
        """The same for who only wants the WebSocket: made in a tenth of the time."""
        return self._app([])

    def _app(self, api: Sequence[Any]) -> Litestar:
        return create_studio_app(
            self.studio,
            Actions(STATE.offer(self.state), PROCESSORS.offer(self.processors)),
            self.bus,
            version="0.0.0",
            api=api,
            services={
                "schemas": SCHEMAS.offer(self.schemas),
                "content": STATE.offer(self.state),
                "processors": PROCESSORS.offer(self.processors),
            },
            checks=self.checks,
            page=self.page,
        )


async def _kept(store: Store, bus: Bus) -> Store:
    """A store whose messages are on the bus when a write returns."""
    relay = Relay(store, bus)
    await relay.sweep()  # nothing was left behind, so what is written goes out at once
    return _PublishingStore(relay)


class _PublishingStore(StoreDecorator):
    """A Store decorator: `write` also waits for messages that are published behind those of other processes."""

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        await self._below.write(*steps, messages=messages)
        while waiting := [task for task in asyncio.all_tasks() if task.get_name() == PUBLISH_BEHIND_OTHERS]:
            await asyncio.wait(waiting)


@asynccontextmanager
async def studio_harness(
    bus: Bus | None = None,
    *,
    kept_in: Callable[[Sequence[Collection[Any]]], Store] = MemoryStore,
    models: ModelAccess | None = None,
    **more: Any,
) -> AsyncIterator[StudioHarness]:
    """The studio with its system schemas and text expansion registered, and by default with a connected language model;
    `more` is its page and its checks."""
    models = models or ModelAccess(ModelsStandIn())
    memory = MemoryBus()
    bus, clock = bus or memory, Clock()
    schemas = Schemas(await _kept(kept_in(schema_records.COLLECTIONS), bus))
    await install(schemas)
    state_store = await _kept(kept_in(state_records.COLLECTIONS), bus)
    state = State(state_store, schemas, file_storage=MemoryFiles(), search_index=MemorySearchIndex())
    signer, offered = Signer(b"s" * 32), STATE.offer(state)
    processor_store = await _kept(kept_in(processor_records.COLLECTIONS), bus)
    processors = Processors(processor_store, offered, schemas, signer, bus, models=models)
    await processors.registry.register(system_caller(), EXPANSION)
    store = await _kept(kept_in(studio_records.COLLECTIONS), bus)
    studio = Studio(store, bus, offered, processors, passwords=Passwords(QUICK), clock=clock)
    yield StudioHarness(bus, clock, schemas, state, processors, studio, store, **more)
    await memory.close()
