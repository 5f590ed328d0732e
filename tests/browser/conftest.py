"""An application with a language model, and Chromium to look at it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.chromium import find_chromium
from tests.journeys.application import Application

TIMEOUT_MS: float = 120_000  # ms; a small model on a busy machine writes slowly
expect.set_options(timeout=TIMEOUT_MS)
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
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """`reyna up`, as a newcomer starts it; `link` on it is the first sign-in link."""
    application = Application(tmp_path_factory.mktemp("browser"), {})
    await application.start()
    yield application
    await application.stop()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("REYNA_TEST_STRICT"):
            pytest.fail("no Chromium on this machine, and nothing may be skipped here")
        pytest.skip("no Chromium on this machine: set CHROMIUM to one")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


class AccountContent:
    """Creates content of the user over REST: the quick way to the tree that a test begins with."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._client.request(method, f"/api{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def bucket(self, name: str, type: str, parent: str | None = None) -> str:
        made = await self.request("POST", "/buckets", {"name": name, "type": type, "parent_bucket_id": parent})
        return str(made["id"])

    async def note(self, text: str, *bucket_ids: str) -> str:
        new = {"schema_id": "text-input-v1", "data": {"content": text}, "bucket_ids": bucket_ids}
        return str((await self.request("POST", "/blobs", new))["id"])


class Account:
    """One account: its content, and windows that are signed in to it, each as a device of its own.

    `errors` are the faults of their pages.
    """

    def __init__(
        self, browser: Browser, application: Application, token: str, content: AccountContent, email: str
    ) -> None:
        self._browser, self._application, self._token, self.content = browser, application, token, content
        self.email = email
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    async def window(self, path: str = "/", **options: object) -> Page:
        context = await self._browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT_MS)
        cookie = {"name": "reyna_session", "value": self._token, "url": self._application.address, "httpOnly": True}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        self._contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(path if path.startswith("http") else self._application.address + path)
        return page

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def account(chromium: Browser, application: Application, tmp_path: Path) -> AsyncIterator[Account]:
    """The account of a user who has just registered."""
    async with httpx.AsyncClient(base_url=application.address, timeout=TIMEOUT_MS / 1000) as client:
        new = {"email": f"{tmp_path.name}@example.org", "password": "a long one", "name": "Ana Writer"}
        answer = await client.post("/api/auth/register", json=new)
        answer.raise_for_status()
        token = answer.json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        account = Account(chromium, application, token, AccountContent(client), new["email"])
        yield account
        await account.close()
