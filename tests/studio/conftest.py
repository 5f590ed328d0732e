"""The studio in memory, a browser at its door, and two people with accounts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest

from reyna.studio.accounts import Registration, SignedIn
from tests.studio.around import Whole, whole
from tests.studio.lines import Line, connected

PASSWORD = "correct horse battery"


@pytest.fixture
async def house() -> AsyncIterator[Whole]:
    async with whole() as house:
        yield house


@asynccontextmanager
async def a_browser(house: Whole) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, as browsers do, and sends what our page sends."""
    transport = httpx.ASGITransport(cast(Any, house.app), client=("192.0.2.7", 1))
    headers = {"origin": "http://studio.test", "x-reyna-csrf": "1"}
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test", headers=headers) as browser:
        yield browser


@pytest.fixture
async def browser(house: Whole) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(house) as browser:
        yield browser


async def an_account(house: Whole, email: str = "ana@example.test") -> SignedIn:
    return await house.studio.register(Registration(email=email, password=PASSWORD, name=email.partition("@")[0]))


@pytest.fixture
async def anas(house: Whole) -> SignedIn:
    return await an_account(house)


@pytest.fixture
async def bos(house: Whole) -> SignedIn:
    return await an_account(house, "bo@example.test")


@pytest.fixture
async def api(house: Whole, anas: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    """A program of Ana's, with her token."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast(Any, house.app)),
        base_url="http://studio.test",
        headers={"authorization": f"Bearer {anas.token}"},
    ) as api:
        yield api


def bearer(signed_in: SignedIn) -> dict[str, str]:
    return {"authorization": f"Bearer {signed_in.token}"}


@pytest.fixture
async def device(house: Whole, anas: SignedIn) -> AsyncIterator[Line]:
    """A device of Ana's that has been greeted."""
    async with connected(house.line, bearer(anas)) as line:
        await line.until("hello")
        yield line


@pytest.fixture
async def other_device(house: Whole, anas: SignedIn) -> AsyncIterator[Line]:
    async with connected(house.line, bearer(anas)) as line:
        await line.until("hello")
        yield line


@pytest.fixture
async def bos_device(house: Whole, bos: SignedIn) -> AsyncIterator[Line]:
    async with connected(house.line, bearer(bos)) as line:
        await line.until("hello")
        yield line
