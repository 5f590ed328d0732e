"""A processor service in memory, with its neighbours at hand."""

import pytest

from tests.services.processors.service_in_memory import Service


@pytest.fixture
async def service() -> Service:
    """With text expansion registered."""
    service = Service()
    await service.register()
    return service
