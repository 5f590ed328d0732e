"""Who is asking: a token in the header, or a cookie that only our own page may use."""

from typing import Any

import httpx
import pytest

COOKIE = {"cookie": "reyna_session=ana"}
CSRF = {"x-reyna-csrf": "1"}
BEARER = {"authorization": "Bearer ana"}
OURS = {"origin": "http://studio.test"}
THEIRS = {"origin": "http://elsewhere.test"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Bearer stranger"}, 401),
        ({"authorization": "ana"}, 401),
        ({"authorization": "Basic YW5hOmFuYQ=="}, 401),
        ({"cookie": "reyna_session="}, 401),
        ({"cookie": "other=ana"}, 401),
        ({"cookie": "reyna_session=stranger"}, 401),
        (BEARER, 200),
        ({"authorization": "bearer ana"}, 200),
        ({"authorization": "Bearer   ana "}, 200),
        (COOKIE, 200),
        (COOKIE | THEIRS, 200),  # a foreign page may send it, but not read the answer
        (COOKIE | {"sec-fetch-site": "same-origin"}, 200),
        (COOKIE | {"sec-fetch-site": "none"}, 200),
        (COOKIE | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),  # somebody follows a link
        (COOKIE | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        (COOKIE | {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),  # another port of this machine
        ({"cookie": "reyna_session=ana; reyna_session=bo"}, 401),  # one of them was set by somebody else
        ({"cookie": "reyna_session=ana; reyna_session=ana"}, 200),
    ],
)
async def test_reading_needs_someone_known(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    assert (await client.get("/things", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (COOKIE, 403),
        (COOKIE | OURS, 403),
        (COOKIE | CSRF, 403),  # every browser says where a page is from that changes something
        (COOKIE | CSRF | OURS, 201),
        (COOKIE | CSRF | OURS | {"sec-fetch-site": "same-origin"}, 201),
        (COOKIE | CSRF | OURS | {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
        (COOKIE | CSRF | THEIRS, 403),
        (COOKIE | CSRF | {"origin": "null"}, 403),
        (COOKIE | CSRF | {"origin": "http://studio.test.elsewhere.test"}, 403),
        (COOKIE | {"authorization": "Basic YW5hOmFuYQ=="}, 403),  # still the cookie that signs in
        (BEARER, 201),
        (BEARER | THEIRS, 201),  # no browser adds a token by itself
        (BEARER | {"cookie": "reyna_session=stranger"}, 201),
    ],
)
async def test_changing_with_the_cookie_needs_our_own_page(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/things", json={"name": "a"}, headers=headers)
    assert answer.status_code == status, answer.text


async def test_the_token_in_the_header_counts_before_the_cookie(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things", headers={"authorization": "Bearer bo"} | COOKIE)
    assert answer.json()["by"] == "user-bo"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), (OURS, 200), (THEIRS, 403), ({"origin": "null"}, 403), ({"sec-fetch-site": "cross-site"}, 403)],
)
async def test_what_anybody_may_send_is_not_sent_from_another_page(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.post("/hello", json={"name": "a"}, headers=headers)).status_code == status


async def test_who_is_unknown_learns_nothing_about_the_body(client: httpx.AsyncClient) -> None:
    answer: Any = await client.get("/things?limit=abc")
    assert answer.status_code == 401
