"""Fixtures of the bus, in memory and on NATS, as two copies of a service see it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.nats.bus import NatsBus
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.ports.bus import Bus


@pytest.fixture(params=["memory", "nats"])
async def copies(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two connections to a nats-server of the test's own.

    A stream that is created right after one of its name was deleted may begin with the messages of that one.
    """
    if request.param == "memory":
        memory = MemoryBus()
        yield memory, memory
        await memory.close()
        return
    server = Nats(Home(tmp_path / "nats-home"))
    await server.start()
    one, two = [await NatsBus.connect(server.url, name=name) for name in ("one", "two")]
    await one.provision()
    yield one, two
    await one.close()
    await two.close()
    await server.stop()


@pytest.fixture
def bus(copies: tuple[Bus, Bus]) -> Bus:
    return copies[0]


@pytest.fixture
def other(copies: tuple[Bus, Bus]) -> Bus:
    return copies[1]
