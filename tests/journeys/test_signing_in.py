"""Signing in and out: links, invitations, sessions, and the sockets that end with them."""

import asyncio
from asyncio.subprocess import PIPE

import httpx
import pytest

from tests.journeys.application import REYNA, Application
from tests.journeys.people import ConnectionLost, Device, Person, body_of, rest, socket_of

NOT_SIGNED_IN, ORIGIN_REFUSED = 4001, 4003


async def follow(application: Application, link: str) -> httpx.Response:
    async with rest(f"{application.address}/api") as anybody:
        return await anybody.post("/auth/link", json={"token": link})


async def test_the_link_of_the_first_start_signs_me_in_once(application: Application) -> None:
    assert application.link is not None
    first, again = await follow(application, application.link), await follow(application, application.link)
    owner = body_of(first)
    async with rest(f"{application.address}/api", owner["token"]) as signed_in:
        assert body_of(await signed_in.get("/me"))["user"]["id"] == owner["user"]["id"]
    assert again.status_code == 401
    assert again.json()["reason"] == "not_signed_in"
    application_without_link = await follow(application, application.link[::-1])
    assert (application_without_link.status_code, application_without_link.json()) == (401, again.json())


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_the_command_line_invites(application: Application) -> None:
    command = await asyncio.create_subprocess_exec(
        *REYNA, "account", "invite", "guest@journeys.example", env=application.environment, stdout=PIPE
    )
    output, _ = await command.communicate()
    assert (command.returncode, output.decode().count("/join#")) == (0, 1)


async def test_a_link_is_no_session(application: Application) -> None:
    line = await Device.open(socket_of(application.address), application.link)
    assert await line.wait_closed() == NOT_SIGNED_IN


async def test_signing_out_closes_the_lines_of_that_session_and_no_others(ana: Person) -> None:
    elsewhere = await ana.sign_in()
    here, also_here, there = await ana.device(), await ana.device(), await elsewhere.device()
    await ana.post("/auth/logout")
    assert (await here.wait_closed(), await also_here.wait_closed()) == (NOT_SIGNED_IN, NOT_SIGNED_IN)
    note = await there.write_note("still signed in")
    await there.wait_for("blob.created", blob_id=note["id"])
    assert (await ana.rest.get("/me")).status_code == 401
    await elsewhere.leave()


@pytest.mark.parametrize("token", ["", "wrong", "a" * 3_000])
async def test_a_wrong_token_opens_no_line(application: Application, token: str) -> None:
    line = await Device.open(socket_of(application.address))
    await line.send_text(f'{{"action":"authenticate","token":"{token}"}}')
    assert await line.wait_closed() == NOT_SIGNED_IN
    if token:
        line = await Device.open(socket_of(application.address), token)
        assert await line.wait_closed() == NOT_SIGNED_IN


async def test_a_first_message_signs_in_as_well_as_a_header(application: Application, ana: Person) -> None:
    line = await Device.open(socket_of(application.address))
    await line.send_text('{"action":"ping","request_id":"too early"}')
    refused = await line.wait_for("error", request_id="too early")
    assert (refused["code"], refused["reason"]) == ("forbidden", "not_signed_in")
    await line.send_text(f'{{"action":"authenticate","token":"{ana.token}"}}')
    assert (await line.wait_for_hello()).hello["user_id"] == ana.id
    await line.close()


async def test_the_cookie_of_a_browser_signs_in_from_our_own_page_only(application: Application, ana: Person) -> None:
    cookie = f"reyna_session={ana.token}"
    ours = await Device.open(socket_of(application.address), Cookie=cookie, Origin=application.address)
    assert (await ours.wait_for_hello()).hello["user_id"] == ana.id
    await ours.close()
    for origin in ("https://elsewhere.example", "null", application.address.replace("127.0.0.1", "localhost")):
        theirs = await Device.open(socket_of(application.address), Cookie=cookie, Origin=origin)
        assert await theirs.wait_closed() == ORIGIN_REFUSED


async def test_a_page_of_another_origin_cannot_act_with_my_cookie(application: Application, ana: Person) -> None:
    note = {"schema_id": "text-input-v1", "data": {"content": "not by me"}}
    async with rest(f"{application.address}/api") as browser:
        browser.cookies.set("reyna_session", ana.token, domain="127.0.0.1")
        foreign = await browser.post("/blobs", json=note, headers={"Origin": "https://elsewhere.example"})
        without_header = await browser.post("/blobs", json=note, headers={"Origin": application.address})
        ours = await browser.post("/blobs", json=note, headers={"Origin": application.address, "X-Reyna-Csrf": "1"})
    assert [foreign.status_code, without_header.status_code, ours.status_code] == [403, 403, 201]


async def test_a_line_that_was_refused_says_nothing_else(application: Application) -> None:
    line = await Device.open(socket_of(application.address), "wrong")
    with pytest.raises(ConnectionLost) as lost:
        await line.wait_for_hello()
    assert lost.value.code == NOT_SIGNED_IN
