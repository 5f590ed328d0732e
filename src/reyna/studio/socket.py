"""One device on the line: what it says is done, what happens to its user it hears."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid, NotSignedIn, Refusal
from reyna.domain.event import EVENT_SUBJECTS
from reyna.domain.ids import new_id
from reyna.ports import Bus, Position
from reyna.studio import frames, protocol
from reyna.studio.actions import Actions
from reyna.studio.cursors import cursor_at, sequence_of, why_unknown
from reyna.studio.fanout import Fanout
from reyna.studio.frames import Frame

BACKLOG: Final = 256  # frames a slow device may fall behind before it is asked to resume
HELD: Final = 10_000  # frames kept back while it catches up by `resume`
MESSAGE_BYTES: Final = 8 * 1024 * 1024
CONNECTIONS: Final = 100  # of one user on one gateway
SIGN_IN_SECONDS: Final = 10.0  # for the first message of a device that has neither cookie nor header
NOT_SIGNED_IN, ORIGIN_REFUSED, TOO_SLOW, TOO_LARGE, TOO_MANY = 4001, 4003, 4008, 4009, 4010
GONE, BROKEN, TRY_AGAIN_LATER = 1001, 1011, 1013  # RFC 6455 registry; the last: something behind the house is not up
LOST: Final = (OSError, RuntimeError)  # how servers say that the line is gone
REASON_BYTES: Final = 123  # RFC 6455, section 5.5
log: Final = structlog.get_logger("reyna.studio.socket")

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]


class Closed(Exception):
    """The line is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(reason)


class Socket:
    """One connection, from accepted to closed."""

    __slots__ = (
        "_actions",
        "_buckets",
        "_bus",
        "_closing",
        "_draining",
        "_ending",
        "_fanout",
        "_held",
        "_loop",
        "_out",
        "_receive",
        "_send",
        "_types",
        "id",
        "session",
    )

    def __init__(self, receive: Receive, send: Send, bus: Bus, fanout: Fanout, actions: Actions) -> None:
        self.id = new_id("socket")[-12:]
        self._receive, self._send = receive, send
        self._bus, self._fanout, self._actions = bus, fanout, actions
        self._loop = asyncio.get_running_loop()
        self._out: deque[str] = deque()
        self._draining: asyncio.Task[None] | None = None
        self._closing: Closed | None = None
        self._ending: asyncio.Task[None] | None = None
        self._held: deque[Frame] | None = None
        self._types: tuple[frozenset[str], tuple[str, ...]] | None = None  # exact ones, and beginnings
        self._buckets: frozenset[str] | None = None
        self.session = ""

    # --- what it hears ---

    def hear(self, frame: Frame) -> None:
        """Called for everything that happens to the user; never blocks."""
        if self._held is not None:
            self._held.append(frame)
            if len(self._held) > HELD:
                self._close_soon(Closed(TOO_SLOW, "fell too far behind; resume"))
        elif self._wants(frame):
            self.say(frame.for_connection(self.id))

    def session_ended(self, session: str) -> None:
        if session == self.session:
            self._close_soon(Closed(NOT_SIGNED_IN, "signed out"))

    def say(self, text: str) -> None:
        if self._closing is not None:
            return
        self._out.append(text)
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain())
        if len(self._out) == BACKLOG + 1:
            self._loop.call_soon(self._check_pace)  # a burst is no slowness: first the line gets its turn

    def _check_pace(self) -> None:
        """Called after the line had its turn: what is left now is what it did not take."""
        if len(self._out) > BACKLOG:
            self._close_soon(Closed(TOO_SLOW, "fell too far behind; resume"))

    def _wants(self, frame: Frame) -> bool:
        if self._types is not None and frame.type not in self._types[0] and not frame.type.startswith(self._types[1]):
            return False
        return self._buckets is None or not frame.buckets or not self._buckets.isdisjoint(frame.buckets)

    async def _drain(self) -> None:
        """Write what is queued; a task only while there is something to write, since most devices are silent."""
        try:
            while self._out and self._closing is None:
                await self._send({"type": "websocket.send", "text": self._out.popleft()})
        except LOST:
            self._out.clear()  # the line is gone; the reading side ends the socket
        finally:
            self._draining = None

    def _close_soon(self, closed: Closed) -> None:
        if self._closing is None:
            self._closing = closed
            self._out.clear()
            if self._draining is not None:
                self._draining.cancel()
            self._ending = self._loop.create_task(self.close(closed))

    async def close(self, closed: Closed) -> None:
        self._closing = self._closing or closed
        reason = closed.reason.encode()[:REASON_BYTES].decode(errors="ignore")
        try:
            await self._send({"type": "websocket.close", "code": closed.code, "reason": reason})
        except LOST:
            log.debug("closed already", socket=self.id)

    # --- what it says ---

    async def serve(self, caller: Caller, session: str, signed_in_by: str | int | None = None) -> None:
        """Greets and answers until the line is closed. Every message has one answer, `signed_in_by` included."""
        self.session = session
        if self._fanout.count(caller.user_id) >= CONNECTIONS:
            raise Closed(TOO_MANY, f"more than {CONNECTIONS} connections")
        self._held = deque()  # what happens before the greeting is part of what the greeting's cursor says
        await self._fanout.join(caller.user_id, self)
        try:
            position = await self._fanout.position()
            self.say(
                frames.encode(
                    {
                        "type": "hello",
                        "protocol": frames.PROTOCOL,
                        "user_id": caller.user_id,
                        "cursor": cursor_at(position.epoch, position.last),
                    }
                ).decode()
            )
            if signed_in_by is not None:
                self.say(frames.ok(signed_in_by, {}))
            await self._release(position.last)
            while (text := await self.next()) is not None:
                await self._answer(caller, text)
                await self._keep_pace()
        finally:
            await self._fanout.leave(caller.user_id, self)
            if self._draining is not None:
                self._draining.cancel()

    async def next(self) -> str | bytes | None:
        """The next message; None when the line is closed."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        if self._closing is not None:  # the line must not end before its code has been said
            raise self._closing
        text: str | bytes = message.get("text") or message.get("bytes") or ""
        if len(text) > MESSAGE_BYTES:
            raise Closed(TOO_LARGE, f"messages are at most {MESSAGE_BYTES} bytes")
        return text

    async def _keep_pace(self) -> None:
        """A device that asks faster than it reads waits for its answers: it is busy, not slow."""
        if self._draining is not None and len(self._out) >= BACKLOG // 2:
            await asyncio.wait([self._draining])

    async def _answer(self, caller: Caller, text: str | bytes) -> None:
        request_id: str | int | None = None
        try:
            message = protocol.parsed(text)
            request_id = message.request_id
            match message:
                case protocol.Resume():
                    await self._resume(caller, message)
                case protocol.Subscribe():
                    self._narrow(message)
                    self.say(frames.ok(request_id, {}))
                case protocol.Authenticate():
                    raise Invalid("You are signed in already.")
                case _ if request_id is None:
                    self.say(frames.ok(None, await self._actions.do(caller, message)))
                case _:
                    acting = msgspec.structs.replace(caller, origin=frames.origin(self.id, request_id))
                    self.say(frames.ok(request_id, await self._actions.do(acting, message)))
        except Closed:
            raise
        except Refusal as refusal:
            self.say(frames.refusal(request_id if request_id is not None else protocol.request_id_of(text), refusal))
        except Exception as error:
            self.say(frames.error(request_id, _fault(error)))

    def _narrow(self, wanted: protocol.Subscribe) -> None:
        self._buckets = None if wanted.buckets is None else frozenset(wanted.buckets)
        if wanted.types is None:
            self._types = None
        else:
            beginnings = tuple(type.removesuffix("*") for type in wanted.types if type == "*" or type.endswith(".*"))
            self._types = frozenset(wanted.types), beginnings

    async def _resume(self, caller: Caller, message: protocol.Resume) -> None:
        """Replay what was missed, in order; what happens meanwhile is held back and follows without a gap.

        When the bus fails in between, the line is closed: going on would leave a gap before what happens next.
        """
        self._held = deque()
        try:
            position = await self._fanout.position()
            after = sequence_of(message.cursor, position.epoch)
            answer: dict[str, Any]
            if why := why_unknown(after, position):
                answer = {"type": "reset", "reason": why}
            else:
                replayed = await self._replay(caller, after or 0, position)
                cursor = cursor_at(position.epoch, position.last)
                answer = {"type": "resumed", "replayed": replayed, "cursor": cursor}
        except Fault as fault:
            raise Closed(TRY_AGAIN_LATER, fault.detail) from fault
        self.say(frames.encode(answer | {"request_id": message.request_id}).decode())
        await self._release(position.last)

    async def _replay(self, caller: Caller, after: int, position: Position) -> int:
        replayed = 0
        subject = f"{EVENT_SUBJECTS}.{caller.user_id}.>"
        async for heard in self._bus.replay(subject, after=after, until=position.last):
            frame = frames.read(heard, position.epoch)
            if frame is not None and self._wants(frame):
                await self._say_in_turn(frame.for_connection(self.id))
                replayed += 1
        return replayed

    async def _release(self, replayed: int) -> None:
        """Say what was held back and not replayed; what happens meanwhile joins the end, until there is no more."""
        while self._held:
            frame = self._held.popleft()
            if (frame.sequence is None or frame.sequence > replayed) and self._wants(frame):
                await self._say_in_turn(frame.for_connection(self.id))
        self._held = None

    async def _say_in_turn(self, text: str) -> None:
        """As fast as the device reads: a replay may be long, and is no reason to call it slow."""
        if self._draining is not None:
            await asyncio.wait([self._draining])
        if self._closing is not None:
            raise self._closing
        try:
            await self._send({"type": "websocket.send", "text": text})
        except LOST as gone:
            raise Closed(GONE, "the line is gone") from gone


def _fault(error: Exception) -> dict[str, Any]:
    id = (error.id if isinstance(error, Fault) else "") or new_id("fault")
    log.error("fault", id=id, exc_info=error)
    detail = error.detail if isinstance(error, Fault) else Fault().detail
    return {"code": "fault", "reason": "fault", "detail": detail, "id": id}


async def first_message(socket: Socket, within: float = SIGN_IN_SECONDS) -> protocol.Authenticate:
    """How a device signs in that came with neither cookie nor header. Raises Closed when it does not."""
    try:
        async with asyncio.timeout(within):
            while (text := await socket.next()) is not None:
                try:
                    message = protocol.parsed(text)
                except Invalid as invalid:
                    socket.say(frames.refusal(protocol.request_id_of(text), invalid))
                    continue
                if isinstance(message, protocol.Authenticate):
                    return message
                socket.say(frames.refusal(message.request_id, NotSignedIn()))
    except TimeoutError as late:
        raise Closed(NOT_SIGNED_IN, "nobody signed in") from late
    raise Closed(NOT_SIGNED_IN, "nobody signed in")
