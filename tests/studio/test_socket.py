"""One device on the line: how it comes in, how it is answered, and how it is shown out."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.studio.accounts import Credentials, SignedIn
from reyna.studio.actions import Actions
from reyna.studio.fanout import Fanout
from reyna.studio.socket import CONNECTIONS, MESSAGE_BYTES, Closed, Socket, first_message
from tests.studio.around import Whole, whole
from tests.studio.buses import Moody
from tests.studio.conftest import PASSWORD, an_account, bearer
from tests.studio.lines import Line, connected

NOTE = {"action": "create_blob", "schema_id": "text-input-v1", "data": {"content": "The ship sailed."}}


# --- coming in ---


async def test_the_first_word_is_hello(house: Whole, anas: SignedIn) -> None:
    position = await house.bus.position()
    async with connected(house.line, bearer(anas)) as line:
        assert await line.hear() == {
            "type": "hello",
            "protocol": 1,
            "user_id": anas.user.id,
            "cursor": f"{position.epoch}-{position.last}",
        }


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "reyna_session={}"},
        {"cookie": "reyna_session={}", "origin": "http://studio.test"},
        {"cookie": "other=1; reyna_session={}", "origin": "https://studio.test"},
        {"authorization": "Bearer {}", "origin": "http://elsewhere.test"},
    ],
)
async def test_one_comes_in_by_cookie_or_by_header(house: Whole, anas: SignedIn, headers: dict[str, str]) -> None:
    async with connected(house.line, {name: value.format(anas.token) for name, value in headers.items()}) as line:
        assert (await line.hear())["user_id"] == anas.user.id


@pytest.mark.parametrize("origin", ["http://elsewhere.test", "null", "http://studio.test:81", "studio.test"])
async def test_a_page_of_another_origin_is_refused(house: Whole, anas: SignedIn, origin: str) -> None:
    async with connected(house.line, {"cookie": f"reyna_session={anas.token}", "origin": origin}) as line:
        assert (await line.end())[0] == 4003


@pytest.mark.parametrize("headers", [{"cookie": "reyna_session=wrong"}, {"authorization": "Bearer wrong"}])
async def test_a_wrong_token_is_refused(house: Whole, headers: dict[str, str]) -> None:
    async with connected(house.line, headers) as line:
        assert (await line.end())[0] == 4001


async def test_the_address_signs_nobody_in(house: Whole, anas: SignedIn) -> None:
    async with connected(house.line, query=f"token={anas.token}&authorization=Bearer%20{anas.token}") as line:
        assert (await line.ask({"action": "ping"}))["reason"] == "not_signed_in"


async def test_one_comes_in_by_the_first_message(house: Whole, anas: SignedIn) -> None:
    async with connected(house.line) as line:
        line.say({"action": "authenticate", "token": anas.token, "request_id": "a"})
        assert [(await line.hear())["type"] for _ in range(2)] == ["hello", "ok"]
        assert (await line.ask({"action": "ping", "request_id": "b"}))["request_id"] == "b"


async def test_before_signing_in_everything_else_is_answered_and_refused(house: Whole, anas: SignedIn) -> None:
    async with connected(house.line) as line:
        line.say_text("nonsense")
        assert (await line.hear())["code"] == "invalid"
        line.say({"action": "authenticate", "request_id": 1})
        wrong = await line.hear()
        assert (wrong["request_id"], wrong["errors"][0]["path"]) == (1, "/token")
        line.say(NOTE | {"request_id": "2"})
        refused = await line.hear()
        assert (refused["code"], refused["reason"], refused["request_id"]) == ("forbidden", "not_signed_in", "2")
        line.say({"action": "authenticate", "token": anas.token})
        assert (await line.hear())["type"] == "hello"
    assert (await house.state.blobs(Caller(user_id=anas.user.id))).items == ()


async def test_a_wrong_token_in_the_first_message_ends_the_line(house: Whole) -> None:
    async with connected(house.line) as line:
        line.say({"action": "authenticate", "token": "wrong"})
        assert (await line.end())[0] == 4001


async def test_who_says_nothing_is_shown_out(house: Whole) -> None:
    line = Line()
    await line.receive()
    silent = Socket(line.receive, line.send, house.bus, Fanout(house.bus), Actions(house.state, house.processors))
    with pytest.raises(Closed) as closed:
        await first_message(silent, within=0)
    assert closed.value.code == 4001


async def test_who_hangs_up_before_signing_in_leaves_nothing_behind(house: Whole) -> None:
    async with connected(house.line) as line:
        line.hang_up()


# --- being answered ---


@pytest.mark.parametrize("request_id", ["1", "a b", "", 0, 7, -1, 2**53, "ß" * 200])
async def test_an_answer_repeats_the_request(device: Line, request_id: Any) -> None:
    assert await device.ask({"action": "ping", "request_id": request_id}) == {"type": "ok", "request_id": request_id}
    refused = await device.ask({"action": "trash_blob", "blob_id": "blob-1", "request_id": request_id})
    assert (refused["type"], refused["request_id"], refused["code"]) == ("error", request_id, "not_found")


async def test_a_message_without_a_request_is_answered_too(device: Line) -> None:
    assert await device.ask({"action": "ping"}) == {"type": "ok", "request_id": None}


MALFORMED = [
    ("", None),
    ("{", None),
    ("nonsense", None),
    ("[]", None),
    ("null", None),
    ("7", None),
    ('"ping"', None),
    ("{}", None),
    ('{"request_id":"r"}', "r"),
    ('{"request_id":7,"action":"fly"}', 7),
    ('{"request_id":"r","action":7}', "r"),
    ('{"request_id":"r","action":null}', "r"),
    ('{"request_id":"r","action":"ping","colour":"red"}', "r"),
    ('{"request_id":"r","action":"trash_blob"}', "r"),
    ('{"request_id":"r","action":"trash_blob","blob_id":7}', "r"),
    ('{"request_id":"r","action":"authenticate","token":"again"}', "r"),
    ('{"request_id":["r"],"action":"ping"}', None),
    ('{"request_id":true,"action":"ping"}', None),
    ('{"request_id":1.5,"action":"ping"}', None),
    (json.dumps({"request_id": "r" * 201, "action": "ping"}), None),
    ('{"request_id":"r","action":"create_blob","schema_id":"x","data":NaN}', "r"),
    ('{"request_id":"r","action":"create_blob","schema_id":"x","data":' + "[" * 2000 + "]" * 2000 + "}", None),
    ('{"request_id":"r","action":"create_blob","schema_id":"x","data":"\\ud800"}', "r"),
    ('{"request_id":"\\ud800","action":"ping"}', None),
]


@pytest.mark.parametrize(("text", "request_id"), MALFORMED)
async def test_what_does_not_fit_is_answered_and_the_line_stays(device: Line, text: str, request_id: Any) -> None:
    device.say_text(text)
    answer = await device.hear()
    assert (answer["type"], answer["code"], answer["request_id"]) == ("error", "invalid", request_id)
    assert (await device.ask({"action": "ping", "request_id": "after"}))["type"] == "ok"


async def test_a_wrong_field_is_named_by_its_place(device: Line) -> None:
    answer = await device.ask(
        {"action": "create_bucket", "name": "Book", "type": "book", "metadata": [], "request_id": 1}
    )
    assert [error["path"] for error in answer["errors"]] == ["/metadata"]


async def test_binary_frames_are_read_like_text(device: Line) -> None:
    device.say_bytes(b'{"action":"ping","request_id":"r"}')
    assert await device.hear() == {"type": "ok", "request_id": "r"}
    device.say_bytes(b'{"action":"ping","request_id":"\xff"}')
    assert (await device.hear())["code"] == "invalid"


async def test_a_fault_is_answered_with_its_id_and_the_line_stays() -> None:
    class Broken(Actions):
        async def do(self, caller: Caller, message: Any) -> dict[str, Any]:
            raise {"trash_blob": RuntimeError("geheim"), "ping": Fault("NATS is away.", id="fault-1")}[
                message.__struct_config__.tag
            ]

    async with whole() as house:
        line = Line()
        await line.receive()
        actions = Broken(house.state, house.processors)
        socket = Socket(line.receive, line.send, house.bus, Fanout(house.bus), actions)
        line.say({"action": "trash_blob", "blob_id": "x", "request_id": 1})
        line.say({"action": "ping", "request_id": 2})
        serving = asyncio.create_task(socket.serve(Caller(user_id="user-ana"), "session"))
        _, broken, away = [await line.hear() for _ in range(3)]
        line.hang_up()
        await serving
    assert (broken["request_id"], broken["code"], bool(broken["id"])) == (1, "fault", True)
    assert "geheim" not in json.dumps(broken)
    assert (away["detail"], away["id"]) == ("NATS is away.", "fault-1")


# --- being shown out ---


async def test_a_message_that_is_too_large_ends_the_line(device: Line) -> None:
    device.say_text(" " * (MESSAGE_BYTES + 1))
    assert (await device.end())[0] == 4009


async def test_signing_out_ends_the_lines_of_that_session_only(house: Whole, anas: SignedIn, bos_device: Line) -> None:
    again = await house.studio.login(Credentials(email=anas.user.email, password=PASSWORD))
    async with connected(house.line, bearer(anas)) as one, connected(house.line, bearer(again)) as other:
        await one.until("hello")
        await other.until("hello")
        await house.studio.logout(anas.token)
        assert (await one.end())[0] == 4001
        assert (await other.ask({"action": "ping"}))["type"] == "ok"
        assert (await bos_device.ask({"action": "ping"}))["type"] == "ok"


async def test_too_many_lines_of_one_user_are_refused_and_other_users_are_not(
    house: Whole, anas: SignedIn, bos: SignedIn
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(CONNECTIONS - 1):
            await (await stack.enter_async_context(connected(house.line, bearer(anas)))).until("hello")
        async with connected(house.line, bearer(anas)) as last:
            await last.until("hello")
            async with connected(house.line, bearer(anas)) as more, connected(house.line, bearer(bos)) as bos_line:
                assert (await more.end())[0] == 4010
                assert (await bos_line.hear())["type"] == "hello"
        async with connected(house.line, bearer(anas)) as again:
            assert (await again.hear())["type"] == "hello"


async def test_without_the_bus_one_is_asked_to_come_again_later() -> None:
    bus = Moody()
    async with whole(bus) as house:
        anas = await an_account(house)
        bus.down = True
        async with connected(house.line, bearer(anas)) as line:
            assert await line.end() == (1013, "NATS cannot be reached.")
        bus.down = False
        async with connected(house.line, bearer(anas)) as line:
            assert (await line.hear())["type"] == "hello"


async def test_what_is_said_at_the_end_fits_into_a_close_frame(house: Whole) -> None:
    line = Line()
    socket = Socket(line.receive, line.send, house.bus, Fanout(house.bus), Actions(house.state, house.processors))
    await socket.close(Closed(1013, "ä" * 200))
    assert len((await line.end())[1].encode()) <= 123
