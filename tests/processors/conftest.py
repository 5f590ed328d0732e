"""A processor service in memory, with its neighbours at hand."""

import pytest

from tests.processors.around import Service


@pytest.fixture
async def service() -> Service:
    """With text expansion registered."""
    service = Service()
    await service.registered()
    return service
