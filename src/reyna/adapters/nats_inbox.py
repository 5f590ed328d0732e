"""What comes back over NATS: subscriptions that hear at once, and one shared inbox for all answers."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

import nats.errors
from nats.aio.client import PING_PROTO, Client
from nats.aio.msg import Msg

from reyna.domain.errors import Fault, TimedOut, Unserved

LOG: Final = logging.getLogger(__name__)
STATUS: Final = "Status"
NO_RESPONDERS: Final = "503"
# By their number of words, what asks for an answer (`PUB subject [reply] size`, `HPUB subject [reply] size size`), and
# what keeps one connection alive. https://docs.nats.io/reference/reference-protocols/nats-protocol
ASKING: Final = frozenset({(b"PUB", 4), (b"HPUB", 5), (b"PING", 1), (b"PONG", 1)})
MORE: Final = "Reyna-More"  # on every part of a long answer but the last


class Connection(Client):
    """nats-py's client (2.16) with its PING in line, and without what would be sent too late.

    It writes a PING past what is still waiting to be written. So `flush` may return before the server has seen the
    SUB that came first, and a question asked then finds nobody; and `drain` may let go of a subscription before the
    server has, and loses what arrives in between.

    What it could not write before a connection was lost it writes to the next one first of all, and what is published
    between the two as well, however late. For what asks for an answer, a message for a stream as well as a question,
    that is wrong: whoever waits for the answer has given up and asks again, after what was asked before and is lost.
    So that is not kept (`pending_size=0` would keep the first kind all the same, and let memory grow). Everything else
    is: acknowledgements, answers, and what is told to whoever listens do no harm when they come late.
    """

    def __init__(self) -> None:
        super().__init__()
        self.renewed: Callable[[], None] = lambda: None  # called before anything is sent on a new connection
        self._next = asyncio.Event()

    async def connected(self) -> None:
        """Returns when there is a connection, or will never be one again."""
        while not (self.is_connected or self.is_closed):
            await self._next.wait()

    async def publish(
        self, subject: str, payload: bytes = b"", reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        if reply and not (self.is_connected or self.is_closed):
            raise nats.errors.ConnectionReconnectingError
        await super().publish(subject, payload, reply, headers)

    def drop(self) -> None:
        """Before closing: what is not written yet is not waited for."""
        self._cut()
        self._pending, self._pending_data_size = [], 0

    def _cut(self) -> None:
        """Give up what waits for the socket: closing waits for it, and a server that does not read never takes it."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:  # a WebSocket has no such buffer of ours
            writer.transport.abort()

    async def _attempt_reconnect(self) -> None:
        self._cut()
        await super()._attempt_reconnect()

    async def _process_connect_init(self) -> None:
        await super()._process_connect_init()
        # It counts as connected from here on, and nobody else has run since.
        self._pending = [command for command in self._pending if _may_come_late(command)]
        self._pending_data_size = sum(map(len, self._pending))
        self.renewed()
        self._next.set()
        self._next = asyncio.Event()

    async def _send_ping(self, future: asyncio.Future[bool] | None = None) -> None:
        self._pongs.append(asyncio.get_running_loop().create_future() if future is None else future)
        await self._send_command(PING_PROTO)
        await self._flush_pending()


def _may_come_late(command: bytes) -> bool:
    """Whether what was meant for a connection that was lost may go to the next."""
    words = command.partition(b"\r\n")[0].split()
    return (words[0].upper(), len(words)) not in ASKING


class Ear(asyncio.Future[Msg]):
    """A future that hears every message of its subscription, inside the read loop, and is never done.

    nats-py gives a subscription either a callback, which costs a task each and two switches of task a message, or a
    future, whose `set_result` it calls with each message as it is read. Ten thousand listeners and thousands of
    acknowledgements a second want the latter.
    """

    def __init__(self, hear: Callable[[Msg], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._hear = hear

    def set_result(self, result: Msg) -> None:
        try:
            self._hear(result)
        except Exception:
            # Raised further, it would end the connection's read loop, and with it every other subscription.
            LOG.exception("A listener on %s failed", result.subject)


class Inbox:
    """One subscription for all answers; the last token of the subject says whose answer it is."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._prefix = ""
        self._count = 0
        self._waiting: dict[str, Callable[[Msg], None]] = {}

    async def open(self) -> None:
        inbox = self._connection.new_inbox()
        self._prefix = f"{inbox}."
        await self._connection.subscribe(f"{inbox}.*", future=Ear(self._heard))

    def _heard(self, message: Msg) -> None:
        take = self._waiting.get(message.subject[len(self._prefix) :])
        if take is not None:  # else: nobody waits any longer
            take(message)

    def expect(self, take: Callable[[Msg], None]) -> str:
        """The subject to answer to; `take` gets every message that arrives there until it is forgotten."""
        self._count += 1
        token = str(self._count)
        self._waiting[token] = take
        return self._prefix + token

    def forget(self, reply: str) -> None:
        self._waiting.pop(reply[len(self._prefix) :], None)

    async def ask(self, subject: str, body: bytes, headers: Mapping[str, str] | None, *, timeout: float) -> Msg:
        """The answer, with the parts of a long one put together. Raises TimedOut, Unserved, Fault.

        Without a connection it waits to ask: what has timed out before it was asked is never asked.
        """
        answer = _Answer(asyncio.get_running_loop().create_future())
        reply = self.expect(answer.take)
        try:
            async with asyncio.timeout(timeout):
                await self._connection.connected()
                await send(self._connection, subject, body, reply, headers)
                message = await answer.whole
        except TimeoutError:
            raise TimedOut(f"No answer from {subject} within {timeout:g} s.") from None
        finally:
            self.forget(reply)
        if status(message) == NO_RESPONDERS:
            raise Unserved(f"Nobody answers to {subject}.")
        return message


class _Answer:
    def __init__(self, whole: asyncio.Future[Msg]) -> None:
        self.whole = whole
        self._parts: list[bytes] = []

    def take(self, message: Msg) -> None:
        if message.headers and MORE in message.headers:
            self._parts.append(message.data)
            return
        if self._parts:
            message.data = b"".join([*self._parts, message.data])
        if not self.whole.done():
            self.whole.set_result(message)


def status(message: Msg) -> str | None:
    """The status code of a message that the server itself sent, None for anybody else's."""
    return message.headers.get(STATUS) if message.headers else None


async def send(
    connection: Client, subject: str, body: bytes, reply: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """Publish on the wire; raises Fault where nats-py has its own errors."""
    try:
        await connection.publish(subject, body, reply, dict(headers) if headers else None)
    except nats.errors.Error as error:
        raise Fault(f"Cannot send to {subject}: {reason(error)}.") from error


async def round_trip(connection: Client) -> None:
    """Returns when the server has seen all that was sent before. Without a connection there is nothing to wait for:
    its subscriptions are the first thing that a new one says."""
    if not connection.is_connected:
        return
    try:
        await connection.flush()
    except (nats.errors.Error, OSError) as error:
        LOG.debug("The connection was lost during a round trip: %s", reason(error))


def reason(error: BaseException) -> str:
    """What went wrong in words; many of nats-py's errors have none."""
    return str(error).removeprefix("nats: ") or type(error).__name__
