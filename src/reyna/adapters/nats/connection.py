"""The connection to NATS: nats-py's client without what it would send too late, and with callbacks in its read loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import nats.errors
from nats.aio.client import PING_PROTO, Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reyna.domain.errors import Fault, Unavailable

LOG: Final = logging.getLogger(__name__)
STATUS: Final = "Status"
NO_RESPONDERS: Final = "503"
# Commands by their name and number of words: those that ask for an answer (`PUB subject [reply] size`, `HPUB subject
# [reply] size size`), and those that keep one connection alive.
# https://docs.nats.io/reference/reference-protocols/nats-protocol
DISCARDED_COMMANDS: Final = frozenset({(b"PUB", 4), (b"HPUB", 5), (b"PING", 1), (b"PONG", 1)})
MAX_ABSENCE_SECONDS: Final = 5.0  # without a connection, after which nobody waits for it
PLAIN_HEADERS: Final = b"NATS/1.0\r\n"  # the beginning of headers without a status of the server


class Connection(Client):
    """nats-py's client (2.16) with two corrections.

    It writes a PING ahead of what still waits to be written. So `flush` may return before the server has seen the SUB
    that came first, and a request sent then finds nobody; and `drain` may end a subscription before the server has, and
    loses what arrives in between. Here a PING waits in line.

    It writes what it could not write before a connection was lost to the next one first of all, and what is published
    between the two as well, however late. For messages that ask for an answer, those for a stream as well as requests,
    that is wrong: the sender has given up and sends again, behind what was sent before and is lost. So these are
    discarded (`pending_size=0` would keep the first kind all the same, and let memory grow). Everything else is kept:
    acknowledgements, answers and ephemeral messages do no harm when they come late.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_new_connection: Callable[[], None] = lambda: None  # called before anything is sent on it
        self.lost_at = float("-inf")  # when the latest connection was lost
        self._connected_again = asyncio.Event()

    async def wait_for_connection(self) -> None:
        """Returns when there is a connection, or will never be one again.

        Raises Unavailable when there was none for some seconds: a short absence is waited for, a long one is reported
        at once.
        """
        if self.is_connected or self.is_closed:
            return
        left = self.lost_at + MAX_ABSENCE_SECONDS - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, left)):
                while not (self.is_connected or self.is_closed):
                    await self._connected_again.wait()
        except TimeoutError:
            raise Unavailable("NATS cannot be reached.") from None

    async def publish(
        self, subject: str, payload: bytes = b"", reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        if reply and not (self.is_connected or self.is_closed):
            raise nats.errors.ConnectionReconnectingError
        await super().publish(subject, payload, reply, headers)

    def discard_pending(self) -> None:
        """Discards what is not written yet; called before closing."""
        self._abort_transport()
        self._pending, self._pending_data_size = [], 0

    def _abort_transport(self) -> None:
        """Closes the socket without waiting for a server that may never read what waits for it."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:  # a WebSocket has no such buffer of ours
            writer.transport.abort()

    async def _attempt_reconnect(self) -> None:
        self._abort_transport()
        await super()._attempt_reconnect()

    async def _process_connect_init(self) -> None:
        await super()._process_connect_init()
        # It counts as connected from here on, and no other task has run since.
        self._pending = [command for command in self._pending if not _is_discarded(command)]
        self._pending_data_size = sum(map(len, self._pending))
        self.on_new_connection()
        self._connected_again.set()
        self._connected_again = asyncio.Event()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        """Hands a message to its InlineCallback, without what nats-py does for other kinds of subscriptions."""
        subscription = self._subs.get(sid)
        callback = None if subscription is None or subscription._max_msgs else subscription._future
        plain = not headers or headers.startswith(PLAIN_HEADERS)
        if subscription is None or not isinstance(callback, InlineCallback) or not plain:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        subscription._received += 1
        parsed = _parse_headers(headers) if headers else None
        callback.set_result(Msg(self, subject.decode(), reply.decode(), data, parsed, _sid=sid))

    async def _send_ping(self, future: asyncio.Future[bool] | None = None) -> None:
        self._pongs.append(asyncio.get_running_loop().create_future() if future is None else future)
        await self._send_command(PING_PROTO)
        await self._flush_pending()


def _parse_headers(block: bytes) -> dict[str, str]:
    """Returns the headers of a block that begins with PLAIN_HEADERS (NATS ADR-4)."""
    lines = block[len(PLAIN_HEADERS) :].decode("utf-8", "replace").split("\r\n")
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def _is_discarded(command: bytes) -> bool:
    """Returns whether a command for a lost connection must not go to the next one."""
    words = command.partition(b"\r\n")[0].split()
    return (words[0].upper(), len(words)) in DISCARDED_COMMANDS


class InlineCallback(asyncio.Future[Msg]):
    """A future that calls a function with every message of its subscription, inside the read loop, and is never done.

    nats-py gives a subscription either a callback, which costs a task each and two task switches a message, or a
    future, whose `set_result` it calls with each message as it is read. Ten thousand listeners and thousands of
    acknowledgements a second want the latter.
    """

    def __init__(self, on_message: Callable[[Msg], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._on_message = on_message

    def set_result(self, result: Msg) -> None:
        try:
            self._on_message(result)
        except Exception:
            # Raised further, it would end the connection's read loop, and with it every other subscription.
            LOG.exception("A listener on %s failed", result.subject)


def status_of(message: Msg) -> str | None:
    """Returns the status code of a message that the server itself sent, None for any other."""
    return message.headers.get(STATUS) if message.headers else None


async def send(
    connection: Client, subject: str, body: bytes, reply: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """Publishes a message; raises Fault where nats-py has its own errors."""
    try:
        await connection.publish(subject, body, reply, dict(headers) if headers else None)
    except nats.errors.Error as error:
        raise Fault(f"Cannot send to {subject}: {reason_of(error)}.") from error


async def round_trip(connection: Client) -> None:
    """Returns when the server has seen all that was sent before.

    Without a connection there is nothing to wait for: a new one begins with its subscriptions.
    """
    if not connection.is_connected:
        return
    try:
        await connection.flush()
    except (nats.errors.Error, OSError) as error:
        LOG.debug("The connection was lost during a round trip: %s", reason_of(error))


async def end_subscription(connection: Client, subscription: Subscription) -> None:
    """Ends a subscription after all of its messages that were under way have been handled."""
    drain: Callable[[], Awaitable[None]] = subscription.drain  # nats-py leaves it without types
    try:
        if connection.is_connected:
            await drain()
        else:
            await subscription.unsubscribe()
    except (nats.errors.Error, OSError) as error:
        LOG.debug("A subscription to %s ended with its connection: %s", subscription.subject, reason_of(error))


def reason_of(error: BaseException) -> str:
    """Returns what went wrong in words; many of nats-py's errors have none."""
    return str(error).removeprefix("nats: ") or type(error).__name__
