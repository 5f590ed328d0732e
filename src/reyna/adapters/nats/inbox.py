"""The inbox: one shared subscription for the answers to all requests."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from nats.aio.msg import Msg

from reyna.adapters.nats.connection import NO_RESPONDERS, Connection, InlineCallback, send, status_of
from reyna.domain.errors import Fault, Gone, TimedOut, Unserved

WATCH_AFTER_SECONDS: Final = 0.75  # most answers come within a hundredth of it
WORKING_TIMEOUT_SECONDS: Final = 0.5  # in which a copy says that it is working on a request
MAX_WORKING_TIMEOUTS: Final = 5  # in a row, after which the copy counts as gone: a busy one is silent for some seconds
REPLY_TOKEN_BYTES: Final = 8
MORE: Final = "Reyna-More"  # a header on every part of a long answer but the last


class Inbox:
    """Tells the answers apart by the last token of their subject."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._prefix = ""
        self._callbacks: dict[str, Callable[[Msg], None]] = {}

    async def open(self) -> None:
        inbox = self._connection.new_inbox()
        self._prefix = f"{inbox}."
        await self._connection.subscribe(f"{inbox}.*", future=InlineCallback(self._on_message))

    @property
    def is_connected(self) -> bool:
        return bool(self._connection.is_connected)

    def _on_message(self, message: Msg) -> None:
        callback = self._callbacks.get(message.subject[len(self._prefix) :])
        if callback is not None:  # else nobody waits any longer
            callback(message)

    def expect(self, callback: Callable[[Msg], None]) -> str:
        """Returns a new subject for answers; `callback` gets every message there until `forget`.

        Its end cannot be guessed from that of another one: who is asked something learns one subject, and must not be
        able to answer what others are asked.
        """
        token = secrets.token_hex(REPLY_TOKEN_BYTES)
        self._callbacks[token] = callback
        return self._prefix + token

    def forget(self, reply: str) -> None:
        self._callbacks.pop(reply[len(self._prefix) :], None)

    async def request(
        self,
        subject: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        *,
        timeout: float,
        working: str | None = None,
    ) -> Msg:
        """Returns the answer, with the parts of a long one joined. Raises TimedOut, Unserved, Fault.

        Without a connection it waits to send: a request that has timed out before is never sent. With `working`, the
        subject on which the copies of a service say what they work on, it raises Gone as soon as none of them works on
        this request.
        """
        loop = asyncio.get_running_loop()
        pending = _PendingReply(loop.create_future())
        reply = self.expect(pending.add)
        watch = _WorkingWatch(self, pending.whole, working, reply) if working else None
        timer = loop.call_later(WATCH_AFTER_SECONDS, watch.start) if watch else None
        try:
            async with asyncio.timeout(timeout):
                await self._connection.wait_for_connection()
                await send(self._connection, subject, body, reply, headers)
                message = await pending.whole
        except TimeoutError:
            raise TimedOut(f"No answer from {subject} within {timeout:g} s.") from None
        finally:
            self.forget(reply)
            if timer is not None and watch is not None:
                timer.cancel()
                watch.stop()
        if status_of(message) == NO_RESPONDERS:
            raise Unserved(f"Nobody answers to {subject}.")
        return message


class _WorkingWatch:
    """Asks whether any copy still works on a request; when none does, the pending reply fails."""

    def __init__(self, inbox: Inbox, whole: asyncio.Future[Msg], working: str, reply: str) -> None:
        self._inbox, self._whole, self._working, self._reply = inbox, whole, working, reply.encode()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        timeouts = 0
        while timeouts < MAX_WORKING_TIMEOUTS and not self._whole.done():
            timeouts = 0 if await self._is_working() else timeouts + 1
        if not self._whole.done():
            self._whole.set_exception(Gone())

    async def _is_working(self) -> bool:
        """Returns whether a copy works on it; True also without a connection, when nobody can tell."""
        try:
            await self._inbox.request(self._working, self._reply, None, timeout=WORKING_TIMEOUT_SECONDS)
        except Unserved:
            await asyncio.sleep(WORKING_TIMEOUT_SECONDS)  # after a restart of NATS the copies come one by one
            return False
        except Fault:
            return not self._inbox.is_connected
        await asyncio.sleep(WORKING_TIMEOUT_SECONDS)
        return True


class _PendingReply:
    """An answer whose parts may arrive one by one; `whole` is done with the last of them."""

    def __init__(self, whole: asyncio.Future[Msg]) -> None:
        self.whole = whole
        self._parts: list[bytes] = []

    def add(self, message: Msg) -> None:
        if message.headers and MORE in message.headers:
            self._parts.append(message.data)
            return
        if self._parts:
            message.data = b"".join([*self._parts, message.data])
        if not self.whole.done():
            self.whole.set_result(message)
