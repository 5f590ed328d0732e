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
from reyna.ports import Bus
from reyna.studio import frames, protocol
from reyna.studio.actions import Actions
from reyna.studio.fanout import Fanout
from reyna.studio.frames import Frame

BACKLOG: Final = 256  # frames a slow device may fall behind before it is asked to resume
HELD: Final = 10_000  # frames kept back while it catches up by `resume`
MESSAGE_BYTES: Final = 8 * 1024 * 1024
CONNECTIONS: Final = 100  # of one user on one gateway
SIGN_IN_SECONDS: Final = 10.0  # for the first message of a device that has neither cookie nor header
NOT_SIGNED_IN, ORIGIN_REFUSED, TOO_SLOW, TOO_LARGE, TOO_MANY = 4001, 4003, 4008, 4009, 4010
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
        "_fanout",
        "_held",
        "_loop",
        "_out",
        "_receive",
        "_send",
        "_types",
        "caller",
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
        self._held: list[Frame] | None = None
        self._types: tuple[str, ...] | None = None
        self._buckets: frozenset[str] | None = None
        self.caller: Caller | None = None
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
        if self._types is not None and not any(
            frame.type == wanted or (wanted.endswith(".*") and frame.type.startswith(wanted[:-1]))
            for wanted in self._types
        ):
            return False
        return self._buckets is None or not frame.buckets or not self._buckets.isdisjoint(frame.buckets)

    async def _drain(self) -> None:
        """Write what is queued; a task only while there is something to write, since most devices are silent."""
        try:
            while self._out and self._closing is None:
                await self._send({"type": "websocket.send", "text": self._out.popleft()})
        except (OSError, RuntimeError):
            self._out.clear()  # the line is gone; the reading side ends the socket
        finally:
            self._draining = None

    def _close_soon(self, closed: Closed) -> None:
        if self._closing is None:
            self._closing = closed
            self._out.clear()
            if self._draining is not None:
                self._draining.cancel()
            self._loop.create_task(self.close(closed))

    async def close(self, closed: Closed) -> None:
        self._closing = self._closing or closed
        try:
            await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
        except (OSError, RuntimeError):
            log.debug("closed already", socket=self.id)

    # --- what it says ---

    async def serve(self, caller: Caller, session: str) -> None:
        """Greets and answers until the line is closed. Every message has one answer."""
        self.caller, self.session = caller, session
        if self._fanout.count(caller.user_id) >= CONNECTIONS:
            raise Closed(TOO_MANY, f"more than {CONNECTIONS} connections")
        self._held = []  # what happens before the greeting is part of what the greeting's cursor says
        await self._fanout.join(caller.user_id, self)
        try:
            position = await self._fanout.position()
            self.say(
                frames.encode(
                    {
                        "type": "hello",
                        "protocol": frames.PROTOCOL,
                        "user_id": caller.user_id,
                        "cursor": f"{position.epoch}-{position.last}",
                    }
                ).decode()
            )
            self._release(position.last)
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
                    self._types = message.types
                    self._buckets = None if message.buckets is None else frozenset(message.buckets)
                    self.say(frames.ok(request_id, {}))
                case protocol.Authenticate():
                    raise Invalid("You are signed in already.")
                case _:
                    acting = msgspec.structs.replace(caller, origin=f"{self.id}:{request_id}") if request_id else caller
                    self.say(frames.ok(request_id, await self._actions.do(acting, message)))
        except Refusal as refusal:
            self.say(frames.refusal(request_id if request_id is not None else protocol.request_id_of(text), refusal))
        except Exception as error:
            self.say(frames.error(request_id, _fault(error)))

    async def _resume(self, caller: Caller, message: protocol.Resume) -> None:
        """Replay what was missed, in order; what happens meanwhile is held back and follows without a gap."""
        self._held = []
        try:
            position = await self._fanout.position()
            after = _sequence_of(message.cursor, position.epoch)
            if after is None or not position.first - 1 <= after <= position.last:
                self.say(
                    frames.encode(
                        {
                            "type": "reset",
                            "request_id": message.request_id,
                            "reason": "the cursor is unknown"
                            if after is None or after > position.last
                            else "the cursor is too old",
                        }
                    ).decode()
                )
                self._release(position.last)
                return
            replayed = 0
            subject = f"{EVENT_SUBJECTS}.{caller.user_id}.>"
            async for heard in self._bus.replay(subject, after=after, until=position.last):
                frame = frames.framed(heard, position.epoch)
                if self._wants(frame):
                    await self._say_in_turn(frame.for_connection(self.id))
                    replayed += 1
            self.say(
                frames.encode(
                    {
                        "type": "resumed",
                        "request_id": message.request_id,
                        "replayed": replayed,
                        "cursor": f"{position.epoch}-{position.last}",
                    }
                ).decode()
            )
            self._release(position.last)
        finally:
            self._held = None

    async def _say_in_turn(self, text: str) -> None:
        """As fast as the device reads: a replay may be long, and is no reason to call it slow."""
        if self._draining is not None:
            await asyncio.wait([self._draining])
        if self._closing is None:
            await self._send({"type": "websocket.send", "text": text})

    def _release(self, replayed: int) -> None:
        held, self._held = self._held or [], None
        for frame in held:
            if frame.sequence is None or frame.sequence > replayed:
                self.hear(frame)


def _sequence_of(cursor: str, epoch: str) -> int | None:
    made_in, _, sequence = cursor.rpartition("-")
    return int(sequence) if made_in == epoch and sequence.isascii() and sequence.isdigit() else None


def _fault(error: Exception) -> dict[str, Any]:
    id = (error.id if isinstance(error, Fault) else "") or new_id("fault")
    log.error("fault", id=id, exc_info=error)
    detail = error.detail if isinstance(error, Fault) else Fault().detail
    return {"code": "fault", "reason": "fault", "detail": detail, "id": id}


async def first_token(socket: Socket) -> str:
    """The token of the first message, for a device that came with neither cookie nor header."""
    try:
        async with asyncio.timeout(SIGN_IN_SECONDS):
            while (text := await socket.next()) is not None:
                try:
                    message = protocol.parsed(text)
                except Invalid as invalid:
                    socket.say(frames.refusal(protocol.request_id_of(text), invalid))
                    continue
                if isinstance(message, protocol.Authenticate):
                    return message.token
                socket.say(frames.refusal(message.request_id, NotSignedIn()))
    except TimeoutError as late:
        raise Closed(NOT_SIGNED_IN, "nobody signed in") from late
    raise Closed(NOT_SIGNED_IN, "nobody signed in")
