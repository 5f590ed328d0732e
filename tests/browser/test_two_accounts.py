"""Two accounts in two tabs of one browser: nothing of one is shown or stored under the other."""

import asyncio
from asyncio.subprocess import PIPE
from typing import Final

import httpx
from playwright.async_api import Page, expect

from tests.browser.conftest import TIMEOUT_MS, Account
from tests.browser.test_writing import create_first_chapter, write_first_note
from tests.journeys.application import REYNA, Application

PASSWORD: Final = "a long one"
NOTE: Final = "Only Ana may read this."


async def register_dora(application: Application, address: str) -> tuple[str, str]:
    """Registers another account; returns its id and its token."""
    async with httpx.AsyncClient(base_url=f"{application.address}/api", timeout=TIMEOUT_MS / 1000) as client:
        new = {"email": address, "password": PASSWORD, "name": "Dora"}
        answer = (await client.post("/auth/register", json=new)).raise_for_status().json()
        return answer["user"]["id"], answer["token"]


async def create_sign_in_link(application: Application, address: str) -> str:
    command = await asyncio.create_subprocess_exec(
        *REYNA, "account", "link", address, env=application.environment, stdout=PIPE
    )
    output, _ = await command.communicate()
    return f"{application.address}/signin#{output.decode().strip().partition('/signin#')[2]}"


async def blobs_of(application: Application, token: str) -> list[object]:
    async with httpx.AsyncClient(base_url=f"{application.address}/api", timeout=TIMEOUT_MS / 1000) as client:
        answer = await client.get("/blobs", headers={"Authorization": f"Bearer {token}"})
        return list(answer.raise_for_status().json()["items"])


async def sign_in(page: Page, address: str) -> None:
    await page.get_by_role("textbox", name="Email").fill(address)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_who_signs_in_in_another_tab_sees_nothing_of_mine_and_i_am_told_at_once(
    account: Account, application: Application
) -> None:
    mine = await account.window()
    await create_first_chapter(mine)
    await write_first_note(mine, NOTE)
    await register_dora(application, "dora-1@example.org")
    theirs = await mine.context.new_page()
    await theirs.goto(await create_sign_in_link(application, "dora-1@example.org"))
    await expect(theirs.get_by_role("button", name="Make your first book")).to_be_visible()
    await expect(mine.get_by_text("Another account was signed in to in this browser.")).to_be_visible()
    for page in (mine, theirs):
        shown = await page.content()
        assert NOTE not in shown
        assert "My Novel" not in shown
    await mine.get_by_role("button", name="Go on with the account that is signed in").click()
    await expect(mine.get_by_role("button", name="Account of Dora")).to_be_visible()
    await expect(mine.get_by_role("button", name="Make your first book")).to_be_visible()
    assert account.errors == []


async def test_what_i_type_in_a_tab_whose_browser_is_somebody_elses_by_now_stays_mine(
    account: Account, application: Application
) -> None:
    mine = await account.window()
    await create_first_chapter(mine)
    await write_first_note(mine, NOTE)
    place = mine.url
    _, token = await register_dora(application, "dora-2@example.org")
    # Not by a page: so no other window tells, and the tab finds out by what it is answered.
    signed_in = await mine.context.request.post(
        f"{application.address}/api/auth/login",
        data={"email": "dora-2@example.org", "password": PASSWORD},
        headers={"Origin": application.address},
    )
    assert signed_in.ok
    await mine.get_by_role("textbox", name="Note 1").press("Control+End")
    await mine.get_by_role("textbox", name="Note 1").press_sequentially(" And this.")
    await expect(mine.get_by_text("Another account was signed in to in this browser.")).to_be_visible()
    assert NOTE not in await mine.content()
    assert await blobs_of(application, token) == []
    await sign_in(mine, account.email)
    await expect(mine.get_by_role("button", name="Account of Ana Writer")).to_be_visible()
    await mine.goto(place)
    await expect(mine.get_by_role("textbox", name="Note 1")).to_have_text(f"{NOTE} And this.")
    await expect(mine.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    assert await blobs_of(application, token) == []
    assert account.errors == []
