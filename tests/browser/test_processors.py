"""Processors in Chromium: switching on, settings, runs, what was given up, and results of any schema."""

import re
from collections.abc import AsyncIterator
from typing import Final
from zipfile import is_zipfile

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.accessibility import find_violations
from tests.browser.conftest import Account
from tests.browser.processors import running_workers
from tests.journeys.application import Application

SHIP: Final = "The ship sailed into the storm."
GULL: Final = "The harbour was empty, but for one gull."
INTO: Final = "\u203a"  # how the page writes a path


@pytest.fixture(scope="module", autouse=True)
async def workers(application: Application) -> AsyncIterator[None]:
    async with running_workers(application):
        yield


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def run_of(page: Page, processor: str, note: str) -> Locator:
    return page.get_by_role("article", name=f"{processor}: {note}", exact=True)


async def create_chapter(account: Account) -> str:
    novel = await account.content.bucket("My Novel", "book")
    return await account.content.bucket("Chapter 1", "chapter", novel)


async def test_a_processor_is_switched_on_for_a_bucket_with_its_settings_and_works_by_itself(account: Account) -> None:
    chapter = await create_chapter(account)
    page = await account.window("/#/processors")
    tone = card(page, "Tone reader")
    await expect(tone.get_by_text("1 worker running")).to_be_visible()
    await expect(tone.get_by_text("Switched off")).to_be_visible()
    assert await find_violations(page) == []
    await tone.get_by_role("button", name="Switch on Tone reader").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="In one bucket and everything in it").click()
    await dialog.get_by_role("option", name=re.compile("Chapter 1")).click()
    await expect(dialog.get_by_text(f"In My Novel {INTO} Chapter 1")).to_be_visible()
    await dialog.get_by_label("Mood").select_option("harsh")
    await dialog.get_by_label("Signature").fill("nobody")
    assert await find_violations(page) == []
    await dialog.get_by_role("button", name="Switch on").click()
    await expect(dialog.get_by_label("Signature")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Signature").fill("Nobody")
    await dialog.get_by_role("button", name="Switch on").click()
    await expect(tone.get_by_text("Switched on for 1 bucket")).to_be_visible()
    await expect(tone.get_by_role("switch", name=f"Tone reader: My Novel {INTO} Chapter 1")).to_be_checked()
    await account.content.note(SHIP, chapter)
    await page.get_by_role("link", name="Runs").click()
    shown = run_of(page, "Tone reader", SHIP)
    await expect(shown.get_by_text("Completed")).to_be_visible()
    await shown.get_by_role("button", name="Result").click()
    result = page.get_by_role("dialog", name="Style analysis (v1)")
    await expect(result.get_by_text("harsh")).to_be_visible()
    await expect(result.get_by_role("heading", name="Suggestions")).to_be_visible()
    await expect(result.get_by_text("71.25")).to_be_visible()
    await expect(result.get_by_text('"tone"')).to_have_count(0)
    assert await find_violations(page) == []
    await result.get_by_role("link", name=f"My Novel {INTO} Chapter 1").click()
    await expect(page.get_by_role("heading", name="Chapter 1", level=1)).to_be_visible()
    assert account.errors == []


async def test_a_bucket_is_run_with_overall_progress_and_a_run_is_stopped_and_repeated(account: Account) -> None:
    chapter = await create_chapter(account)
    for text in (SHIP, GULL):
        await account.content.note(text, chapter)
    page = await account.window(f"/#/{chapter}")
    await page.get_by_role("article").get_by_role("button", name="Run…").click()
    dialog = page.get_by_role("dialog", name="Run a processor")
    await dialog.get_by_role("radio", name=re.compile("^Slow reader")).click()
    await dialog.get_by_role("button", name="Run", exact=True).click()
    progress = page.get_by_role("progressbar", name="Progress of Slow reader on Chapter 1")
    await expect(progress).to_contain_text("0 of 2 done")
    await page.get_by_role("button", name="Show the runs").click()
    shown = run_of(page, "Slow reader", GULL)
    await expect(shown.get_by_text("The mighty vessel")).to_be_visible()
    assert await find_violations(page) == []
    await shown.get_by_role("button", name=re.compile("^Stop")).click()
    await expect(shown.get_by_text("Stopped")).to_be_visible()
    await expect(progress).to_contain_text("1 of 2 done (1 stopped)")
    await shown.get_by_role("button", name=re.compile("^Try again")).click()
    await expect(shown.get_by_text("Running")).to_be_visible()
    await page.get_by_role("button", name="Stop the rest").click()
    await expect(progress).to_contain_text("2 of 2 done (2 stopped)")
    await page.get_by_label("Status").select_option("Completed")
    await expect(page.get_by_text("No run is like that.")).to_be_visible()
    assert account.errors == []


async def test_what_was_given_up_is_put_right_and_run_again(account: Account) -> None:
    chapter = await create_chapter(account)
    await account.content.note("This one is broken.", chapter)
    page = await account.window(f"/#/{chapter}")
    await page.get_by_role("button", name="More for note 1", exact=True).click()
    await page.get_by_role("menuitem", name="Run…").click()
    dialog = page.get_by_role("dialog", name="Run a processor")
    await dialog.get_by_role("radio", name=re.compile("^Tone reader")).click()
    await dialog.get_by_role("button", name="Run", exact=True).click()
    await expect(dialog).to_have_count(0)
    await page.keyboard.press("Control+k")
    await page.get_by_role("menuitem", name="Open what was given up").click()
    letter = run_of(page, "Tone reader", "This one is broken.")
    await expect(letter.get_by_text("style-analysis-v1")).to_be_visible()
    assert await find_violations(page) == []
    await letter.get_by_role("button", name=re.compile("^Edit and run again")).click()
    edit = page.get_by_role("dialog", name="Edit and run again")
    await edit.get_by_role("textbox", name="Content").fill("This one is mended.")
    await edit.get_by_role("button", name="Run again").click()
    await expect(page.get_by_text("Nothing was given up.")).to_be_visible()
    await page.get_by_role("link", name="Runs").click()
    await expect(run_of(page, "Tone reader", "This one is mended.").get_by_text("Completed")).to_be_visible()
    assert account.errors == []


async def test_the_pages_fit_a_narrow_window_in_the_dark(account: Account) -> None:
    chapter = await create_chapter(account)
    await account.content.note(SHIP, chapter)
    await account.content.request("POST", "/instances", {"processor_id": "tone-reader", "bucket_id": chapter})
    await account.content.request("POST", "/runs", {"processor_id": "slow-reader", "bucket_id": chapter})
    page = await account.window("/#/processors", viewport={"width": 390, "height": 800}, color_scheme="dark")
    await expect(card(page, "Tone reader").get_by_role("switch")).to_be_checked()
    for link, seen in (("Runs", run_of(page, "Slow reader", SHIP)), ("Processors", card(page, "Tone reader"))):
        await page.get_by_role("navigation", name="Pages about processors").get_by_role("link", name=link).click()
        await expect(seen).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert await find_violations(page) == []
    await page.goto(f"{page.url.partition('#')[0]}#/{chapter}")
    await page.get_by_role("article").get_by_role("button", name="Run…").click()
    dialog = page.get_by_role("dialog", name="Run a processor")
    await dialog.get_by_role("radio", name=re.compile("^Tone reader")).click()
    await dialog.get_by_role("radio", name="Only those that I choose").click()
    await dialog.get_by_role("option", name=SHIP).click()
    await expect(dialog.get_by_role("option", name=SHIP)).to_have_attribute("aria-selected", "true")
    assert await find_violations(page) == []
    await dialog.get_by_role("button", name="Run", exact=True).click()
    await expect(page.get_by_text("Started 1 run.")).to_be_visible()
    assert account.errors == []


async def test_a_processor_of_ones_own_appears_at_once_and_is_removed(account: Account) -> None:
    page = await account.window("/#/processors")
    await expect(card(page, "Tone reader")).to_be_visible()
    own: dict[str, object] = {"id": "shouting", "version": "1.0.0", "name": "Shouting", "trigger": "manual"}
    own |= {"input_schemas": ["text-input-v1"], "output_schema": "text-input-v1"}
    await account.content.request("POST", "/processors", own)
    shouting = card(page, "Shouting")
    await expect(shouting.get_by_text("yours")).to_be_visible()
    await expect(shouting.get_by_text("No worker is running: nothing will happen until one does.")).to_be_visible()
    await shouting.get_by_role("button", name="Remove Shouting").click()
    await page.get_by_role("dialog", name="Remove Shouting?").get_by_role("button", name="Remove").click()
    await expect(shouting).to_have_count(0)
    assert account.errors == []


async def test_a_pipeline_is_made_run_on_a_bucket_and_found_again_after_a_reload(account: Account) -> None:
    chapter = await create_chapter(account)
    for text in (SHIP, GULL):
        await account.content.note(text, chapter)
    page = await account.window("/#/pipelines")
    await page.get_by_role("button", name="New pipeline…").click()
    dialog = page.get_by_role("dialog", name="New pipeline")
    await dialog.get_by_label("Name").fill("Slow ones")
    await dialog.get_by_label("Processor", exact=True).select_option("Slow reader")
    await dialog.get_by_role("textbox", name=re.compile("^Processor 1: Only if")).fill('contains(content, "ship")')
    assert await find_violations(page) == []
    await dialog.get_by_role("button", name="Save").click()
    await expect(card(page, "Slow ones").get_by_text('contains(content, "ship")')).to_be_visible()
    assert await find_violations(page) == []
    await page.get_by_role("button", name="Run Slow ones").click()
    dialog = page.get_by_role("dialog", name="Run a processor")
    await dialog.get_by_role("option", name=re.compile("Chapter 1")).click()
    await dialog.get_by_role("button", name="Run", exact=True).click()
    progress = page.get_by_role("progressbar", name="Progress of Slow ones on Chapter 1")
    await expect(progress).to_contain_text("0 of 1 done (1 skipped)")
    await page.reload()
    await expect(progress).to_contain_text("0 of 1 done (1 skipped)")
    assert await find_violations(page) == []
    await page.get_by_role("button", name="Stop the rest").click()
    await expect(progress).to_contain_text("1 of 1 done (1 stopped, 1 skipped)")
    assert account.errors == []


async def test_a_bucket_becomes_a_book_that_is_downloaded(account: Account) -> None:
    chapter = await create_chapter(account)
    await account.content.note(SHIP, chapter)
    page = await account.window(f"/#/{chapter}")
    await page.get_by_role("button", name="Make a book…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("radio", name="E-book").click()
    await dialog.get_by_label("Author").fill("Ana Reyes")
    assert await find_violations(page) == []
    await dialog.get_by_role("button", name="Make the book").click()
    async with page.expect_download() as downloading:
        await dialog.get_by_role("link", name="Download Chapter 1.epub").click()
    download = await downloading.value
    assert download.suggested_filename == "Chapter 1.epub"
    assert is_zipfile(await download.path())
    await dialog.get_by_role("button", name="Contents").click()
    contents = page.get_by_role("region", name="Contents")
    await expect(contents.get_by_role("listitem")).to_contain_text("6 words")
    assert await find_violations(page) == []
    assert account.errors == []


async def test_a_pitch_is_read_edited_and_sent_as_one_page(account: Account) -> None:
    book = await account.content.bucket("My Novel", "book")
    data = {"title": "The Storm", "logline": SHIP, "characters": [{"name": "Ilse", "description": "The pilot."}]}
    new = {"schema_id": "pitch-v1", "data": data, "bucket_ids": [book]}
    await account.content.request("POST", "/blobs", new)
    page = await account.window(f"/#/{book}")
    await page.get_by_role("region", name="Also here").get_by_text("The Storm").click()
    await page.get_by_role("button", name="Edit Logline").click()
    await page.get_by_role("textbox", name="Logline").fill(GULL)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("region", name="Logline").get_by_text(GULL)).to_be_visible()
    assert await find_violations(page) == []
    await page.get_by_role("button", name="One page to send: PDF and DOCX").click()
    await expect(page.get_by_role("link", name="Download The Storm.docx").first).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download The Storm.pdf").first.click()
    assert (await (await downloading.value).path()).read_bytes().startswith(b"%PDF-")
    assert await find_violations(page) == []
    assert account.errors == []
