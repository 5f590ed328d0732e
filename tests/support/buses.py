"""Fixtures of the bus, in memory and on NATS, as two copies of a service see it."""

from collections.abc import AsyncIterator

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.nats.streams import wanted_streams
from reyna.embedded.nats import Nats
from reyna.ports.bus import Bus


@pytest.fixture(params=["memory", "nats"])
async def copies(request: pytest.FixtureRequest, nats_server: Nats) -> AsyncIterator[tuple[Bus, Bus]]:
    if request.param == "memory":
        memory = MemoryBus()
        yield memory, memory
        await memory.close()
        return
    one, two = [await NatsBus.connect(nats_server.url, name=name) for name in ("one", "two")]
    await one.provision()
    yield one, two
    for stream in wanted_streams(1):
        await one.call_jetstream(f"STREAM.DELETE.{stream['name']}")
    await one.close()
    await two.close()


@pytest.fixture
def bus(copies: tuple[Bus, Bus]) -> Bus:
    return copies[0]


@pytest.fixture
def other(copies: tuple[Bus, Bus]) -> Bus:
    return copies[1]
