"""A WebSocket of one device: messages in, frames out, with back-pressure for slow clients."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from reyna.domain.ids import new_id
from reyna.services.studio.gateway.close_codes import GOING_AWAY, SocketClosed
from reyna.transport.http.server.websocket_protocol import MAX_MESSAGE_BYTES, TOO_LARGE, TOO_SLOW

MAX_QUEUED_FRAMES: Final = 256  # that a slow device may fall behind before it is asked to resume
CONNECTION_LOST: Final = (OSError, RuntimeError)  # raised by servers when the connection is gone
MAX_REASON_BYTES: Final = 123  # RFC 6455, section 5.5
log: Final = structlog.get_logger("reyna.services.studio.gateway.socket")

Send = Callable[[Any], Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]


class Socket:
    """One connection, from accepted to closed."""

    __slots__ = ("_closed", "_closing", "_draining", "_loop", "_queue", "_receive", "_send", "_write_now", "id")

    def __init__(self, receive: Receive, send: Send, write_now: Callable[[str], bool] = lambda text: False) -> None:
        """`write_now` writes a message at once, or returns False where that would block: then `send` writes it."""
        self.id = new_id("socket")[-12:]
        self._receive, self._send, self._write_now = receive, send, write_now
        self._loop = asyncio.get_running_loop()
        self._queue: list[str] = []  # a deque takes 700 bytes, and most queues are always empty
        self._draining: asyncio.Task[None] | None = None
        self._closed: SocketClosed | None = None
        self._closing: asyncio.Task[None] | None = None

    # --- frames out ---

    def write(self, text: str) -> None:
        """Writes a frame, or queues it while earlier ones are not written; never blocks."""
        if self._closed is not None:
            return
        if self._draining is None and self._write_now(text):
            return
        self._queue.append(text)
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain())
        if len(self._queue) == MAX_QUEUED_FRAMES + 1:
            self._loop.call_soon(self._check_queue)  # a burst is not slowness: first the connection gets its turn

    async def write_in_turn(self, text: str) -> None:
        """Writes a frame as soon as the client has read enough: a replay may be long, and makes no client too slow.
        Raises SocketClosed."""
        if self._draining is not None:
            await asyncio.wait([self._draining])
        if self._closed is not None:
            raise self._closed
        try:
            await self._send({"type": "websocket.send", "text": text})
        except CONNECTION_LOST as lost:
            raise SocketClosed(GOING_AWAY, "the connection is gone") from lost

    async def wait_for_room(self) -> None:
        """Waits while the queue is half full: a client that sends faster than it reads waits for its answers."""
        if self._draining is not None and len(self._queue) >= MAX_QUEUED_FRAMES // 2:
            await asyncio.wait([self._draining])

    def _check_queue(self) -> None:
        """Closes the socket when the queue is still too long after the connection had its turn."""
        if len(self._queue) > MAX_QUEUED_FRAMES:
            self.close_soon(SocketClosed(TOO_SLOW, "fell too far behind; resume"))

    async def _drain(self) -> None:
        """Writes the queue; a task only while there is something to write, since most devices are silent."""
        try:
            while self._queue and self._closed is None:
                await self._send({"type": "websocket.send", "text": self._queue.pop(0)})
        except CONNECTION_LOST:
            self._queue.clear()  # the reading side ends the socket
        finally:
            self._draining = None

    # --- messages in ---

    async def read(self) -> str | bytes | None:
        """Returns the next message, or None when the client has closed the connection. Raises SocketClosed."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            return None
        if self._closed is not None:  # the connection must not end before its code has been sent
            raise self._closed
        text: str | bytes = message.get("text") or message.get("bytes") or ""
        if len(text) > MAX_MESSAGE_BYTES:
            raise SocketClosed(TOO_LARGE, f"messages are at most {MAX_MESSAGE_BYTES} bytes")
        return text

    # --- the end ---

    def close_soon(self, closed: SocketClosed) -> None:
        """Closes the socket from a task of its own, dropping what is queued; never blocks."""
        if self._closed is None:
            self._closed = closed
            self._queue.clear()
            self.stop_writing()
            self._closing = self._loop.create_task(self.close(closed))

    async def close(self, closed: SocketClosed) -> None:
        """Sends the close code and reason."""
        self._closed = self._closed or closed
        reason = closed.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        try:
            await self._send({"type": "websocket.close", "code": closed.code, "reason": reason})
        except CONNECTION_LOST:
            log.debug("closed already", socket=self.id)

    def stop_writing(self) -> None:
        """Cancels the task that writes the queue."""
        if self._draining is not None:
            self._draining.cancel()
