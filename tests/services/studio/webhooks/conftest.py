"""A studio in memory whose webhooks go to a receiver in memory."""

from collections.abc import AsyncIterator

import pytest

from tests.services.studio.harness import StudioHarness
from tests.services.studio.webhooks.receiver import Receiver, access_to


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def hooks(harness: StudioHarness, receiver: Receiver) -> AsyncIterator[StudioHarness]:
    """The studio with its webhooks at work."""
    hooks = harness.copy(webhook_access=access_to(receiver))
    await hooks.studio.webhook_sending.start()
    await hooks.studio.webhook_reactions.start()
    yield hooks
    await hooks.studio.webhook_reactions.stop()
    await hooks.studio.webhook_sending.stop()
