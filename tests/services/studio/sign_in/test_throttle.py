"""Guessing passwords: slowed by account and by source, and never to the harm of whoever owns the account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest

from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import PASSWORD
from tests.services.studio.harness import StudioHarness

WRONG = "wrong guess"
FAILURE_WINDOW = timedelta(minutes=15)


@asynccontextmanager
async def open_client(
    harness: StudioHarness, address: str = "198.51.100.1", **headers: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A client at this network address that keeps its cookies."""
    transport = httpx.ASGITransport(cast(Any, harness.app), client=(address, 1))
    ours = {"origin": "http://studio.test", "x-reyna-csrf": "1"} | headers
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test/api", headers=ours) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD, email: str = "ana@example.test") -> int:
    answer = await client.post("/auth/login", json={"email": email, "password": password})
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code


async def guess(harness: StudioHarness, address: str, count: int, email: str = "ana@example.test") -> list[int]:
    """The answers to so many wrong guesses from one address, all at once."""
    async with open_client(harness, address) as guesser:
        return await asyncio.gather(*(sign_in(guesser, f"{WRONG} {number}", email) for number in range(count)))


async def test_guesses_from_one_source_are_counted_over_all_accounts(harness: StudioHarness) -> None:
    async with open_client(harness) as guesser:
        guesses = (sign_in(guesser, WRONG, f"nobody-{number}@example.test") for number in range(150))
        answers = await asyncio.gather(*guesses)
    assert set(answers) == {401, 429}
    assert answers.count(401) <= 60


async def test_a_source_that_guesses_does_not_stop_another(harness: StudioHarness, anas: SignedIn) -> None:
    await guess(harness, "198.51.100.9", 20, "bo@example.test")
    async with open_client(harness, "198.51.100.9") as guesser, open_client(harness, "198.51.100.8") as ana:
        assert await sign_in(guesser, WRONG, "bo@example.test") == 429
        assert await sign_in(ana) == 200


async def test_guesses_from_many_sources_are_counted_for_the_account(harness: StudioHarness, anas: SignedIn) -> None:
    answers = [status for source in range(8) for status in await guess(harness, f"198.51.100.{source}", 10)]
    assert answers.count(401) == 30
    assert answers.count(429) == 50


@pytest.mark.parametrize("one_network", [("2001:db8::1", "2001:db8::2"), ("192.0.2.1", "::ffff:192.0.2.1")])
async def test_addresses_of_one_household_are_one_source(
    harness: StudioHarness, anas: SignedIn, one_network: tuple[str, str]
) -> None:
    answers = [status for address in one_network for status in await guess(harness, address, 10)]
    assert answers.count(401) == 10


async def test_a_device_that_signed_in_before_is_let_in_whatever_others_guess(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with open_client(harness, "192.0.2.7") as ana, open_client(harness, "192.0.2.7") as new_device:
        assert await sign_in(ana) == 200
        await ana.post("/auth/logout")
        await guess(harness, "192.0.2.7", 40)
        assert await sign_in(new_device) == 429
        assert await sign_in(ana) == 200


async def test_who_is_signed_in_may_sign_in_again_whatever_others_guess(harness: StudioHarness, anas: SignedIn) -> None:
    await guess(harness, "192.0.2.7", 40)
    async with open_client(harness, "192.0.2.7", authorization=f"Bearer {anas.token}") as ana:
        assert await sign_in(ana) == 200


async def test_a_known_device_guesses_no_more_often_than_others(harness: StudioHarness, anas: SignedIn) -> None:
    async with open_client(harness) as device:
        await sign_in(device)
        answers = [await sign_in(device, f"{WRONG} {number}") for number in range(40)]
    assert answers[:20] == [401] * 20  # as a known device, and then as any other
    assert set(answers[20:]) == {429}


async def test_a_device_is_known_to_its_own_accounts_only(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    async with open_client(harness) as bo:
        assert await sign_in(bo, email="bo@example.test") == 200
        answers = [await sign_in(bo, f"{WRONG} {number}") for number in range(20)]
    assert answers.count(401) == 10


async def test_one_browser_is_known_to_both_of_its_accounts(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    async with open_client(harness, "192.0.2.7") as browser:
        for email in ("ana@example.test", "bo@example.test"):
            assert await sign_in(browser, email=email) == 200
        await browser.post("/auth/logout")
        for email in ("ana@example.test", "bo@example.test"):
            await guess(harness, "192.0.2.7", 40, email)
            assert await sign_in(browser, email=email) == 200


async def test_a_new_password_makes_devices_of_before_unknown(harness: StudioHarness, anas: SignedIn) -> None:
    async with open_client(harness, "192.0.2.7") as thief, open_client(harness, "192.0.2.8") as ana:
        assert (await sign_in(thief), await sign_in(ana)) == (200, 200)
        change = {"password": "another password", "old_password": PASSWORD}
        assert (await ana.patch("/me", json=change)).status_code == 200
        await ana.post("/auth/logout")
        await guess(harness, "192.0.2.7", 40)
        assert await sign_in(thief) == 429
        assert await sign_in(ana, "another password") == 200


async def test_a_device_cookie_is_no_sign_in(harness: StudioHarness, anas: SignedIn) -> None:
    async with open_client(harness) as ana, open_client(harness) as other:
        await sign_in(ana)
        for name, value in ana.cookies.items():
            if "device" in name:
                other.cookies.set(name, value)
        assert other.cookies
        assert (await other.get("/me")).status_code == 401


async def test_two_gateways_count_together(harness: StudioHarness, anas: SignedIn) -> None:
    other = harness.copy()
    one, two = await asyncio.gather(guess(harness, "198.51.100.1", 15), guess(other, "198.51.100.1", 15))
    assert [*one, *two].count(401) == 10


async def test_old_passwords_are_guessed_at_the_price_of_that_session_alone(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with open_client(harness) as thief, open_client(harness) as ana:
        await sign_in(thief)
        await sign_in(ana)
        change = {"password": "another password", "old_password": WRONG}
        answers = [(await thief.patch("/me", json=change)).status_code for _ in range(15)]
        assert (answers.count(403), answers.count(429)) == (10, 5)
        assert (await ana.patch("/me", json=change | {"old_password": PASSWORD})).status_code == 200


async def test_links_that_are_none_are_counted_and_a_good_one_is_always_let_in(
    harness: StudioHarness, anas: SignedIn
) -> None:
    link = await harness.studio.sign_in_links.create_for("ana@example.test")
    async with open_client(harness) as guesser:
        answers = [(await guesser.post("/auth/link", json={"token": f"{n}"})).status_code for n in range(50)]
        assert (answers.count(401), answers.count(429)) == (30, 20)
        assert (await guesser.post("/auth/link", json={"token": link})).status_code == 200


async def test_asking_which_addresses_are_taken_is_counted(harness: StudioHarness, anas: SignedIn) -> None:
    async with open_client(harness) as asker:
        new = {"email": "ana@example.test", "password": PASSWORD, "name": "Ana"}
        answers = [(await asker.post("/auth/register", json=new)).status_code for _ in range(80)]
        assert (answers.count(409), answers.count(429)) == (60, 20)


async def test_what_was_counted_is_forgotten_after_its_window(harness: StudioHarness, anas: SignedIn) -> None:
    await guess(harness, "198.51.100.1", 40)
    harness.clock.advance(FAILURE_WINDOW + timedelta(seconds=1))
    async with open_client(harness) as ana:
        assert await sign_in(ana) == 200


async def test_an_unknown_address_is_slowed_like_a_known_one(harness: StudioHarness, anas: SignedIn) -> None:
    known = await guess(harness, "198.51.100.1", 20)
    unknown = await guess(harness, "198.51.100.2", 20, "nobody@example.test")
    assert sorted(known) == sorted(unknown)
