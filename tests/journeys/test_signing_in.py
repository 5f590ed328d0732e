"""Coming in and going out: links, sessions, and lines that belong to them."""

import httpx
import pytest

from tests.journeys.house import House
from tests.journeys.people import Device, Lost, Person, of, rest, socket_of

NOT_SIGNED_IN, ORIGIN_REFUSED = 4001, 4003


async def follow(house: House, link: str) -> httpx.Response:
    async with rest(f"{house.address}/api") as anybody:
        return await anybody.post("/auth/link", json={"token": link})


async def test_the_link_of_the_first_start_signs_me_in_once(house: House) -> None:
    assert house.link is not None
    first, again = await follow(house, house.link), await follow(house, house.link)
    owner = of(first)
    async with rest(f"{house.address}/api", owner["token"]) as signed_in:
        assert of(await signed_in.get("/me"))["user"]["id"] == owner["user"]["id"]
    assert again.status_code == 401
    assert again.json()["reason"] == "not_signed_in"
    house_without_link = await follow(house, house.link[::-1])
    assert (house_without_link.status_code, house_without_link.json()) == (401, again.json())


async def test_a_link_is_no_session(house: House) -> None:
    line = await Device.open(socket_of(house.address), house.link)
    assert await line.closed() == NOT_SIGNED_IN


async def test_signing_out_closes_the_lines_of_that_session_and_no_others(ana: Person) -> None:
    elsewhere = await ana.sign_in()
    here, also_here, there = await ana.device(), await ana.device(), await elsewhere.device()
    await ana.post("/auth/logout")
    assert (await here.closed(), await also_here.closed()) == (NOT_SIGNED_IN, NOT_SIGNED_IN)
    note = await there.write("still signed in")
    await there.hears("blob.created", blob_id=note["id"])
    assert (await ana.rest.get("/me")).status_code == 401
    await elsewhere.leave()


@pytest.mark.parametrize("token", ["", "wrong", "a" * 5_000])
async def test_a_wrong_token_opens_no_line(house: House, token: str) -> None:
    line = await Device.open(socket_of(house.address))
    await line.say(f'{{"action":"authenticate","token":"{token}"}}')
    assert await line.closed() == NOT_SIGNED_IN
    if token:
        line = await Device.open(socket_of(house.address), token)
        assert await line.closed() == NOT_SIGNED_IN


async def test_a_first_message_signs_in_as_well_as_a_header(house: House, ana: Person) -> None:
    line = await Device.open(socket_of(house.address))
    await line.say('{"action":"ping","request_id":"too early"}')
    refused = await line.hears("error", request_id="too early")
    assert (refused["code"], refused["reason"]) == ("forbidden", "not_signed_in")
    await line.say(f'{{"action":"authenticate","token":"{ana.token}"}}')
    assert (await line.greeted()).hello["user_id"] == ana.id
    await line.close()


async def test_the_cookie_of_a_browser_signs_in_from_our_own_page_only(house: House, ana: Person) -> None:
    cookie = f"reyna_session={ana.token}"
    ours = await Device.open(socket_of(house.address), Cookie=cookie, Origin=house.address)
    assert (await ours.greeted()).hello["user_id"] == ana.id
    await ours.close()
    for origin in ("https://elsewhere.example", "null", house.address.replace("127.0.0.1", "localhost")):
        theirs = await Device.open(socket_of(house.address), Cookie=cookie, Origin=origin)
        assert await theirs.closed() == ORIGIN_REFUSED


async def test_a_page_of_another_origin_cannot_act_with_my_cookie(house: House, ana: Person) -> None:
    note = {"schema_id": "text-input-v1", "data": {"content": "not by me"}}
    async with rest(f"{house.address}/api") as browser:
        browser.cookies.set("reyna_session", ana.token, domain="127.0.0.1")
        foreign = await browser.post("/blobs", json=note, headers={"Origin": "https://elsewhere.example"})
        without_header = await browser.post("/blobs", json=note, headers={"Origin": house.address})
        ours = await browser.post("/blobs", json=note, headers={"Origin": house.address, "X-Reyna-Csrf": "1"})
    assert [foreign.status_code, without_header.status_code, ours.status_code] == [403, 403, 201]


async def test_a_line_that_was_refused_says_nothing_else(house: House) -> None:
    line = await Device.open(socket_of(house.address), "wrong")
    with pytest.raises(Lost) as lost:
        await line.greeted()
    assert lost.value.code == NOT_SIGNED_IN
