"""A studio in memory that keeps files, and programs of ana and bo."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest

from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.harness import StudioHarness, studio_harness


@pytest.fixture(scope="module")
async def harness() -> AsyncIterator[StudioHarness]:
    async with studio_harness() as harness:
        yield harness


def client_of(harness: StudioHarness, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(cast(Any, harness.app))
    return httpx.AsyncClient(transport=transport, base_url="http://studio.test/api", headers=headers)


@pytest.fixture(scope="module")
async def api(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(harness, bearer(await create_account(harness))) as api:
        yield api


@pytest.fixture(scope="module")
async def bos(harness: StudioHarness) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(harness, bearer(await create_account(harness, "bo@example.test"))) as api:
        yield api


async def upload(api: httpx.AsyncClient, content: bytes, name: str = "a.bin") -> dict[str, Any]:
    answer = await api.post("/files", content=content, params={"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
