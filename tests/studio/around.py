"""The whole studio in memory: real services on memory, with a relay between them, behind the real doors."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar

from reyna.adapters.memory import MemoryStore
from reyna.adapters.memory_bus import MemoryBus
from reyna.domain.caller import house
from reyna.domain.processor import NewProcessor
from reyna.http import Check
from reyna.ports import Bus, Collection, Store
from reyna.processors import records as processor_records
from reyna.processors import routes as processor_routes
from reyna.processors.service import Processors
from reyna.relay import Relay
from reyna.rpc import Signer
from reyna.schemas import records as schema_records
from reyna.schemas import routes as schema_routes
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from reyna.state import records as state_records
from reyna.state import routes as state_routes
from reyna.state.service import State
from reyna.studio import records as studio_records
from reyna.studio.actions import Actions
from reyna.studio.app import app
from reyna.studio.passwords import Passwords
from reyna.studio.service import Studio
from reyna.studio.throttle import Throttle

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

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Whole:
    """Everything a test of the studio may want to ask or turn."""

    bus: Bus
    clock: Clock
    schemas: Schemas
    state: State
    processors: Processors
    studio: Studio
    page: Path = Path("/nowhere")
    checks: Mapping[str, Check] = field(default_factory=dict)

    @cached_property
    def app(self) -> Litestar:
        return self._app([*schema_routes.routes, *state_routes.routes, *processor_routes.routes])

    @cached_property
    def line(self) -> Litestar:
        """The same for who only wants the WebSocket: made in a tenth of the time."""
        return self._app([])

    def _app(self, api: Sequence[Any]) -> Litestar:
        return app(
            self.studio,
            Actions(self.state, self.processors),
            self.bus,
            version="0.0.0",
            api=api,
            verbs={"schemas": self.schemas, "content": self.state, "processors": self.processors},
            checks=self.checks,
            page=self.page,
        )


async def _kept(bus: Bus, collections: Sequence[Collection[Any]]) -> Store:
    """A store whose messages are on the bus when a write returns."""
    relay = Relay(MemoryStore(collections), bus)
    await relay.sweep()  # nothing was left behind, so what is written goes out at once
    return relay


@asynccontextmanager
async def whole(bus: Bus | None = None, **more: Any) -> AsyncIterator[Whole]:
    """The studio with its system schemas and text expansion registered; `more` is its page and its checks."""
    memory = MemoryBus()
    bus, clock = bus or memory, Clock()
    schemas = Schemas(await _kept(bus, schema_records.COLLECTIONS))
    await install(schemas)
    state = State(await _kept(bus, state_records.COLLECTIONS), schemas)
    signer = Signer(b"s" * 32)
    processors = Processors(await _kept(bus, processor_records.COLLECTIONS), state, schemas, signer, bus)
    await processors.register(house(), EXPANSION)
    studio = Studio(
        await _kept(bus, studio_records.COLLECTIONS),
        bus,
        state,
        processors,
        passwords=Passwords(QUICK),
        throttle=Throttle(clock.seconds),
        clock=clock,
    )
    yield Whole(bus, clock, schemas, state, processors, studio, **more)
    await memory.close()
