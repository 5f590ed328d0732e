"""A book begun with a template, in Chromium."""

from playwright.async_api import expect

from tests.browser.accessibility import find_violations
from tests.browser.conftest import Account
from tests.browser.test_undo_and_trash import row


async def test_a_book_is_begun_with_a_template_and_taken_back_by_one_undo(account: Account) -> None:
    page = await account.window("/")
    await page.get_by_role("button", name="Begin with a template").click()
    gallery = page.get_by_role("dialog", name="Begin with a template")
    await gallery.get_by_role("button", name="Book", exact=False).first.click()
    choices = page.get_by_role("dialog", name="Book")
    await choices.get_by_label("Chapters in each part").fill("2")
    await choices.get_by_label("Name", exact=True).fill("The Long Tide")
    await expect(choices.get_by_role("region", name="What it makes")).to_contain_text("Part 1")
    assert await find_violations(page) == []
    await choices.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="The Long Tide", level=1)).to_be_visible()
    await expect(row(page, "Part 3")).to_be_visible()
    await page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Undone: made “The Long Tide” of a template.")).to_be_visible()
    await expect(row(page, "The Long Tide")).to_have_count(0)
    assert account.errors == []
