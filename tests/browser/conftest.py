"""A house with a language model, and Chromium to look at it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.chromium import found
from tests.journeys.house import House

PATIENCE: float = 60_000  # ms; a small model on a busy machine writes slowly
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """`reyna up`, as a newcomer starts it; `link` on it is the first sign-in link."""
    house = House(tmp_path_factory.mktemp("browser"), {})
    await house.start()
    yield house
    await house.stop()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = found()
    if path is None:
        if os.environ.get("REYNA_TEST_STRICT"):
            pytest.fail("no Chromium on this machine, and nothing may be skipped here")
        pytest.skip("no Chromium on this machine: set CHROMIUM to one")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


class Shelf:
    """What the user has, over REST: the quick way to a tree that a test begins with."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._client.request(method, f"/api{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def bucket(self, name: str, type: str, parent: str | None = None) -> str:
        made = await self.ask("POST", "/buckets", {"name": name, "type": type, "parent_bucket_id": parent})
        return str(made["id"])

    async def note(self, text: str, *bucket_ids: str) -> str:
        new = {"schema_id": "text-input-v1", "data": {"content": text}, "bucket_ids": bucket_ids}
        return str((await self.ask("POST", "/blobs", new))["id"])


class Desk:
    """Opens windows on one account, each as a device of its own; `errors` is what their pages complained about."""

    def __init__(self, browser: Browser, house: House, token: str, shelf: Shelf) -> None:
        self._browser, self._house, self._token, self.shelf = browser, house, token, shelf
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    async def window(self, path: str = "/", **options: object) -> Page:
        context = await self._browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        cookie = {"name": "reyna_session", "value": self._token, "url": self._house.address, "httpOnly": True}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(path if path.startswith("http") else self._house.address + path)
        return page

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def desk(chromium: Browser, house: House, tmp_path: Path) -> AsyncIterator[Desk]:
    """The desk of a user who has just registered."""
    async with httpx.AsyncClient(base_url=house.address, timeout=PATIENCE / 1000) as client:
        new = {"email": f"{tmp_path.name}@example.org", "password": "a long one", "name": "Ana Writer"}
        answer = await client.post("/api/auth/register", json=new)
        answer.raise_for_status()
        token = answer.json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        desk = Desk(chromium, house, token, Shelf(client))
        yield desk
        await desk.close()
