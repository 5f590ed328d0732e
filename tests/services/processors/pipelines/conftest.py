"""A processor service in memory with a chain of two processors."""

import pytest

from tests.services.processors.pipelines.chain import Chain
from tests.services.processors.service_in_memory import Service


@pytest.fixture
async def chain() -> Chain:
    """Text expansion, then style analysis."""
    service = Service()
    await service.register()
    await service.register(
        "style-analyzer", input_schemas=("expanded-text-v*",), output_schema="style-analysis-v1", settings_schema=None
    )
    return Chain(service)
