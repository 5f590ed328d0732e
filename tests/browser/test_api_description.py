"""The description of the API in Chromium."""

from playwright.async_api import expect

from tests.browser.conftest import Account
from tests.journeys.application import Application


async def test_the_api_is_shown_from_files_of_our_own(account: Account, application: Application) -> None:
    page = await account.window("/healthz")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    await page.set_viewport_size({"width": 1280, "height": 2000})  # what is out of sight is not rendered yet
    await page.goto(f"{application.address}/schema")
    await expect(page.get_by_text("/api/blobs/{id}/revisions", exact=True).first).to_be_visible()
    assert [url for url in requested if not url.startswith((application.address, "data:", "blob:"))] == []
    assert account.errors == []
