"""The studio in memory, a browser, and two people with accounts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest

from reyna.services.studio.accounts.sign_up import Registration
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.fake_websocket import FakeDevice, connect
from tests.services.studio.harness import StudioHarness, studio_harness

PASSWORD = "correct horse battery"


@pytest.fixture
async def harness() -> AsyncIterator[StudioHarness]:
    async with studio_harness() as harness:
        yield harness


@asynccontextmanager
async def open_browser(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, as browsers do, and sends what our page sends."""
    transport = httpx.ASGITransport(cast(Any, harness.app), client=("192.0.2.7", 1))
    headers = {"origin": "http://studio.test", "x-reyna-csrf": "1"}
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test", headers=headers) as browser:
        yield browser


@pytest.fixture
async def browser(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(harness) as browser:
        yield browser


async def create_account(harness: StudioHarness, email: str = "ana@example.test") -> SignedIn:
    return await harness.studio.sign_up.register(
        Registration(email=email, password=PASSWORD, name=email.partition("@")[0])
    )


@pytest.fixture
async def anas(harness: StudioHarness) -> SignedIn:
    return await create_account(harness)


@pytest.fixture
async def bos(harness: StudioHarness) -> SignedIn:
    return await create_account(harness, "bo@example.test")


@pytest.fixture
async def api(harness: StudioHarness, anas: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    """A program of Ana's, with her token."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast(Any, harness.app)),
        base_url="http://studio.test",
        headers={"authorization": f"Bearer {anas.token}"},
    ) as api:
        yield api


def bearer(signed_in: SignedIn) -> dict[str, str]:
    return {"authorization": f"Bearer {signed_in.token}"}


@pytest.fixture
async def device(harness: StudioHarness, anas: SignedIn) -> AsyncIterator[FakeDevice]:
    """A device of Ana's that has been greeted."""
    async with connect(harness.websocket_app, bearer(anas)) as device:
        await device.wait_until_live()
        yield device


@pytest.fixture
async def other_device(harness: StudioHarness, anas: SignedIn) -> AsyncIterator[FakeDevice]:
    async with connect(harness.websocket_app, bearer(anas)) as device:
        await device.wait_until_live()
        yield device


@pytest.fixture
async def bos_device(harness: StudioHarness, bos: SignedIn) -> AsyncIterator[FakeDevice]:
    async with connect(harness.websocket_app, bearer(bos)) as device:
        await device.wait_until_live()
        yield device
