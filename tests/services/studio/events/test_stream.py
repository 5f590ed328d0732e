"""The event stream (server-sent events): what was missed, then what happens, until the session ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotSignedIn, TooMuch
from reyna.domain.event import Event
from reyna.services.studio.events.stream import EventStreams, accepts_event_stream
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.harness import StudioHarness


class Stream:
    """A stream of a test: its events one by one."""

    def __init__(self, blocks: AsyncIterator[bytes]) -> None:
        self._blocks = blocks

    async def block(self) -> dict[str, str]:
        """The fields of the next block."""
        async with asyncio.timeout(30):
            text = (await anext(self._blocks)).decode()
        return dict(line.split(": ", 1) for line in text.strip().splitlines())

    async def number(self) -> int:
        """The number in the next event."""
        return int(msgspec.json.decode((await self.block())["data"])["data"]["number"])


async def publish(harness: StudioHarness, user_id: str, number: int, type: str = "bucket.created") -> None:
    await harness.bus.publish(Event.now(type, Caller(user_id=user_id), {"number": number}).message())


async def open_stream(harness: StudioHarness, person: SignedIn, **options: Any) -> Stream:
    """A stream whose first block was read: it is open."""
    blocks = await harness.studio.event_streams.open(Caller(user_id=person.user.id), person.token, **options)
    stream = Stream(blocks)
    assert await stream.block() == {"retry": "2000"}
    return stream


async def test_what_happens_is_told_as_it_happens_and_nothing_of_others(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    await publish(harness, anas.user.id, 0)
    stream = await open_stream(harness, anas)
    waiting = asyncio.create_task(stream.number())
    await publish(harness, bos.user.id, -1)
    await publish(harness, anas.user.id, 1)
    assert await waiting == 1
    await publish(harness, anas.user.id, 2)
    assert await stream.number() == 2


async def test_a_stream_resumes_behind_the_last_event_that_was_received(harness: StudioHarness, anas: SignedIn) -> None:
    stream = await open_stream(harness, anas)
    await publish(harness, anas.user.id, 1)
    last = await stream.block()
    assert last["event"] == "bucket.created"
    assert last["id"] == msgspec.json.decode(last["data"])["cursor"]
    for number in (2, 3):
        await publish(harness, anas.user.id, number)
    resumed = await open_stream(harness, anas, last_id=last["id"])
    assert [await resumed.number(), await resumed.number()] == [2, 3]


async def test_a_stream_is_filtered_by_types(harness: StudioHarness, anas: SignedIn) -> None:
    stream = await open_stream(harness, anas, type="blob.*")
    await publish(harness, anas.user.id, 1)
    await publish(harness, anas.user.id, 2, "blob.created.text-input-v1")
    assert await stream.number() == 2
    with pytest.raises(Invalid):
        await open_stream(harness, anas, type="nonsense")


async def test_a_cursor_of_another_stream_is_answered_with_a_reset_and_live_events_follow(
    harness: StudioHarness, anas: SignedIn
) -> None:
    stream = await open_stream(harness, anas, last_id="another-7")
    beginning = await stream.block()
    assert (beginning["event"], "unknown" in beginning["data"]) == ("reset", True)
    await publish(harness, anas.user.id, 1)
    assert await stream.number() == 1


async def test_a_stream_ends_with_its_session(harness: StudioHarness, anas: SignedIn) -> None:
    stream = await open_stream(harness, anas)
    waiting = asyncio.create_task(stream.block())
    await asyncio.sleep(0)
    await harness.studio.sessions.end(anas.token)
    with pytest.raises(StopAsyncIteration):
        await waiting
    assert harness.studio.fanout.device_count == 0


async def test_a_silent_stream_has_heartbeats_and_ends_when_its_token_does_not_count_any_more(
    harness: StudioHarness, anas: SignedIn
) -> None:
    asked = 0

    async def identify(token: str) -> Caller:
        nonlocal asked
        asked += 1
        if asked > 2:
            raise NotSignedIn
        return Caller(user_id=anas.user.id)

    streams = EventStreams(harness.studio.event_feed, harness.studio.fanout, identify, heartbeat_seconds=0.0)
    blocks = [block async for block in await streams.open(Caller(user_id=anas.user.id), anas.token)]
    assert blocks[1:] == [b": heartbeat\n\n"] * 2


async def test_a_user_has_a_limited_number_of_streams(harness: StudioHarness, anas: SignedIn) -> None:
    class ManyDevices:
        def device_count_of(self, user_id: str) -> int:
            return 100

        async def join(self, user_id: str, device: object) -> None: ...

        async def leave(self, user_id: str, device: object) -> None: ...

    streams = EventStreams(harness.studio.event_feed, ManyDevices(), harness.studio.sessions.identify)
    with pytest.raises(TooMuch):
        await streams.open(Caller(user_id=anas.user.id), anas.token)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [("text/event-stream", True), ("text/event-stream;q=0.9, */*", True), ("*/*", False), ("application/json", False)],
)
def test_only_who_asks_for_a_stream_gets_one(accept: str, wanted: bool) -> None:
    assert accepts_event_stream(accept) == wanted


async def test_the_address_of_the_events_answers_with_a_stream_or_a_page(harness: StudioHarness) -> None:
    cy = await create_account(harness, "cy@example.test")
    sent: asyncio.Queue[Any] = asyncio.Queue()
    ended = asyncio.Event()
    headers = {"host": "studio.test", "accept": "text/event-stream", **bearer(cy)}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/events",
        "raw_path": b"/api/events",
        "query_string": b"type=bucket.*",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http",
        "server": ("studio.test", 80),
        "client": ("192.0.2.7", 1),
        "http_version": "1.1",
        "root_path": "",
        "extensions": {},
    }

    async def receive() -> Any:
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await sent.put(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            ended.set()  # a server says of an answer that is complete that its client is gone

    answering = asyncio.create_task(cast(Any, harness.app)(scope, receive, send))
    async with asyncio.timeout(30):
        start = await sent.get()
        assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
        assert (await sent.get())["body"].startswith(b"retry:")
        await publish(harness, cy.user.id, 1)
        assert b"event: bucket.created" in (await sent.get())["body"]
        await harness.studio.sessions.end(cy.token)
        await answering
    transport = httpx.ASGITransport(cast(Any, harness.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as browser:
        page = (await browser.get("/api/events?type=file.*", headers=bearer(await create_account(harness)))).json()
    assert page == {"items": [], "next_cursor": None}
