"""A client of the sample application, with nobody signed in."""

import io
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from reyna.app import log
from tests.transport.http.sample_service import sample_app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sample_app())
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
