"""The connection of a process to the bus: it imports no service, so that commands start quickly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import Settings

SERVICE_TIMEOUT_SECONDS: Final = 30.0  # for the first connection: the servers may be starting too
COMMAND_TIMEOUT_SECONDS: Final = 5.0  # somebody waits at a terminal


@asynccontextmanager
async def open_bus(
    url: str,
    settings: Settings,
    name: str,
    event_bytes: int | None = None,
    *,
    connect_timeout: float = SERVICE_TIMEOUT_SECONDS,
) -> AsyncIterator[NatsBus]:
    """Connects this process, under this name, to the bus and provisions its streams. Raises Fault."""
    bus = await NatsBus.connect(url, name=name, retention_days=settings.event_days, connect_timeout=connect_timeout)
    try:
        await bus.provision(event_bytes)
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def connect_bus(settings: Settings) -> AsyncIterator[NatsBus]:
    """Connects a command to the bus of a running studio; `nats_url` is set. Raises Fault."""
    url = settings.nats_url or ""
    async with open_bus(url, settings, "reyna command", connect_timeout=COMMAND_TIMEOUT_SECONDS) as bus:
        yield bus
