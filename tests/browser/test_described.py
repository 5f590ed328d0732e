"""The description of the API in Chromium."""

from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.journeys.house import House


async def test_the_api_is_shown_from_files_of_our_own(desk: Desk, house: House) -> None:
    page = await desk.window("/healthz")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{house.address}/schema")
    await expect(page.get_by_text("/api/blobs/{id}/revisions", exact=True).first).to_be_visible()
    assert [url for url in asked if not url.startswith((house.address, "data:", "blob:"))] == []
    assert desk.errors == []
