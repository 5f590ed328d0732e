"""A client at a small door, with nobody signed in."""

import io
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from reyna import log
from tests.http.doorway import a_door


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(a_door())
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        yield client


@pytest.fixture
async def ana_s(client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.headers["authorization"] = "Bearer ana"
    return client


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged."""
    stream = io.StringIO()
    log.configure("info", "json", stream)
    yield stream
    log.configure("info", "console")
