"""A processor service in memory, with its neighbours at hand."""

from collections.abc import AsyncIterator

import pytest

from reyna.domain.caller import system_caller
from tests.services.processors.copies import Copies
from tests.services.processors.service_in_memory import Service, expansion


@pytest.fixture
async def service() -> Service:
    """With text expansion registered."""
    service = Service()
    await service.register()
    return service


@pytest.fixture
async def copies() -> AsyncIterator[Copies]:
    copies = Copies()
    await copies.relay.start()
    listening = await copies.bus.listen("reyna.live.*.processor.>", copies.live.receive)
    await copies.processors[0].registry.register(system_caller(), expansion())
    for reactions in copies.reactions:
        await reactions.start()
    yield copies
    for reactions in copies.reactions:
        await reactions.stop()
    await listening.stop()
    await copies.relay.stop()
    await copies.bus.close()
