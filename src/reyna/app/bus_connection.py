"""The connection of a process to the bus: it imports no service, so that commands start quickly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import Settings


@asynccontextmanager
async def open_bus(url: str, settings: Settings, name: str, event_bytes: int | None = None) -> AsyncIterator[NatsBus]:
    """Connects this process, under this name, to the bus and provisions its streams. Raises Fault."""
    bus = await NatsBus.connect(url, name=name, retention_days=settings.event_days)
    try:
        await bus.provision(event_bytes)
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def connect_bus(settings: Settings) -> AsyncIterator[NatsBus]:
    """Connects a command to the bus of a running studio; `nats_url` is set. Raises Fault."""
    async with open_bus(settings.nats_url or "", settings, "reyna command") as bus:
        yield bus
