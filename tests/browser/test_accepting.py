"""Accepting an expansion in Chromium: by paragraph, whole, edited, and taken back."""

import os
from pathlib import Path
from typing import Final

from playwright.async_api import Page, expect

from tests.browser.accessibility import find_violations
from tests.browser.conftest import TIMEOUT_MS, Account

expect.set_options(timeout=TIMEOUT_MS)
NOTE: Final = "The harbour lay empty.\n\nMarta untied the boat before anyone woke."
EXPANDED: Final = (
    "The harbour lay empty, and the gulls had the quay to themselves.\n\n"
    "Before anyone woke, Marta untied the boat, and the wet rope burned her palms."
)


async def create_expanded_note(account: Account) -> str:
    """Makes a note with an expansion, and returns its bucket."""
    chapter = await account.content.bucket("Chapter 1", "chapter", await account.content.bucket("Novel", "book"))
    for instance in (await account.content.request("GET", "/instances"))["items"]:  # no run comes in between
        await account.content.request("PATCH", f"/instances/{instance['id']}", {"enabled": False})
    note = await account.content.note(NOTE, chapter)
    data = {"original": NOTE, "expanded": EXPANDED, "expansion_ratio": 2.4, "model": "small-1"}
    derived = {"schema_id": "expanded-text-v1", "data": data, "parent_id": note}
    await account.content.request("POST", "/blobs", derived)
    return chapter


async def take_picture(page: Page, name: str) -> None:
    """Saves a picture of the page into the directory of REYNA_TEST_PICTURES, where that is set."""
    if directory := os.environ.get("REYNA_TEST_PICTURES"):
        await page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


async def test_an_expansion_is_accepted_by_paragraph_and_whole_edited_and_taken_back(account: Account) -> None:
    chapter = await create_expanded_note(account)
    page = await account.window(f"/#/{chapter}")
    await expect(page.get_by_text("What you accept, all of it or single paragraphs")).to_be_visible()
    await take_picture(page, "offered")
    await page.get_by_role("button", name="Accept paragraph 2").click()
    accepted = page.get_by_role("region", name="Accepted text of note 1")
    await expect(accepted.get_by_text("the wet rope burned her palms")).to_be_visible()
    await expect(accepted.locator("small")).to_have_text(["You", "Model, small-1"])
    assert await find_violations(page) == []
    await take_picture(page, "by-paragraph")
    await page.get_by_role("button", name="Accept all").click()
    await expect(accepted.locator("small")).to_have_text(["Model, small-1", "Model, small-1"])
    await page.get_by_role("button", name="Undo", exact=True).last.click()
    await expect(accepted.locator("small")).to_have_text(["You", "Model, small-1"])
    await accepted.get_by_role("button", name="Edit").click()
    await accepted.get_by_role("textbox").fill(f"{NOTE}\n\nNobody saw her go.")
    await take_picture(page, "editing")
    await accepted.get_by_role("button", name="Save").click()
    await expect(accepted.get_by_text("Nobody saw her go.")).to_be_visible()
    await expect(accepted.locator("small")).to_have_text(["You", "You", "You"])
    await take_picture(page, "edited")
    assert account.errors == []
