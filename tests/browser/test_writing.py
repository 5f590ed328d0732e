"""Writing in Chromium: a note, its expansion, a second window, a lost connection, two versions."""

import re
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, FilePayload, Page, expect

from tests.browser.accessibility import find_violations
from tests.browser.conftest import Account
from tests.journeys.application import Application

NOTE: Final = "The ship sailed into the storm. Nobody had checked the pumps, and the captain was asleep."
SHORT_NOTE: Final = "The ship sailed into the storm."  # which the built-in model expands in seconds
MODEL_TIMEOUT_MS: Final = 180_000  # the notes of earlier tests may be in front
WAV_HEAD: Final = (
    b"RIFF"
    + (2_000_036).to_bytes(4, "little")
    + bytes.fromhex("57415645666d7420100000000100010044ac00008858010002001000")
    + b"data"
    + (2_000_000).to_bytes(4, "little")
)
SLOW_LINE: Final = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}  # bytes/s
TIMES: Final = "\u00d7"  # how the page writes a ratio


async def create_first_chapter(page: Page) -> None:
    await page.get_by_role("button", name="Make your first book").click()
    await page.get_by_role("textbox", name="Name").fill("My Novel")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("button", name="Add a chapter").click()
    await page.get_by_role("dialog").get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="Chapter 1", level=1)).to_be_visible()


async def write_first_note(page: Page, text: str) -> None:
    await page.get_by_role("button", name="Write the first note").click()
    await page.get_by_role("textbox", name="Note 1").press_sequentially(text)
    await expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")


async def test_a_newcomer_comes_in_by_the_printed_link_once(chromium: Browser, application: Application) -> None:
    assert application.link
    for expected in ("Make your first book", "Sign in"):
        context = await chromium.new_context()
        page = await context.new_page()
        await page.goto(f"{application.address}/signin#{application.link}")
        await expect(page.get_by_role("button", name=expected, exact=True).first).to_be_visible()
        assert application.link not in page.url
        await context.close()


async def test_a_note_and_its_expansion_appear_in_a_second_window_without_a_reload(account: Account) -> None:
    here = await account.window()
    await create_first_chapter(here)
    there = await account.window(here.url)
    await write_first_note(here, SHORT_NOTE)
    await here.get_by_role("region", name="Expansion of note 1").get_by_role("button", name="Expand").click()
    for page in (here, there):
        await expect(page.get_by_role("textbox", name="Note 1")).to_have_text(SHORT_NOTE)
        expansion = page.get_by_role("region", name="Expansion of note 1")
        await expect(expansion.get_by_text("Reading ease")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        ratio = await expansion.get_by_text(re.compile(rf"^[\d.]+{TIMES}$")).inner_text()
        assert 3 <= float(ratio.rstrip(TIMES)) <= 5
    assert account.errors == []


async def test_two_versions_of_a_note_are_merged_and_neither_is_lost(account: Account) -> None:
    here = await account.window()
    await create_first_chapter(here)
    await write_first_note(here, NOTE)
    there = await account.window(here.url)
    elsewhere = there.get_by_role("textbox", name="Note 1")
    await expect(elsewhere).to_have_text(NOTE)
    await there.context.set_offline(True)
    await elsewhere.press("Control+End")
    await elsewhere.press_sequentially("\n\nWritten on the train.")
    await expect(there.get_by_test_id("save-state")).to_have_attribute("data-state", "offline")
    at_home = here.get_by_role("textbox", name="Note 1")
    await at_home.press("Control+End")
    async with here.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        await at_home.press_sequentially(" At home.")
    await there.context.set_offline(False)
    await there.get_by_role("button", name="Compare and choose").click()
    await there.get_by_role("button", name=re.compile("^Merge")).click()
    await there.get_by_role("button", name="Save the merged text").click()
    for written in ("At home.", "Written on the train."):
        await expect(at_home).to_contain_text(written)
    assert account.errors == []


async def test_the_page_is_used_with_the_keyboard_alone(account: Account) -> None:
    page = await account.window()
    await create_first_chapter(page)
    await page.get_by_role("row", name="Chapter 1", exact=True).focus()
    await page.keyboard.press("F2")
    await page.get_by_role("textbox", name="Name").fill("The storm")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="The storm", level=1)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog", name="Find or do anything")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert account.errors == []


async def test_a_narrow_window_in_the_dark_shows_all_of_it(account: Account, tmp_path: Path) -> None:
    wide = await account.window()
    await create_first_chapter(wide)
    await write_first_note(wide, NOTE)
    narrow = await account.window(wide.url, viewport={"width": 360, "height": 740}, color_scheme="dark")
    await expect(narrow.get_by_role("textbox", name="Note 1")).to_have_text(NOTE)
    overflow = await narrow.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert overflow is False
    await narrow.get_by_role("button", name="Open the tree").click()
    await expect(narrow.get_by_role("row", name="Chapter 1", exact=True)).to_be_visible()
    assert account.errors == []


async def test_files_are_added_to_a_bucket_with_a_pause_on_the_way(account: Account) -> None:
    album = await account.content.bucket("Night Crossing", "album")
    page = await account.window(f"/#/{album}")
    line = await page.context.new_cdp_session(page)
    await line.send("Network.emulateNetworkConditions", SLOW_LINE)
    async with page.expect_file_chooser() as choosing:
        await page.get_by_role("button", name="Add files…").click()
    await (await choosing.value).set_files(
        [
            FilePayload(name="dawn.wav", mimeType="audio/wav", buffer=WAV_HEAD + bytes(2_000_000)),
            FilePayload(name="notes.md", mimeType="text/markdown", buffer=b"Recorded on the ferry."),
            FilePayload(name="all.zip", mimeType="application/zip", buffer=b"PK"),
        ]
    )
    await expect(page.get_by_text("this is application/zip")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Note 1")).to_be_visible()
    assert await find_violations(page) == []
    await page.get_by_role("button", name="Pause dawn.wav").click()
    await expect(page.get_by_text("paused")).to_be_visible()
    await line.send("Network.emulateNetworkConditions", SLOW_LINE | {"uploadThroughput": -1})
    async with page.expect_request(lambda request: request.method == "HEAD" and "/uploads/" in request.url):
        await page.get_by_role("button", name="Go on with dawn.wav").click()
    await expect(page.get_by_label("Recording dawn.wav")).to_be_visible()
    await page.get_by_role("button", name="Take all.zip off the list").click()
    await expect(page.get_by_role("region", name="Files on their way")).to_have_count(0)
    assert await find_violations(page) == []
    assert account.errors == []
