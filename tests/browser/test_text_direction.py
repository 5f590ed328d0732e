"""Texts in any script, in Chromium: each in its own direction, and counted as on the server."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Account

NAME, TYPE, PART = "ספר ראשון", "מחברת", "פרק א"
NOTE = "אונייה הפליגה אל הסערה.\nThe second line."
LABEL = "טיוטה ראשונה"
# Texts with a Hebrew letter that stand in no element of their own direction, or share it with our English words; and
# fields without one.
FIND_STRAY_TEXTS = """() => {
  const hebrew = /[\\u0590-\\u05ff]/, ours = /[A-Za-z]{3}/, found = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode
    if (!hebrew.test(data) || parentElement.closest("script, style, textarea")) continue
    const own = parentElement.closest('[dir="auto"]')
    const around = own?.closest(".prose") ? "" : (own?.textContent ?? "")
    if (!own || ours.test(around)) found.push(`${parentElement.outerHTML.slice(0, 200)}`)
  }
  for (const field of document.querySelectorAll("textarea, input:not([type=radio], [type=checkbox], [type=hidden])"))
    if (field.dir !== "auto" && field.checkVisibility()) found.push(field.outerHTML.slice(0, 200))
  return found
}"""


async def assert_own_direction(page: Page, place: str) -> None:
    await page.wait_for_function("() => /[\\u0590-\\u05ff]/.test(document.body.textContent)")
    assert await page.evaluate(FIND_STRAY_TEXTS) == [], place


async def check_dialog(page: Page, opened: Callable[[], Awaitable[object]], title: str) -> None:
    """Opens a dialog, checks the directions in it, and closes it."""
    await opened()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await assert_own_direction(page, title)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
async def page(account: Account) -> Page:
    """A book with a part in it, and a note with a named version, all in Hebrew."""
    book = await account.content.bucket(NAME, TYPE)
    part = await account.content.bucket(PART, TYPE, book)
    note = await account.content.note(NOTE, part, book)
    await account.content.request("PUT", f"/blobs/{note}/revisions/1/name", {"name": LABEL})
    change = {"data": {"content": f"{NOTE} סוף."}, "base_revision": 1}
    await account.content.request("PATCH", f"/blobs/{note}", change)
    lost = await account.content.bucket(f"{PART} ב", TYPE, book)
    await account.content.request("DELETE", f"/buckets/{lost}")
    return await account.window(f"/#/{part}")


async def test_everything_that_users_write_keeps_its_own_direction(page: Page, account: Account) -> None:
    await expect(page.locator(".cm-content")).to_contain_text("סוף")
    await assert_own_direction(page, "the chapter")
    first_line = page.locator(".cm-content .cm-line").first
    assert await first_line.evaluate("line => getComputedStyle(line).direction") == "rtl"
    assert await page.locator("#chapter-name").evaluate("name => getComputedStyle(name).direction") == "rtl"

    async def choose_for_bucket(action: str) -> None:
        row = page.get_by_role("row", name=PART)
        await row.get_by_role("button", name=f"More for {PART}").click()
        await assert_own_direction(page, f"the menu before {action}")
        await page.get_by_role("menuitem", name=action).click()

    for action in ("New bucket inside", "Rename", "Move to…", "Copy…", "Move to the trash"):
        await check_dialog(page, lambda action=action: choose_for_bucket(action), action)  # type: ignore[misc]
    await check_dialog(page, lambda: page.keyboard.press("Control+k"), "the palette")
    for action in ("History", "Where it stands", "trash"):

        async def choose_for_note(action: str = action) -> None:
            await page.get_by_role("button", name="More for note 1").click()
            await assert_own_direction(page, f"the menu of the note before {action}")
            await page.get_by_role("menuitem", name=action).first.click()

        await check_dialog(page, choose_for_note, action)
    await page.goto(page.url.partition("#")[0] + "#/trash")
    await expect(page.get_by_text(f"{PART} ב")).to_be_visible()
    await assert_own_direction(page, "the trash")
    await page.get_by_role("button", name=f"Restore {PART} ב").click()
    await expect(page.get_by_role("region", name="Messages").get_by_text(f"“{PART} ב”")).to_be_visible()
    await assert_own_direction(page, "what is said of it")
    assert account.errors == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Run—hide—wait—breathe.", "4 words"),
        ("e.g. example.com at 10:30", "4 words"),
        ("AI模型很快", "5 words"),
        ("안녕하세요 세계", "2 words"),
        ("ภาษาไทยง่าย", "3 words"),
        ("यह हिन्दी है। 👍🏽", "3 words"),
    ],
)
async def test_the_page_counts_words_as_the_server_does(account: Account, text: str, words: str) -> None:
    bucket = await account.content.bucket("章", "глава")
    await account.content.note(text, bucket)
    page = await account.window(f"/#/{bucket}")
    await expect(page.locator(".note .pane-head").get_by_text(words, exact=True)).to_be_visible()
