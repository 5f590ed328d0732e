"""A WebSocket on one connection: the protocol of uvicorn with limits of size, rate and time that it does not set."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from reyna.transport.http.server.anonymous_connections import AnonymousConnections
from reyna.transport.http.server.message_queue import MessageQueue
from reyna.transport.http.server.websocket_frames import payload_of_text_frame, text_frame

MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
MAX_ANONYMOUS_MESSAGE_BYTES: Final = 4 * 1024  # before sign-in: a token, and a little around it
MAX_FRAGMENTS: Final = 16_384  # of one message; an empty one takes memory too
MAX_PIECE_BYTES: Final = 16 * 1024  # parsed at a time: the messages in it wait in memory for their reader
MIN_PIECE_BYTES: Final = 512  # where frames are small: parsing 80 of them blocks the event loop for milliseconds
MANY_FRAMES_PER_PIECE: Final = 16
SEND_BUFFER_BYTES: Final = 128 * 1024  # of the kernel, which doubles it; a larger one hides a slow client for long
MAX_LINGER_BYTES: Final = 16 * 1024 * 1024  # read and dropped from a client that still sends after our close
CLOSE_TIMEOUT_SECONDS: Final = 10.0  # for the client to answer a close
CUT_OFF_IDLE_SECONDS: Final = 2.0  # in which a client whose message was cut off sends nothing more
SIGNED_IN: Final = "reyna.signed_in"  # an extension of the scope: a function to call after sign-in
WRITE_TEXT: Final = "reyna.write_text"  # an extension of the scope: a function that writes a message at once
TOO_SLOW, TOO_LARGE, TOO_MANY = 4008, 4009, 4010
CONTROL_FRAMES: Final = frozenset({Opcode.PING, Opcode.PONG})


class WebSocketLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one connection; together the seconds say when a device that reads nothing is disconnected."""

    frames_per_second: float = 2_000.0  # the rest waits in the network
    burst_frames: float = 4_000.0
    control_frame_cost: float = 40.0  # frames that a ping counts for: 50 a second, 100 at once
    anonymous_frames_per_second: float = 20.0  # data and control alike
    anonymous_burst_frames: float = 100.0
    ping_interval_seconds: float = 20.0
    pong_timeout_seconds: float = 10.0
    write_timeout_seconds: float = 20.0  # for the client to read some of what waits to be written
    linger_seconds: float = 60.0  # for a client that read nothing to find out why it was closed


class WebSocketConnection(ServerProtocol):
    """The WebSocket protocol with our own close code for messages that are too large.

    `is_between_frames` tells whether all of what was received has been parsed, and the last frame was complete.
    """

    max_message_size: int
    is_between_frames = False

    def receive_data(self, data: bytes | bytearray) -> None:
        self.is_between_frames = False
        super().receive_data(data)

    def recv_frame(self, frame: Frame) -> None:
        super().recv_frame(frame)
        self.is_between_frames = not self.reader.buffer

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        if code == CloseCode.MESSAGE_TOO_BIG:
            return super().fail(TOO_LARGE, f"messages are at most {self.max_message_size} bytes")
        return super().fail(code, reason)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection.

    Nothing is read from a client that does not read what is written to it, nor more than the application consumes: TCP
    holds it back. A client that reads nothing is closed with TOO_SLOW.
    """

    conn: WebSocketConnection

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: WebSocketLimits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._messages = self.queue = MessageQueue(self.loop)  # type: ignore[assignment]  # the base only puts into it
        self._anonymous: AnonymousConnections | None = app_state.get("anonymous")
        self.ping_interval, self.ping_timeout = limits.ping_interval_seconds, limits.pong_timeout_seconds
        self.conn = WebSocketConnection(max_size=MAX_ANONYMOUS_MESSAGE_BYTES, logger=self.logger)
        self._frames_per_second, self._burst_frames = limits.anonymous_frames_per_second, limits.anonymous_burst_frames
        self._control_frame_cost = 1.0
        self._piece_bytes = MIN_PIECE_BYTES
        self._allowance, self._refilled_at = self._burst_frames, self.loop.time()  # a token bucket of frames
        self._unparsed = bytearray()  # at most one read of the transport
        self._discarded_bytes, self._linger_until = 0, 0.0
        self._is_reading = False  # the application has called `receive`, or has signed the client in
        self._rate_timer: asyncio.TimerHandle | None = None  # until more frames may be read
        self._write_timer: asyncio.TimerHandle | None = None  # until the client must have read something

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        self._unparsed.clear()
        if self._anonymous is not None and self.client is not None:
            self._anonymous.forget(self.client)
        super().connection_lost(exc)

    def signed_in(self) -> None:
        """Raises the limits, since somebody has signed in on this connection, and drops the headers of the handshake:
        nobody asks for them any more, and they are 4 KiB of an idle connection."""
        self.scope["headers"] = ()
        self.request.headers.clear()
        self.response.headers.clear()
        self.conn.max_message_size = MAX_MESSAGE_BYTES
        self._frames_per_second, self._burst_frames = self._limits.frames_per_second, self._limits.burst_frames
        self._allowance, self._control_frame_cost = self._burst_frames, self._limits.control_frame_cost
        if self._anonymous is not None and self.client is not None:
            self._anonymous.authenticate(self.client)
            self._anonymous.remove(self.client)
        self._is_reading = True
        self._resume_reading()

    # --- reading ---

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.close_sent:
            return
        self.scope["extensions"][SIGNED_IN] = {"call": self.signed_in}
        self.scope["extensions"][WRITE_TEXT] = {"call": self.write_text}
        anonymous = self._anonymous
        if anonymous is None or self.client is None:
            return
        if not anonymous.add(self.client, self._close_surplus, self.loop.time()):
            self.transport.abort()

    def _close_surplus(self) -> None:
        """Closes the connection: too many of its address wait without sign-in."""
        if not self.handshake_complete:
            self.transport.abort()
        self._close(TOO_MANY, "too many connections of this address wait for nothing")

    def data_received(self, data: bytes) -> None:
        if self.close_sent:
            return self._discard(data)
        if self._unparsed or len(data) > self._piece_bytes or self._is_paused():
            self._unparsed += data
            return self._resume_reading()
        return self._parse(data)

    def _resume_reading(self) -> None:
        """Parses what was received, piece by piece, while it is consumed; then reads more from the network."""
        while self._unparsed and not self._is_paused():
            piece = bytes(self._unparsed[: self._piece_bytes])
            del self._unparsed[: len(piece)]
            self._parse(piece)
        if self.close_sent:
            self._unparsed.clear()
        if self.transport.is_closing():
            return
        if self._is_paused():
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _is_paused(self) -> bool:
        if self.close_sent:
            return False  # everything that comes is dropped
        is_unread = self.handshake_initiated and not self._is_reading
        return is_unread or self.read_paused or self._rate_timer is not None or not self.writable.is_set()

    def _parse(self, data: bytes) -> None:
        payload = payload_of_text_frame(data, self.conn.max_message_size) if self._may_begin_message() else None
        if payload is None:
            super().data_received(data)
        else:  # one whole message, as most are: the parser would take 8 us more for it
            self._count_frames(1, 0)
            self.curr_msg_data_type, self.frames = "text", [payload]
            self.send_receive_event_to_app()
        if self._allowance <= 0 and not self.close_sent:
            self._refill()

    def _may_begin_message(self) -> bool:
        """Tells whether the next byte begins a frame, and that frame may begin a message."""
        conn = self.conn
        is_between_messages = conn.is_between_frames and conn.current_size is None
        return is_between_messages and conn.state is State.OPEN and not conn.extensions

    def handle_events(self) -> None:
        frames = self.conn.events
        self._count_frames(
            len(frames), sum(1 for frame in frames if isinstance(frame, Frame) and frame.opcode in CONTROL_FRAMES)
        )
        super().handle_events()

    def _count_frames(self, count: int, control: int) -> None:
        """Counts the frames of one piece; `control` of them are pings and pongs."""
        self._allowance -= count - control + control * self._control_frame_cost
        many = count > MANY_FRAMES_PER_PIECE
        self._piece_bytes = MIN_PIECE_BYTES if many else min(MAX_PIECE_BYTES, self._piece_bytes * 2)

    def send_receive_event_to_app(self) -> None:
        if self._messages.is_awaited:
            self.read_paused = True  # for so short a time that the transport need not pause: the reader is about to run
        super().send_receive_event_to_app()

    def _refill(self) -> None:
        now = self.loop.time()
        self._allowance = min(self._burst_frames, self._allowance + (now - self._refilled_at) * self._frames_per_second)
        self._refilled_at = now
        if self._allowance <= 0 and self._rate_timer is None:
            seconds = (1 - self._allowance) / self._frames_per_second
            self._rate_timer = self.loop.call_later(seconds, self._end_rate_pause)
            self.transport.pause_reading()

    def _end_rate_pause(self) -> None:
        self._rate_timer = None
        self._refill()
        self._resume_reading()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._close(TOO_LARGE, f"a message has at most {MAX_FRAGMENTS} fragments")
            return
        super().handle_cont(event)

    async def receive(self) -> Any:
        if self.handshake_complete and not self._is_reading:
            self._is_reading = True
            self._resume_reading()
        message = await self._messages.get()
        if self.read_paused and self._messages.empty():
            self.read_paused = False
            if self._unparsed or self._is_paused():
                self._resume_reading()
            else:
                self.transport.resume_reading()
        return message

    # --- writing ---

    def pause_writing(self) -> None:
        super().pause_writing()
        if not self.close_sent:
            self.transport.pause_reading()
            self._write_timer = self.loop.call_later(self._limits.write_timeout_seconds, self._close_slow)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        self._resume_reading()

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete and not self.disconnected:
            self._close(message.get("code", 1000), message.get("reason") or "")  # also to a client that reads nothing
            return
        await super().send(message)

    def write_text(self, text: str) -> bool:
        """Writes one text message at once. Returns False, having written nothing, where `send` would wait or raise."""
        is_open = self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
        if not is_open or self.conn.extensions or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(text_frame(text.encode()))
        return True

    # --- closing ---

    def keepalive_timeout(self) -> None:
        if self._is_paused() and self.writable.is_set():  # we do not read: the pong may be there already
            self.pong_timer = self.loop.call_later(self._limits.pong_timeout_seconds, self.keepalive_timeout)
            return
        self.pong_timer = None
        self._close_slow()

    def _close_slow(self) -> None:
        self._write_timer = None
        self._close(TOO_SLOW, "does not read; resume")

    def _close(self, code: int, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self._linger()

    def handle_parser_exception(self) -> None:
        if self.close_sent or self.conn.close_sent is None:
            return
        close = self.conn.close_sent
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self._linger()

    def _linger(self) -> None:
        """Writes the close frame, and drops what comes for a while: a client that is still sending would not find
        it."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self._stop_timers()
        self.frames, self.read_paused = [], False
        is_write_pending = self.transport.get_write_buffer_size() > 0
        seconds = self._limits.linger_seconds if is_write_pending else CLOSE_TIMEOUT_SECONDS
        end = self.transport.abort if is_write_pending else self.transport.close
        self._linger_until = self.loop.time() + seconds
        self.close_timer = self.loop.call_later(seconds, end)
        self.transport.resume_reading()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._abort_later()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._abort_later()

    def _abort_later(self) -> None:
        """Aborts the transport after a timeout: closing it waits for the client to read what was written."""
        if self.close_timer is None and not self.disconnected and self.transport.is_closing():
            self.close_timer = self.loop.call_later(CLOSE_TIMEOUT_SECONDS, self.transport.abort)

    def _discard(self, data: bytes) -> None:
        self._discarded_bytes += len(data)
        if self._discarded_bytes > MAX_LINGER_BYTES:
            self.transport.abort()
        elif self.conn.parser_exc is None:
            super().data_received(data)  # it may hold the answer to our close
        else:
            self._close_when_idle()

    def _close_when_idle(self) -> None:
        """Closes soon after the last bytes of a message that was cut off. The client's answer to our close is among
        them and cannot be found: where it begins is unknown."""
        if self.close_timer is not None and not self.transport.get_write_buffer_size():
            self.close_timer.cancel()
            seconds = min(CUT_OFF_IDLE_SECONDS, max(0.0, self._linger_until - self.loop.time()))
            self.close_timer = self.loop.call_later(seconds, self.transport.close)

    def shutdown(self) -> None:
        if self.close_sent and self.transport.get_write_buffer_size():
            self.transport.abort()
            return
        super().shutdown()

    def _stop_timers(self) -> None:
        for timer in (self._rate_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._rate_timer = self._write_timer = None


def websocket_protocol_factory(limits: WebSocketLimits | None = None) -> Callable[..., WebSocketProtocol]:
    """Returns the function that creates the protocol of each new WebSocket."""
    return partial(WebSocketProtocol, limits=limits or WebSocketLimits())
