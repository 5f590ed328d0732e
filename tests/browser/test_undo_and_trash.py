"""Undo, the trash, places and the history of a note, in Chromium."""

import re
from typing import Final

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Account

SHIP: Final = "The ship sailed into the storm."
INTO: Final = "\u203a"  # how the page writes a path


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=name, exact=True)


async def choose(page: Page, menu: str, item: str | re.Pattern[str]) -> None:
    await page.get_by_role("button", name=menu, exact=True).click()
    await page.get_by_role("menuitem", name=item).click()


async def test_a_note_in_two_places_is_taken_out_of_one_or_trashed_from_both(account: Account) -> None:
    content = account.content
    novel = await content.bucket("My Novel", "book")
    one, two = [await content.bucket(f"Chapter {n}", "chapter", novel) for n in (1, 2)]
    await content.note(SHIP, one, two)
    page = await account.window(f"/#/{one}")
    there = await account.window(f"/#/{two}")
    await page.get_by_role("button", name="In 2 places").click()
    places = page.get_by_role("dialog", name="Where this note stands").get_by_role("listitem")
    await expect(places).to_have_text(
        [re.compile(f"My Novel {INTO} Chapter 1"), re.compile(f"My Novel {INTO} Chapter 2")]
    )
    await page.keyboard.press("Escape")
    await choose(page, "More for note 1", "Take out of this chapter")
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_count(0)
    await expect(there.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    await page.get_by_role("region", name="Messages").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    await choose(page, "More for note 1", re.compile("Move to the trash"))
    await page.get_by_role("dialog").get_by_role("button", name="Move to the trash").click()
    for window in (page, there):
        await expect(window.get_by_role("textbox", name="Note 1")).to_have_count(0)
    assert account.errors == []


async def test_a_bucket_goes_to_the_trash_with_what_is_only_there_and_comes_back_by_ctrl_z(account: Account) -> None:
    content = account.content
    novel = await content.bucket("My Novel", "book")
    part = await content.bucket("Part 1", "part", novel)
    chapter = await content.bucket("Chapter 1", "chapter", part)
    other = await content.bucket("Research", "research", novel)
    await content.note("Only here.", chapter)
    await content.note(SHIP, chapter, other)
    page = await account.window(f"/#/{chapter}")
    await row(page, "Part 1").focus()
    await page.keyboard.press("Delete")
    question = page.get_by_role("dialog")
    await expect(question.get_by_text("With it go 1 bucket and 1 note.")).to_be_visible()
    stays = question.get_by_role("region", name="What stays").get_by_role("listitem")
    await expect(stays).to_have_text([f"{SHIP} in My Novel {INTO} Research"])
    await question.get_by_role("button", name="Move to the trash").click()
    await expect(row(page, "Part 1")).to_have_count(0)
    await expect(page.get_by_role("heading", name="My Novel", level=1)).to_be_visible()
    await row(page, "My Novel").focus()
    await page.keyboard.press("Control+z")
    await expect(page.get_by_text("Undone: moved “Part 1” to the trash.")).to_be_visible()
    await expect(row(page, "Part 1")).to_be_visible()
    await page.keyboard.press("Control+Shift+z")
    await expect(page.get_by_text("Done again: moved “Part 1” to the trash.")).to_be_visible()
    await expect(row(page, "Part 1")).to_have_count(0)
    assert account.errors == []


async def test_ctrl_z_in_a_text_is_the_texts_own(account: Account) -> None:
    content = account.content
    chapter = await content.bucket("Chapter 1", "chapter")
    await content.note(SHIP, chapter)
    page = await account.window(f"/#/{chapter}")
    note = page.get_by_role("textbox", name="Note 1")
    await note.press("Control+End")
    await note.press_sequentially(" Twice")
    await note.press("Control+z")
    await expect(note).not_to_have_text(f"{SHIP} Twice")
    await expect(row(page, "Chapter 1")).to_be_visible()
    await expect(page.get_by_role("region", name="Messages").get_by_text("Undone")).to_have_count(0)
    assert account.errors == []


async def test_undo_says_what_stands_in_its_way(account: Account) -> None:
    content = account.content
    novel = await content.bucket("My Novel", "book")
    page = await account.window(f"/#/{novel}")
    await content.note(SHIP, novel)
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    await page.get_by_role("button", name="Undo").click()
    refusal = page.get_by_role("region", name="Messages").get_by_role("alert")
    await expect(refusal).to_contain_text("Not undone.")
    await expect(row(page, "My Novel")).to_be_visible()
    await refusal.get_by_role("button", name="Undo anyway").click()
    await expect(row(page, "My Novel")).to_have_count(0)
    assert account.errors == []


async def test_what_was_trashed_is_restored_under_another_parent_when_its_own_is_gone(account: Account) -> None:
    content = account.content
    novel, other = await content.bucket("My Novel", "book"), await content.bucket("Drawer", "drawer")
    chapter = await content.bucket("Chapter 1", "chapter", novel)
    for id in (chapter, novel):
        await content.request("DELETE", f"/buckets/{id}")
    page = await account.window(f"/#/{other}")
    await page.get_by_role("link", name="Trash", exact=True).click()
    trashed = page.get_by_role("list", name="In the trash").get_by_role("listitem")
    await expect(trashed).to_have_count(2)
    await page.get_by_role("button", name="Restore Chapter 1").click()
    question = page.get_by_role("dialog", name="Where shall “Chapter 1” go?")
    await question.get_by_role("searchbox").press_sequentially("draw")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(trashed).to_have_count(1)
    await expect(page.get_by_role("button", name="Expand Drawer")).to_be_visible()
    await row(page, "Drawer").press("ArrowRight")
    await expect(row(page, "Chapter 1")).to_be_visible()
    await page.get_by_role("button", name="Restore My Novel").click()
    await expect(page.get_by_text("The trash is empty.")).to_be_visible()
    assert account.errors == []


async def test_a_note_whose_buckets_are_gone_is_restored_into_another(account: Account) -> None:
    content = account.content
    chapter, drawer = await content.bucket("Chapter 1", "chapter"), await content.bucket("Drawer", "drawer")
    note = await content.note(SHIP, chapter)
    for path in (f"/blobs/{note}", f"/buckets/{chapter}"):
        await content.request("DELETE", path)
    page = await account.window("/#/trash")
    await page.get_by_role("button", name=f"Restore {SHIP}").click()
    question = page.get_by_role("dialog", name="Where shall the note stand?")
    await question.get_by_role("button", name="Leave it in the trash").click()
    await expect(page.get_by_role("button", name=f"Restore {SHIP}")).to_be_visible()
    await page.get_by_role("button", name=f"Restore {SHIP}").click()
    await question.get_by_role("option", name="Drawer").click()
    await page.goto(f"{page.url.partition('#')[0]}#/{drawer}")
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    assert account.errors == []


async def test_a_save_that_came_too_late_is_found_in_the_history_and_restored(account: Account) -> None:
    chapter = await account.content.bucket("Chapter 1", "chapter")
    note = await account.content.note(SHIP, chapter)
    await account.content.request(
        "PATCH", f"/blobs/{note}", {"data": {"content": "The boat sailed."}, "base_revision": 1}
    )
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await account.content.request("PATCH", f"/blobs/{note}", {"data": {"content": "Too late."}, "base_revision": 1})
    page = await account.window(f"/#/{chapter}")
    await choose(page, "More for note 1", "History…")
    history = page.get_by_role("dialog", name="History of this note")
    await history.get_by_role("option").filter(has_text="Refused save").click()
    await history.get_by_role("button", name="Restore this version").click()
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text("Too late.")
    assert account.errors == []


async def test_what_is_deleted_for_good_is_gone_only_after_a_warning(account: Account) -> None:
    novel = await account.content.bucket("My Novel", "book")
    await account.content.note(SHIP, novel)
    await account.content.request("DELETE", f"/buckets/{novel}")
    page = await account.window("/#/trash")
    await page.get_by_role("button", name="Delete My Novel for good").click()
    question = page.get_by_role("dialog", name="Delete “My Novel” for good?")
    await expect(question.get_by_text("This cannot be undone.")).to_be_visible()
    await question.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_text("Deleted for good: 1 bucket and 1 text.")).to_be_visible()
    await expect(page.get_by_text("The trash is empty.")).to_be_visible()
    assert account.errors == []


async def test_an_older_version_of_a_note_is_read_compared_named_and_restored(account: Account) -> None:
    content = account.content
    chapter = await content.bucket("Chapter 1", "chapter")
    note = await content.note(SHIP, chapter)
    await content.request("PATCH", f"/blobs/{note}", {"data": {"content": "The boat sailed."}, "base_revision": 1})
    page = await account.window(f"/#/{chapter}")
    await choose(page, "More for note 1", "History…")
    history = page.get_by_role("dialog", name="History of this note")
    await history.get_by_role("button", name="Show every save").click()
    await history.get_by_role("option").last.click()
    shown = history.get_by_role("region", name="The version")
    await expect(shown.locator("del").first).to_have_text("ship")
    await expect(shown.locator("ins").first).to_have_text("boat")
    await shown.get_by_role("button", name="As it was").click()
    await expect(shown.get_by_text(SHIP, exact=True)).to_be_visible()
    await shown.get_by_role("textbox", name="Name of this version").fill("First draft")
    await shown.get_by_role("button", name="Name it").click()
    await expect(history.get_by_role("option", name=re.compile("First draft"))).to_be_visible()
    await shown.get_by_role("button", name="Restore this version").click()
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    assert account.errors == []


async def test_a_bucket_is_copied_with_notes_of_its_own(account: Account) -> None:
    content = account.content
    novel = await content.bucket("My Novel", "book")
    await content.note(SHIP, novel)
    page = await account.window(f"/#/{novel}")
    await row(page, "My Novel").hover()
    await choose(page, "More for My Novel", "Copy…")
    await page.get_by_role("option", name="To the top, outside of every bucket").click()
    await page.get_by_role("region", name="Messages").get_by_role("button", name="Show").click()
    await expect(page.get_by_role("heading", name="My Novel (copy)", level=1)).to_be_visible()
    await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHIP)
    await expect(page.get_by_role("button", name="In 2 places")).to_have_count(0)
    assert account.errors == []
