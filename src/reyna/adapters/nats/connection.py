"""The connection to NATS: nats-py's client without what it would send too late, and with callbacks in its read loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import nats.errors
from nats.aio.client import PING_PROTO, Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.protocol.command import hpub_cmd, pub_cmd

from reyna.adapters.nats.protocol.message_parser import MessageParser
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
MAX_BUFFERED_BYTES: Final = 64 * 1024  # in the socket's buffer; beyond it, messages wait for the client's flusher


class Connection(Client):
    """nats-py's client (2.16) with two corrections, and a short way for the messages that come by the thousand.

    It writes a PING ahead of what still waits to be written. So `flush` may return before the server has seen the SUB
    that came first, and a request sent then finds nobody; and `drain` may end a subscription before the server has, and
    loses what arrives in between. Here a PING waits in line.

    It writes what it could not write before a connection was lost to the next one first of all, and what is published
    between the two as well, however late. For messages that ask for an answer, those for a stream as well as requests,
    that is wrong: the sender has given up and sends again, behind what was sent before and is lost. So these are
    discarded (`pending_size=0` would keep the first kind all the same, and let memory grow). Everything else is kept:
    acknowledgements, answers and ephemeral messages do no harm when they come late.

    The short way: what is published while nothing waits goes to the socket in one write for each turn of the event
    loop, without the client's queue and its flusher task; and a message for an InlineCallback goes from the parser to
    its function. Anything else is left to nats-py.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_new_connection: Callable[[], None] = lambda: None  # called before anything is sent on it
        self.lost_at = float("-inf")  # when the latest connection was lost
        self._ps = MessageParser(self, self._take, self._process_msg)
        self._unwritten: list[bytes] = []  # for the socket, at the end of this turn of the event loop
        self._unwritten_bytes = 0
        self._socket: asyncio.WriteTransport | None = None
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
        if not self.try_publish(subject, payload, reply, headers):
            await super().publish(subject, payload, reply, headers)

    def try_publish(
        self, subject: str, payload: bytes, reply: str = "", headers: Mapping[str, str] | None = None
    ) -> bool:
        """Writes a message in this turn of the event loop, behind everything that was published before.

        Returns False, and does nothing, when it has to wait for the socket, or when it is not plainly a message that
        nats-py would send as it is.
        """
        socket = self._socket
        if (
            socket is None
            or self._pending
            or self._status != Client.CONNECTED
            or len(payload) > self._max_payload
            or socket.is_closing()
            or socket.get_write_buffer_size() + self._unwritten_bytes > MAX_BUFFERED_BYTES
            or not _is_plain_subject(subject)
            or not (reply == "" or _is_plain_subject(reply))
        ):
            return False
        if headers is None:
            command = pub_cmd(subject, reply, payload)
        elif all(_is_plain_header(name, value) for name, value in headers.items()):
            lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
            command = hpub_cmd(subject, reply, b"%b%b\r\n" % (PLAIN_HEADERS, lines.encode()), payload)
        else:
            return False
        self.stats["out_msgs"] += 1
        self.stats["out_bytes"] += len(payload)
        if not self._unwritten:
            asyncio.get_running_loop().call_soon(self._write_now)
        self._unwritten.append(command)
        self._unwritten_bytes += len(command)
        return True

    def _write_now(self) -> None:
        """Writes what was published in this turn of the event loop at once: each write costs the server a wake-up."""
        commands, self._unwritten, self._unwritten_bytes = self._unwritten, [], 0
        if commands and self._socket is not None:
            self._socket.write(b"".join(commands))

    async def _send_command(self, cmd: bytes, priority: bool = False) -> None:
        self._write_now()  # so that no command overtakes a message
        await super()._send_command(cmd, priority)

    def discard_pending(self) -> None:
        """Discards what is not written yet; called before closing."""
        self._abort_transport()
        self._pending, self._pending_data_size = [], 0
        self._unwritten, self._unwritten_bytes = [], 0

    def _abort_transport(self) -> None:
        """Closes the socket without waiting for a server that may never read what waits for it."""
        if (socket := self._current_socket()) is not None:
            socket.abort()

    def _current_socket(self) -> asyncio.WriteTransport | None:
        writer: asyncio.StreamWriter | None = getattr(self._transport, "_io_writer", None)
        return writer.transport if writer is not None else None  # a WebSocket has no such buffer of ours

    async def _attempt_reconnect(self) -> None:
        self._abort_transport()
        await super()._attempt_reconnect()

    async def _process_connect_init(self) -> None:
        await super()._process_connect_init()
        # It counts as connected from here on, and no other task has run since.
        self._pending = [command for command in self._pending if not _is_discarded(command)]
        self._pending_data_size = sum(map(len, self._pending))
        self._socket = self._current_socket()
        self.on_new_connection()
        self._connected_again.set()
        self._connected_again = asyncio.Event()

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        if not self._take(sid, subject, reply, data, headers):
            await super()._process_msg(sid, subject, reply, data, headers or b"")

    def _take(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> bool:
        """Hands a message to its InlineCallback, without what nats-py does for other kinds of subscriptions, and
        returns True; returns False for any other message."""
        subscription = self._subs.get(sid)
        callback = None if subscription is None or subscription._max_msgs else subscription._future
        plain = not headers or headers.startswith(PLAIN_HEADERS)
        if subscription is None or not isinstance(callback, InlineCallback) or not plain:
            return False
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        subscription._received += 1
        if callback.on_plain is not None:
            callback.receive_plain(subject, data, headers)
            return True
        parsed = parse_headers(headers) if headers else None
        callback.set_result(Msg(self, subject.decode(), reply.decode(), data, parsed, _sid=sid))
        return True

    async def _send_ping(self, future: asyncio.Future[bool] | None = None) -> None:
        self._pongs.append(asyncio.get_running_loop().create_future() if future is None else future)
        await self._send_command(PING_PROTO)
        await self._flush_pending()


def parse_headers(block: bytes) -> dict[str, str]:
    """Returns the headers of a block that begins with PLAIN_HEADERS (NATS ADR-4)."""
    lines = block[len(PLAIN_HEADERS) :].decode("utf-8", "replace").split("\r\n")
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def find_header(block: bytes, name: bytes) -> bytes | None:
    """Returns one value of a block that begins with PLAIN_HEADERS, as `parse_headers` gives it."""
    start = block.rfind(b"\r\n%b:" % name)
    if start < 0:
        return None
    return block[start + len(name) + 3 : block.find(b"\r\n", start + 2)].strip()


def _is_plain_subject(subject: str) -> bool:
    return subject.isascii() and subject.isprintable() and " " not in subject and subject != ""


def _is_plain_header(name: str, value: str) -> bool:
    """Returns whether nats-py would send a header without correcting or refusing it."""
    return name.isascii() and name.replace("-", "").isalnum() and value.isprintable() and value.strip() == value


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

    def __init__(
        self,
        on_message: Callable[[Msg], None],
        on_plain: Callable[[bytes, bytes, bytes | None], None] | None = None,
    ) -> None:
        """`on_plain` takes the subject, body and header block of a message that is no status of the server, as they
        were read; without it such a message goes to `on_message` too."""
        super().__init__(loop=asyncio.get_running_loop())
        self._on_message, self.on_plain = on_message, on_plain

    def set_result(self, result: Msg) -> None:
        try:
            self._on_message(result)
        except Exception:
            # Raised further, it would end the connection's read loop, and with it every other subscription.
            LOG.exception("A listener on %s failed", result.subject)

    def receive_plain(self, subject: bytes, body: bytes, headers: bytes | None) -> None:
        try:
            if self.on_plain is not None:
                self.on_plain(subject, body, headers)
        except Exception:
            LOG.exception("A listener on %s failed", subject.decode(errors="replace"))


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
