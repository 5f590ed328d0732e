"""The events of a user as server-sent events (WHATWG HTML, section 9.2): stored ones first, then each as it happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotSignedIn, TooMuch
from reyna.ports.bus import StreamPosition
from reyna.services.studio.events.cursors import cursor_at
from reyna.services.studio.events.feed import EventFeed, FeedPlace, Happened, Reset
from reyna.services.studio.events.filters import TypeFilter, parse_type_filter_list
from reyna.services.studio.sign_in.session_store import session_id_of

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0  # proxies close a connection on which nothing is sent for a minute
RECONNECT_MILLISECONDS: Final = 2_000
MAX_STREAMS_PER_USER: Final = 100  # sockets included, on one gateway
HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}
encode: Final = msgspec.json.Encoder().encode


class LiveEvents(Protocol):
    """The fan-out of live events, as far as a stream needs it."""

    def device_count_of(self, user_id: str) -> int: ...

    async def join(self, user_id: str, device: "StreamDevice") -> None: ...

    async def leave(self, user_id: str, device: "StreamDevice") -> None: ...


class StreamDevice:
    """A device that is told of live events, and reads them from the feed: it can neither miss one nor fall behind."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._something_new = asyncio.Event()
        self._has_ended = False
        self.was_reset = False

    def receive_frame(self, frame: object) -> None:
        self._something_new.set()

    def end_session(self, session_id: str) -> None:
        if session_id == self._session_id:
            self._has_ended = True
            self._something_new.set()

    def reset(self, position: StreamPosition) -> None:
        self.was_reset = True
        self._something_new.set()

    def has_ended(self) -> bool:
        return self._has_ended

    async def wait(self, seconds: float) -> bool:
        """Returns True when something happened since the last call, and False after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._something_new.wait()
        except TimeoutError:
            return False
        self._something_new.clear()
        return True


class EventStreams:
    """Opens the streams of users. `identify` raises NotSignedIn once a token does not count any more."""

    def __init__(
        self,
        feed: EventFeed,
        live: LiveEvents,
        identify: Callable[[str], Awaitable[Caller]],
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._feed, self._live, self._identify = feed, live, identify
        self._heartbeat_seconds = heartbeat_seconds

    async def open(
        self,
        caller: Caller,
        token: str,
        *,
        since: str | None = None,
        last_id: str | None = None,
        type: str | None = None,
    ) -> AsyncIterator[bytes]:
        """Returns the stream after the event `last_id`, or else from `since` on, or else of what happens from now on.

        Where events behind the cursor are gone, it begins with an event `reset` instead. Raises Invalid and TooMuch.
        """
        types = None if type is None else parse_type_filter_list(type, "/type")
        if self._live.device_count_of(caller.user_id) >= MAX_STREAMS_PER_USER:
            raise TooMuch(f"You have {MAX_STREAMS_PER_USER} connections already.")
        beginning = None
        try:
            place = await self._feed.place(last_id or since, latest=not (last_id or since))
        except Reset as reset:
            place = await self._feed.place(None, latest=True)
            beginning = _reset(reset.detail, place)
        return self._stream(caller, token, place, types, beginning)

    async def _stream(
        self, caller: Caller, token: str, place: FeedPlace, types: TypeFilter | None, beginning: bytes | None
    ) -> AsyncIterator[bytes]:
        device = StreamDevice(session_id_of(token))
        yield b"retry: %d\n\n" % RECONNECT_MILLISECONDS
        if beginning is not None:
            yield beginning
        with suppress(Fault, NotSignedIn):  # the client connects again, and learns the reason
            async with self._joined(caller, device):
                await self._identify(token)  # its session may have ended before the device was there to be told
                checked_at = time.monotonic()
                while not device.has_ended():
                    if device.was_reset:
                        place, device.was_reset = await self._feed.place(None, latest=True), False
                        yield _reset("The stream has lost events.", place)
                    async for event in self._feed.read_on(caller, place, types):
                        yield _sent(event)
                        if device.has_ended():
                            return
                    if not await device.wait(self._heartbeat_seconds):
                        yield b": heartbeat\n\n"
                    if time.monotonic() - checked_at >= self._heartbeat_seconds:
                        await self._identify(token)
                        checked_at = time.monotonic()

    @asynccontextmanager
    async def _joined(self, caller: Caller, device: StreamDevice) -> AsyncIterator[None]:
        await self._live.join(caller.user_id, device)
        try:
            yield
        finally:
            await self._live.leave(caller.user_id, device)


def accepts_event_stream(accept: str) -> bool:
    """Returns whether a client asks for a stream by name: `*/*` wants a page."""
    return MEDIA_TYPE in (part.partition(";")[0].strip().lower() for part in accept.split(","))


def _sent(event: Happened) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.cursor.encode(), event.type.encode(), encode(event))


def _reset(reason: str, place: FeedPlace) -> bytes:
    cursor = cursor_at(place.epoch, place.after)
    return b"id: %b\nevent: reset\ndata: %b\n\n" % (cursor.encode(), encode({"reason": reason, "cursor": cursor}))
