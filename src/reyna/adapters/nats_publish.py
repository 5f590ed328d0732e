"""Publishing to JetStream with many messages under way."""

import asyncio
import logging
from collections import deque
from itertools import takewhile
from typing import Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg

from reyna.adapters.nats_inbox import NO_RESPONDERS, Ear, send, status
from reyna.domain.errors import Fault, TimedOut
from reyna.domain.event import Message

LOG: Final = logging.getLogger(__name__)
MESSAGE_ID: Final = "Nats-Msg-Id"
BACKLOG: Final = 50_000  # messages waiting for the socket; beyond it, what waits is refused instead of eating memory
AWAY: Final = "There is no connection to NATS."


class ApiError(msgspec.Struct, frozen=True):
    """How JetStream says no."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct, frozen=True):
    error: ApiError | None = None


ACK: Final = msgspec.json.Decoder(_Ack)


class Publisher:
    """Hands messages to JetStream in the order of the calls and resolves one future for each acknowledgement.

    Every message has the same patience, so the table, which keeps the order of the calls, is also ordered by deadline:
    one timer on its oldest entry serves all of them. A single task does the writing, because the client's own
    `publish` may have to wait for the socket, which the caller of ours must not.

    Nothing overtakes what failed without being written. Whoever waits for that is told in the next turn of the loop,
    and may then hold back what comes after it; until then nothing is taken, and what is taken already fails with it.
    """

    def __init__(self, connection: Client, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._prefix = ""
        self._count = 0
        self._under_way: dict[str, tuple[asyncio.Future[None], float]] = {}
        self._outgoing: deque[tuple[str, Message]] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._untold = 0  # times that something failed unwritten of which those who wait have not heard

    async def open(self) -> None:
        inbox = self._connection.new_inbox()
        self._prefix = f"{inbox}."
        await self._connection.subscribe(f"{inbox}.*", future=Ear(self._acknowledged))
        self._writer = asyncio.create_task(self._write_on(), name="nats publisher")

    def publish(self, message: Message) -> asyncio.Future[None]:
        """The future is done when the stream has stored the message; it raises Fault."""
        future: asyncio.Future[None] = self._loop.create_future()
        if (why := self._why_not()) is not None:
            future.set_exception(Fault(why))
            self._hold_back()
            return future
        self._count += 1
        token = str(self._count)
        self._under_way[token] = (future, self._loop.time() + self._patience)
        self._outgoing.append((token, message))
        self._wake.set()
        if self._timer is None:
            self._timer = self._loop.call_later(self._patience, self._expire)
        return future

    def _why_not(self) -> str | None:
        if self._writer is None or self._writer.done():
            return "The connection to NATS is closed."
        if not self._connection.is_connected:
            return AWAY
        if len(self._outgoing) >= BACKLOG:
            return "Too many messages wait for NATS."
        return "A message before this one was not sent." if self._untold else None

    def _hold_back(self) -> None:
        """Take nothing until those who wait for what failed just now have been called, which comes before this."""
        self._untold += 1
        self._loop.call_soon(self._told)

    def _told(self) -> None:
        self._untold -= 1

    def lost(self) -> None:
        """What was under way on a connection that is gone has failed. It must not fail by its patience only: what is
        published as soon as there is another connection would overtake it."""
        self._outgoing.clear()
        for token in tuple(self._under_way):
            self._fail(token, Fault(AWAY))
        self._hold_back()

    async def _write_on(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outgoing:
                token, message = self._outgoing.popleft()
                if token not in self._under_way:
                    continue  # given up while it waited for the socket
                if not self._connection.is_connected:
                    self.lost()
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
                except Exception as error:  # a subject that is no text, say: it must not end the writing
                    self._fail(token, Fault(f"{message.id} cannot be sent: {error}"))

    def _acknowledged(self, message: Msg) -> None:
        entry = self._under_way.pop(message.subject[len(self._prefix) :], None)
        if entry is None or entry[0].done():
            return
        if status(message) == NO_RESPONDERS:
            entry[0].set_exception(Fault("No stream takes this subject, or JetStream is not ready."))
            return
        try:
            error = ACK.decode(message.data).error
        except msgspec.MsgspecError:
            entry[0].set_exception(Fault(f"JetStream answered what is not an acknowledgement: {message.data[:80]!r}"))
            return
        if error is None:
            entry[0].set_result(None)
        else:
            entry[0].set_exception(Fault(f"JetStream refused a message: {error.description} ({error.err_code})."))

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = [*takewhile(lambda token: self._under_way[token][1] <= now, self._under_way)]
        for token in late:
            self._fail(token, TimedOut(f"JetStream did not acknowledge a message within {self._patience:g} s."))
        if late and self._outgoing:  # the oldest of them may have failed, and the next must not be written then
            for token, _ in self._outgoing:
                self._fail(token, Fault("NATS takes nothing just now."))
            self._outgoing.clear()
            self._hold_back()
        if self._under_way:
            oldest = next(iter(self._under_way.values()))
            self._timer = self._loop.call_later(oldest[1] - now, self._expire)

    def _fail(self, token: str, fault: Fault) -> None:
        entry = self._under_way.pop(token, None)
        if entry is not None and not entry[0].done():
            entry[0].set_exception(fault)

    async def close(self) -> None:
        """Waits for what is under way, at most for its patience; what is then left fails."""
        if self._under_way:
            await asyncio.wait([future for future, _ in self._under_way.values()], timeout=self._patience)
        if self._timer is not None:
            self._timer.cancel()
        if self._writer is not None:
            self._writer.cancel()
        for token in tuple(self._under_way):
            self._fail(token, Fault("The connection to NATS was closed."))
