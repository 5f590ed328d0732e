"""The publisher: hands messages to JetStream with many of them in flight."""

import asyncio
import logging
import secrets
from collections import deque
from itertools import takewhile
from typing import Final

import msgspec
from nats.aio.msg import Msg

from reyna.adapters.nats.connection import NO_RESPONDERS, Connection, InlineCallback, send, status_of
from reyna.adapters.nats.jetstream_api import ApiError
from reyna.domain.errors import Fault, TimedOut
from reyna.domain.event import Message

LOG: Final = logging.getLogger(__name__)
MESSAGE_ID: Final = "Nats-Msg-Id"
MAX_OUTGOING_MESSAGES: Final = 50_000  # waiting for the socket; beyond it, messages are refused to bound memory
NOT_CONNECTED: Final = "There is no connection to NATS."


class _Acknowledgement(msgspec.Struct, frozen=True):
    seq: int = 0
    error: ApiError | None = None


ACKNOWLEDGEMENT: Final = msgspec.json.Decoder(_Acknowledgement)


class Publisher:
    """Hands messages to JetStream in the order of the calls and resolves one future for each acknowledgement.

    Every message has the same timeout, so the table, which keeps the order of the calls, is also ordered by deadline:
    one timer on its oldest entry serves all of them. A message goes to the socket in the same turn of the event loop
    while that takes more and no other one waits. Otherwise a single task does the writing, because the client's own
    `publish` may have to wait for the socket, which a caller of this one must not.

    No message overtakes one that failed without being written. The callbacks of the failed one run in the next turn of
    the loop, and may then hold back later messages; until then no message is accepted, and those that were accepted
    already fail too.
    """

    def __init__(self, connection: Connection, ack_timeout: float) -> None:
        self._connection = connection
        self._ack_timeout = ack_timeout
        self._loop = asyncio.get_running_loop()
        self._prefix = ""
        self._count = 0
        self._in_flight: dict[str, tuple[asyncio.Future[int], float]] = {}
        self._outgoing: deque[tuple[str, Message]] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._unreported_failures = 0  # whose callbacks have not run yet

    async def open(self) -> None:
        inbox = self._connection.new_inbox() + secrets.token_hex(8)  # cannot be guessed from our other inboxes
        self._prefix = f"{inbox}."
        await self._connection.subscribe(f"{inbox}.*", future=InlineCallback(self._on_answer, self._on_acknowledgement))
        self._writer = asyncio.create_task(self._write_forever(), name="nats publisher")

    def publish(self, message: Message) -> asyncio.Future[int]:
        """Returns a future of the sequence, which is done when the stream has stored the message; it raises Fault."""
        future: asyncio.Future[int] = self._loop.create_future()
        if (obstacle := self._obstacle()) is not None:
            future.set_exception(Fault(obstacle))
            self._hold_back()
            return future
        self._count += 1
        token = str(self._count)
        self._in_flight[token] = (future, self._loop.time() + self._ack_timeout)
        if self._outgoing or not self._connection.try_publish(
            message.subject, message.body, self._prefix + token, {MESSAGE_ID: message.id}
        ):
            self._outgoing.append((token, message))
            self._wake.set()
        if self._timer is None:
            self._timer = self._loop.call_later(self._ack_timeout, self._expire)
        return future

    def _obstacle(self) -> str | None:
        """Returns why no message can be accepted now; None when one can."""
        if self._writer is None or self._writer.done():
            return "The connection to NATS is closed."
        if not self._connection.is_connected:
            return NOT_CONNECTED
        if len(self._outgoing) >= MAX_OUTGOING_MESSAGES:
            return "Too many messages wait for NATS."
        return "A message before this one was not sent." if self._unreported_failures else None

    def _hold_back(self) -> None:
        """Accepts nothing until the callbacks of the messages that failed just now have run."""
        self._unreported_failures += 1
        self._loop.call_soon(self._on_failure_reported)

    def _on_failure_reported(self) -> None:
        self._unreported_failures -= 1

    def fail_all(self) -> None:
        """Fails every message in flight, since its connection is lost.

        Were they left to their timeout, messages that are published on the next connection would overtake them.
        """
        self._outgoing.clear()
        for token in tuple(self._in_flight):
            self._fail(token, Fault(NOT_CONNECTED))
        self._hold_back()

    async def _write_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outgoing:
                token, message = self._outgoing.popleft()
                if token not in self._in_flight:
                    continue  # it has timed out while it waited for the socket
                if not self._connection.is_connected:
                    self.fail_all()
                    continue
                try:
                    await send(
                        self._connection,
                        message.subject,
                        message.body,
                        self._prefix + token,
                        {MESSAGE_ID: message.id},
                    )
                except Fault as fault:
                    self._fail(token, fault)
                except Exception as error:  # such as a subject that is not text; it must not end the writing
                    self._fail(token, Fault(f"{message.id} cannot be sent: {error}"))

    def _on_answer(self, message: Msg) -> None:
        """Called for a status of the server in the place of an acknowledgement."""
        if status_of(message) == NO_RESPONDERS:
            token = message.subject.removeprefix(self._prefix)
            self._fail(token, Fault("No stream takes this subject, or JetStream is not ready."))
        else:
            self._on_acknowledgement(message.subject.encode(), message.data, None)

    def _on_acknowledgement(self, subject: bytes, body: bytes, _headers: bytes | None) -> None:
        token = subject.decode().removeprefix(self._prefix)
        try:
            ack = ACKNOWLEDGEMENT.decode(body)
        except msgspec.MsgspecError:
            self._fail(token, Fault(f"JetStream sent a malformed acknowledgement: {body[:80]!r}"))
            return
        if (error := ack.error) is not None:
            self._fail(token, Fault(f"JetStream refused a message: {error.description} ({error.err_code})."))
        elif (entry := self._in_flight.pop(token, None)) is not None and not entry[0].done():
            entry[0].set_result(ack.seq)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = [*takewhile(lambda token: self._in_flight[token][1] <= now, self._in_flight)]
        for token in late:
            self._fail(token, TimedOut(f"JetStream did not acknowledge a message within {self._ack_timeout:g} s."))
        if late and self._outgoing:  # a later message must not be written when an earlier one has failed
            for token, _ in self._outgoing:
                self._fail(token, Fault("NATS does not take messages at the moment."))
            self._outgoing.clear()
            self._hold_back()
        if self._in_flight:
            oldest = next(iter(self._in_flight.values()))
            self._timer = self._loop.call_later(oldest[1] - now, self._expire)

    def _fail(self, token: str, fault: Fault) -> None:
        entry = self._in_flight.pop(token, None)
        if entry is not None and not entry[0].done():
            entry[0].set_exception(fault)

    async def close(self) -> None:
        """Waits for the messages in flight, at most for their timeout; the rest fails."""
        if self._in_flight:
            await asyncio.wait([future for future, _ in self._in_flight.values()], timeout=self._ack_timeout)
        if self._timer is not None:
            self._timer.cancel()
        if self._writer is not None:
            self._writer.cancel()
        for token in tuple(self._in_flight):
            self._fail(token, Fault("The connection to NATS was closed."))
