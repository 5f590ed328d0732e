"""The cookies of a browser, and whom its requests mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest

from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import PASSWORD, bearer, create_account
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness, studio_harness

ANA = {"email": "ana@example.test", "password": PASSWORD}
NOTE = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}}
EARLIER = "reyna_session"


@asynccontextmanager
async def open_browser(
    harness: StudioHarness, origin: str = "http://studio.test", jar: httpx.Cookies | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at this origin; browsers that share a jar are one browser."""
    transport = httpx.ASGITransport(cast(Any, harness.app), client=("192.0.2.7", 1))
    headers = {"origin": origin, "x-reyna-csrf": "1"}
    async with httpx.AsyncClient(transport=transport, base_url=f"{origin}/api", headers=headers) as browser:
        if jar is not None:
            browser._cookies = jar
        yield browser


async def session_name(browser: httpx.AsyncClient) -> str:
    """Signs in; the name of the cookie that does it from now on."""
    assert (await browser.post("/auth/login", json=ANA)).status_code == 200
    (name,) = [name for name in browser.cookies if "session" in name]
    return name


# --- what they are called ---


async def test_two_studios_on_one_host_do_not_sign_each_other_out(harness: StudioHarness, anas: SignedIn) -> None:
    jar = httpx.Cookies()  # as in every browser, by host and whatever the port
    async with studio_harness() as other:
        theirs = await create_account(other)
        async with (
            open_browser(harness, jar=jar) as one,
            open_browser(other, "http://studio.test:8011", jar=jar) as two,
        ):
            assert await session_name(one)
            assert (await two.post("/auth/login", json=ANA)).status_code == 200
            assert (await one.get("/me")).json()["user"]["id"] == anas.user.id
            assert (await two.get("/me")).json()["user"]["id"] == theirs.user.id
            await two.post("/auth/logout")
            assert (await one.get("/me")).status_code == 200


async def test_all_copies_of_a_studio_know_each_others_cookies(harness: StudioHarness, anas: SignedIn) -> None:
    jar = httpx.Cookies()
    async with open_browser(harness, jar=jar) as one, open_browser(harness.copy(), jar=jar) as two:
        await session_name(one)
        assert (await two.get("/me")).json()["user"]["id"] == anas.user.id


async def test_with_tls_no_other_host_and_no_plain_connection_can_set_them(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with open_browser(harness, "https://studio.test") as browser:
        answer = await browser.post("/auth/login", json=ANA)
        for cookie in answer.headers.get_list("set-cookie"):
            name, *flags = [part.strip().lower() for part in cookie.split(";")]
            assert name.startswith("__host-reyna_")
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(flags)
            assert not any(flag.startswith("domain") for flag in flags)
        assert (await browser.get("/me")).status_code == 200
        out = await browser.post("/auth/logout")
        assert all("secure" in cookie.lower() for cookie in out.headers.get_list("set-cookie"))
        assert (await browser.get("/me")).status_code == 401


async def test_with_tls_a_cookie_that_anybody_could_have_set_signs_nobody_in(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with open_browser(harness) as plain, open_browser(harness, "https://studio.test") as browser:
        for name in (EARLIER, await session_name(plain)):
            answer = await browser.get("/me", headers={"cookie": f"{name}={anas.token}"})
            assert answer.status_code == 401


async def test_the_cookie_of_earlier_versions_is_taken_and_replaced(harness: StudioHarness, anas: SignedIn) -> None:
    async with open_browser(harness) as browser:
        browser.cookies.set(EARLIER, anas.token, domain="studio.test", path="/")
        assert (await browser.post("/blobs", json=NOTE)).status_code == 201
        assert (await browser.get("/me")).status_code == 200
        assert EARLIER not in browser.cookies
        assert (await browser.get("/me")).json()["user"]["id"] == anas.user.id
        assert "set-cookie" not in (await browser.get("/me")).headers


async def test_the_cookie_of_an_earlier_version_elsewhere_does_not_stand_in_the_way(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with open_browser(harness) as browser:
        browser.cookies.set(EARLIER, "of another studio", domain="studio.test", path="/")
        assert (await browser.get("/me")).status_code == 401
        await browser.post("/auth/login", json=ANA)
        assert (await browser.get("/me")).json()["user"]["id"] == anas.user.id
        assert browser.cookies[EARLIER] == "of another studio"


@pytest.mark.parametrize("origin", ["http://studio.test", "https://studio.test"])
async def test_the_socket_knows_the_same_cookie(harness: StudioHarness, anas: SignedIn, origin: str) -> None:
    async with open_browser(harness, origin) as browser:
        name = await session_name(browser)
        headers = {"cookie": f"{name}={browser.cookies[name]}", "origin": origin}
    scheme = origin.replace("http", "ws").partition(":")[0]
    async with connect(harness.websocket_app, headers, scheme=scheme) as device:
        assert (await device.next_frame())["user_id"] == anas.user.id


# --- whom a request means ---


async def test_a_request_that_means_somebody_else_is_refused_and_does_nothing(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    async with open_browser(harness) as browser:
        await session_name(browser)
        browser.headers["x-reyna-user"] = bos.user.id
        asked = [("GET", "/me"), ("GET", "/tree"), ("POST", "/blobs"), ("POST", "/auth/logout"), ("PATCH", "/me")]
        for method, path in asked:
            body = None if method == "GET" else NOTE if path == "/blobs" else {"name": "Bo"}
            answer = await browser.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
                409,
                "conflict",
                "another_user",
            )
        browser.headers["x-reyna-user"] = anas.user.id
        assert (await browser.get("/me")).json()["user"]["name"] == "ana"
        assert (await browser.get("/blobs")).json()["items"] == []


async def test_a_program_may_say_whom_it_means_too(
    harness: StudioHarness, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    for user_id, status in ((anas.user.id, 200), ("user-of-somebody", 409), ("", 409)):
        assert (await api.get("/api/me", headers={"x-reyna-user": user_id})).status_code == status


@pytest.mark.parametrize("way", ["query", "header"])
async def test_a_socket_that_means_somebody_else_is_closed(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn, way: str
) -> None:
    for user_id, is_meant in ((bos.user.id, False), (anas.user.id, True)):
        header = {"x-reyna-user": user_id} if way == "header" else {}
        query = f"user={user_id}" if way == "query" else ""
        async with connect(harness.websocket_app, bearer(anas) | header, query) as device:
            if is_meant:
                assert (await device.next_frame())["user_id"] == anas.user.id
            else:
                assert (await device.wait_for_close())[0] == 4011
