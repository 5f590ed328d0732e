"""Who may make an account: everybody, whoever was invited, or nobody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from reyna.app.config import read_settings
from reyna.domain.errors import Conflict
from reyna.services.studio.accounts.invitations import RegistrationMode
from reyna.services.studio.sign_in.session_store import LIFETIMES
from tests.services.studio.conftest import PASSWORD, open_browser
from tests.services.studio.harness import StudioHarness
from tests.support.concurrency import gather_results

EVERYWHERE = "0.0.0.0"  # noqa: S104 - named, not bound
ANA = {"email": "ana@example.test", "password": PASSWORD, "name": "Ana"}


@asynccontextmanager
async def studio_with_mode(
    harness: StudioHarness, registration: RegistrationMode
) -> AsyncIterator[tuple[StudioHarness, httpx.AsyncClient]]:
    """Yields a studio with this registration mode, and a browser of it."""
    studio = harness.copy(registration=registration)
    async with open_browser(studio) as browser:
        yield studio, browser


async def register(browser: httpx.AsyncClient, invitation: str | None = None, **change: str) -> tuple[int, str | None]:
    """The status, and the reason of a refusal."""
    given = {} if invitation is None else {"invitation": invitation}
    answer = await browser.post("/api/auth/register", json=ANA | given | change)
    return answer.status_code, answer.json().get("reason")


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
async def test_anybody_may_know_who_may_register(harness: StudioHarness, mode: RegistrationMode) -> None:
    async with studio_with_mode(harness, mode) as (_, browser):
        assert (await browser.get("/api/auth/registration")).json() == {"registration": mode}


async def test_where_registration_is_closed_nobody_gets_an_account(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "closed") as (studio, browser):
        assert await register(browser) == (403, "registration_closed")
        assert await register(browser, "guessed") == (403, "registration_closed")
        with pytest.raises(Conflict):
            await studio.studio.invitations.create()


async def test_the_owner_comes_in_by_the_first_link_where_registration_is_closed(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "closed") as (studio, browser):
        link = await studio.studio.sign_up.create_owner_link()
        assert (await browser.post("/api/auth/link", json={"token": link})).status_code == 200


async def test_an_invitation_is_good_once(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (studio, browser):
        assert await register(browser) == (403, "invitation_needed")
        invitation = await studio.studio.invitations.create()
        assert await register(browser, invitation) == (201, None)
        assert await register(browser, invitation, email="bo@example.test") == (403, "invitation_needed")


async def test_what_fails_uses_up_no_invitation(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (studio, browser):
        assert (await register(browser, await studio.studio.invitations.create()))[0] == 201
        invitation = await studio.studio.invitations.create()
        assert (await register(browser, invitation))[0] == 409  # the address is taken
        assert (await register(browser, invitation, email="bo@example.test", password="password"))[0] == 422
        assert (await register(browser, invitation, email="bo@example.test"))[0] == 201


async def test_of_many_with_one_invitation_one_gets_an_account(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (studio, browser):
        invitation = await studio.studio.invitations.create()
        done = await gather_results(*(register(browser, invitation, email=f"a{n}@example.test") for n in range(5)))
    assert [done.count((201, None)), done.count((403, "invitation_needed"))] == [1, 4]


async def test_an_invitation_for_one_address_is_for_no_other(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (studio, browser):
        invitation = await studio.studio.invitations.create("Ana@Example.test")
        assert await register(browser, invitation, email="bo@example.test") == (403, "invitation_needed")
        assert await register(browser, invitation) == (201, None)


async def test_an_invitation_is_good_for_two_weeks_and_for_nothing_else(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (studio, browser):
        invitation = await studio.studio.invitations.create()
        assert (await browser.post("/api/auth/link", json={"token": invitation})).status_code == 401
        signed_in = await browser.get("/api/me", headers={"authorization": f"Bearer {invitation}"})
        assert signed_in.status_code == 401
        harness.clock.advance(LIFETIMES["invitation"])
        assert await register(browser, invitation) == (403, "invitation_needed")


async def test_guessing_invitations_is_counted(harness: StudioHarness) -> None:
    async with studio_with_mode(harness, "invite") as (_, browser):
        answers = [(await register(browser, f"guess {number}"))[0] for number in range(70)]
    assert (answers.count(403), answers.count(429)) == (60, 10)


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({}, "open"),
        ({"REYNA_HOST": "localhost"}, "open"),
        ({"REYNA_HOST": "::1"}, "open"),
        ({"REYNA_HOST": EVERYWHERE}, "closed"),
        ({"REYNA_HOST": "192.0.2.7"}, "closed"),
        ({"REYNA_HOST": "studio.example"}, "closed"),
        ({"REYNA_HOST": EVERYWHERE, "REYNA_REGISTRATION": "open"}, "open"),
        ({"REYNA_REGISTRATION": "invite"}, "invite"),
    ],
)
def test_registration_is_open_by_itself_on_this_machine_alone(
    environment: dict[str, str], mode: RegistrationMode, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = read_settings(environment, tmp_path_factory.mktemp("nothing"))
    assert settings.registration_mode() == mode
