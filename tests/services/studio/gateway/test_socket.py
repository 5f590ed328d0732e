"""One device on the line: how it comes in, how it is answered, and how it is shown out."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.gateway.close_codes import SocketClosed
from reyna.services.studio.gateway.conversation import Conversation
from reyna.services.studio.gateway.endpoint import read_authentication
from reyna.services.studio.gateway.event_delivery import MAX_CONNECTIONS_PER_USER, EventDelivery
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.gateway.socket import Socket
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from reyna.transport.http.server.websocket_protocol import MAX_MESSAGE_BYTES
from tests.services.studio.conftest import PASSWORD, bearer, create_account
from tests.services.studio.fake_websocket import FakeDevice, connect
from tests.services.studio.flaky_bus import FlakyBus
from tests.services.studio.harness import StudioHarness, studio_harness

NOTE = {"action": "create_blob", "schema_id": "text-input-v1", "data": {"content": "The ship sailed."}}


# --- coming in ---


async def test_the_first_word_is_hello(harness: StudioHarness, anas: SignedIn) -> None:
    position = await harness.bus.position()
    async with connect(harness.websocket_app, bearer(anas)) as device:
        assert await device.next_frame() == {
            "type": "hello",
            "protocol": 1,
            "user_id": anas.user.id,
            "cursor": f"{position.epoch}-{position.last}",
        }


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "reyna_session={}", "origin": "http://studio.test"},
        {"cookie": "other=1; reyna_session={}", "origin": "https://studio.test"},
        {"authorization": "Bearer {}", "origin": "http://elsewhere.test"},
    ],
)
async def test_one_comes_in_by_cookie_or_by_header(
    harness: StudioHarness, anas: SignedIn, headers: dict[str, str]
) -> None:
    async with connect(
        harness.websocket_app, {name: value.format(anas.token) for name, value in headers.items()}
    ) as device:
        assert (await device.next_frame())["user_id"] == anas.user.id


@pytest.mark.parametrize("origin", ["http://elsewhere.test", "null", "http://studio.test:81", "studio.test"])
async def test_a_page_of_another_origin_is_refused(harness: StudioHarness, anas: SignedIn, origin: str) -> None:
    async with connect(harness.websocket_app, {"cookie": f"reyna_session={anas.token}", "origin": origin}) as device:
        assert (await device.wait_for_close())[0] == 4003


async def test_the_cookie_alone_does_not_come_in_without_saying_from_what_page(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with connect(harness.websocket_app, {"cookie": f"reyna_session={anas.token}"}) as device:
        assert (await device.wait_for_close())[0] == 4003


@pytest.mark.parametrize(
    "headers", [{"cookie": "reyna_session=wrong", "origin": "http://studio.test"}, {"authorization": "Bearer wrong"}]
)
async def test_a_wrong_token_is_refused(harness: StudioHarness, headers: dict[str, str]) -> None:
    async with connect(harness.websocket_app, headers) as device:
        assert (await device.wait_for_close())[0] == 4001


async def test_the_address_signs_nobody_in(harness: StudioHarness, anas: SignedIn) -> None:
    async with connect(
        harness.websocket_app, query=f"token={anas.token}&authorization=Bearer%20{anas.token}"
    ) as device:
        assert (await device.request({"action": "ping"}))["reason"] == "not_signed_in"


async def test_one_comes_in_by_the_first_message(harness: StudioHarness, anas: SignedIn) -> None:
    async with connect(harness.websocket_app) as device:
        device.send_message({"action": "authenticate", "token": anas.token, "request_id": "a"})
        assert [(await device.next_frame())["type"] for _ in range(2)] == ["hello", "ok"]
        assert (await device.request({"action": "ping", "request_id": "b"}))["request_id"] == "b"


async def test_before_signing_in_everything_else_is_answered_and_refused(
    harness: StudioHarness, anas: SignedIn
) -> None:
    async with connect(harness.websocket_app) as device:
        device.send_text("nonsense")
        assert (await device.next_frame())["code"] == "invalid"
        device.send_message({"action": "authenticate", "request_id": 1})
        wrong = await device.next_frame()
        assert (wrong["request_id"], wrong["errors"][0]["path"]) == (1, "/token")
        device.send_message(NOTE | {"request_id": "2"})
        refused = await device.next_frame()
        assert (refused["code"], refused["reason"], refused["request_id"]) == ("forbidden", "not_signed_in", "2")
        device.send_message({"action": "authenticate", "token": anas.token})
        assert (await device.next_frame())["type"] == "hello"
    assert (await harness.state.blobs.list(Caller(user_id=anas.user.id))).items == ()


async def test_a_wrong_token_in_the_first_message_ends_the_line(harness: StudioHarness) -> None:
    async with connect(harness.websocket_app) as device:
        device.send_message({"action": "authenticate", "token": "wrong"})
        assert (await device.wait_for_close())[0] == 4001


async def test_who_says_nothing_is_shown_out(harness: StudioHarness) -> None:
    device = FakeDevice()
    await device.receive()
    silent = Socket(device.receive, device.send)
    with pytest.raises(SocketClosed) as closed:
        await read_authentication(silent, within_seconds=0)
    assert closed.value.code == 4001


async def test_who_hangs_up_before_signing_in_leaves_nothing_behind(harness: StudioHarness) -> None:
    async with connect(harness.websocket_app) as device:
        device.disconnect()


# --- being answered ---


@pytest.mark.parametrize("request_id", ["1", "a b", "", 0, 7, -1, 2**53, "ß" * 200])
async def test_an_answer_repeats_the_request(device: FakeDevice, request_id: Any) -> None:
    assert await device.request({"action": "ping", "request_id": request_id}) == {
        "type": "ok",
        "request_id": request_id,
    }
    refused = await device.request({"action": "trash_blob", "blob_id": "blob-1", "request_id": request_id})
    assert (refused["type"], refused["request_id"], refused["code"]) == ("error", request_id, "not_found")


async def test_a_message_without_a_request_is_answered_too(device: FakeDevice) -> None:
    assert await device.request({"action": "ping"}) == {"type": "ok", "request_id": None}


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
async def test_what_does_not_fit_is_answered_and_the_line_stays(device: FakeDevice, text: str, request_id: Any) -> None:
    device.send_text(text)
    answer = await device.next_frame()
    assert (answer["type"], answer["code"], answer["request_id"]) == ("error", "invalid", request_id)
    assert (await device.request({"action": "ping", "request_id": "after"}))["type"] == "ok"


async def test_a_wrong_field_is_named_by_its_place(device: FakeDevice) -> None:
    answer = await device.request(
        {"action": "create_bucket", "name": "Book", "type": "book", "metadata": [], "request_id": 1}
    )
    assert [error["path"] for error in answer["errors"]] == ["/metadata"]


async def test_binary_frames_are_read_like_text(device: FakeDevice) -> None:
    device.send_bytes(b'{"action":"ping","request_id":"r"}')
    assert await device.next_frame() == {"type": "ok", "request_id": "r"}
    device.send_bytes(b'{"action":"ping","request_id":"\xff"}')
    assert (await device.next_frame())["code"] == "invalid"


async def test_a_fault_is_answered_with_its_id_and_the_line_stays() -> None:
    class Broken(Actions):
        async def perform(self, caller: Caller, message: Any) -> dict[str, Any]:
            raise {"trash_blob": RuntimeError("geheim"), "ping": Fault("NATS is away.", id="fault-1")}[
                message.__struct_config__.tag
            ]

    async with studio_harness() as harness:
        device = FakeDevice()
        await device.receive()
        actions = Broken(harness.state, harness.processors)
        socket, fanout, caller = Socket(device.receive, device.send), Fanout(harness.bus), Caller(user_id="user-ana")
        delivery = EventDelivery(socket, caller, "session", harness.bus, fanout)
        device.send_message({"action": "trash_blob", "blob_id": "x", "request_id": 1})
        device.send_message({"action": "ping", "request_id": 2})
        serving = asyncio.create_task(Conversation(socket, caller, delivery, fanout, actions).run())
        _, broken, away = [await device.next_frame() for _ in range(3)]
        device.disconnect()
        await serving
    assert (broken["request_id"], broken["code"], bool(broken["id"])) == (1, "fault", True)
    assert "geheim" not in json.dumps(broken)
    assert (away["detail"], away["id"]) == ("NATS is away.", "fault-1")


# --- being shown out ---


async def test_a_message_that_is_too_large_ends_the_line(device: FakeDevice) -> None:
    device.send_text(" " * (MAX_MESSAGE_BYTES + 1))
    assert (await device.wait_for_close())[0] == 4009


async def test_signing_out_ends_the_lines_of_that_session_only(
    harness: StudioHarness, anas: SignedIn, bos_device: FakeDevice
) -> None:
    again = await harness.studio.sign_in.with_password(Credentials(email=anas.user.email, password=PASSWORD))
    async with (
        connect(harness.websocket_app, bearer(anas)) as one,
        connect(harness.websocket_app, bearer(again)) as other,
    ):
        await one.frames_until("hello")
        await other.frames_until("hello")
        await harness.studio.sessions.end(anas.token)
        assert (await one.wait_for_close())[0] == 4001
        assert (await other.request({"action": "ping"}))["type"] == "ok"
        assert (await bos_device.request({"action": "ping"}))["type"] == "ok"


async def test_too_many_lines_of_one_user_are_refused_and_other_users_are_not(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(MAX_CONNECTIONS_PER_USER - 1):
            await (await stack.enter_async_context(connect(harness.websocket_app, bearer(anas)))).frames_until("hello")
        async with connect(harness.websocket_app, bearer(anas)) as last:
            await last.frames_until("hello")
            async with (
                connect(harness.websocket_app, bearer(anas)) as more,
                connect(harness.websocket_app, bearer(bos)) as bos_line,
            ):
                assert (await more.wait_for_close())[0] == 4010
                assert (await bos_line.next_frame())["type"] == "hello"
        async with connect(harness.websocket_app, bearer(anas)) as again:
            assert (await again.next_frame())["type"] == "hello"


async def test_without_the_bus_one_is_asked_to_come_again_later() -> None:
    bus = FlakyBus()
    async with studio_harness(bus) as harness:
        anas = await create_account(harness)
        bus.down = True
        async with connect(harness.websocket_app, bearer(anas)) as device:
            assert await device.wait_for_close() == (1013, "NATS cannot be reached.")
        bus.down = False
        async with connect(harness.websocket_app, bearer(anas)) as device:
            assert (await device.next_frame())["type"] == "hello"


async def test_what_is_said_at_the_end_fits_into_a_close_frame(harness: StudioHarness) -> None:
    device = FakeDevice()
    socket = Socket(device.receive, device.send)
    await socket.close(SocketClosed(1013, "ä" * 200))
    assert len((await device.wait_for_close())[1].encode()) <= 123
