"""The bus on NATS with JetStream."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER

from reyna.adapters import nats_streams as streams
from reyna.adapters.nats_inbox import Connection, Inbox, reason, send, status
from reyna.adapters.nats_listen import SEQUENCE, Listeners
from reyna.adapters.nats_publish import ApiError, Publisher
from reyna.adapters.nats_pull import Pull
from reyna.adapters.nats_serve import RPC_SUBJECTS, Served
from reyna.domain.errors import Fault, TooLarge, Unserved
from reyna.domain.event import Message
from reyna.ports import Delivery, Heard, Position, Reply, Request, Stream, Subscription

LOG: Final = logging.getLogger(__name__)
MAX_PAYLOAD: Final = 5 * 1024 * 1024  # bytes; a verb can carry a whole blob of 4 MiB
OLDEST_SERVER: Final = (2, 11)  # reads many messages of a stream with one request
ACK_PATIENCE: Final = 5.0  # seconds until a message that was not acknowledged is left to the next attempt
API_PATIENCE: Final = 5.0  # seconds for JetStream's own answers
CHECK_PATIENCE: Final = 2.0
RETURNING: Final = 3.0  # seconds after a reconnection in which a service may not be back yet
PENDING: Final = 32 * 1024 * 1024  # bytes that wait for the socket; beyond it, sending waits, or is a fault while away
BATCH: Final = 1000  # messages that one request for stored ones brings
END_OF_BATCH: Final = "204"
NOTHING_FOUND: Final = "404"
HEADERS: Final = 16 * 1024  # bytes of a message that are not its body, at most
JETSTREAM: Final = "$JS.API."


class _State(msgspec.Struct):
    first_seq: int
    last_seq: int


class _StreamInfo(msgspec.Struct):
    created: str
    state: _State


STREAM_INFO: Final = msgspec.json.Decoder(_StreamInfo)


class NatsBus:
    """One connection to NATS; it reconnects for ever, and everything subscribed comes back with it."""

    def __init__(self, connection: Connection, retention_days: int, ack_patience: float) -> None:
        self._connection = connection
        self._retention_days, self._ack_patience = retention_days, ack_patience
        self._inbox = Inbox(connection)
        self._publisher = Publisher(connection, ack_patience)
        self._listeners = Listeners(connection, self._replay, self.position)
        self._pulls: set[Pull] = set()
        self._served: set[Served] = set()
        self._lost_at = self._back_at = float("-inf")
        self._there = asyncio.Event()
        self._closing = False

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        name: str,
        retention_days: int = 30,
        patience: float = 30.0,
        ack_patience: float = ACK_PATIENCE,
    ) -> "NatsBus":
        """Waits `patience` seconds for the server to be there the first time; later it waits for ever.

        `url` may name several servers, with commas between. Raises Fault, in one line that says what to set.
        """
        connection = Connection()
        bus = cls(connection, retention_days, ack_patience)
        try:
            async with asyncio.timeout(patience):
                await connection.connect(
                    servers=url.split(","),
                    name=name,
                    error_cb=bus._troubled,
                    disconnected_cb=bus._lost,
                    reconnected_cb=bus._back,
                    closed_cb=bus._closed,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    ping_interval=20,
                    pending_size=PENDING,
                    flush_timeout=ack_patience,
                )
        except TimeoutError:
            bus._closing = True
            why = reason(connection.last_error) if connection.last_error else "no answer"
            await connection.close()
            raise Fault(f"No NATS server at {_address(url)} within {patience:g} s: {why}.") from None
        try:
            bus._suits()
            await bus._inbox.open()
            await bus._publisher.open()
            connection.renewed = bus._publisher.lost
            bus._there.set()
        except BaseException:
            bus._closing = True
            await connection.close()
            raise
        return bus

    def _suits(self) -> None:
        connection = self._connection
        version = connection.connected_server_version
        if (version.major, version.minor) < OLDEST_SERVER:
            raise Fault(f"nats-server {version.major}.{version.minor} is too old; 2.11 or later is needed.")
        if connection.max_payload < MAX_PAYLOAD:
            raise Fault(
                f"nats-server allows messages of {connection.max_payload:,} bytes, and {MAX_PAYLOAD:,} are needed: "
                "set `max_payload: 8MB` in its configuration."
            )

    # --- the connection ---

    async def _troubled(self, error: Exception) -> None:
        level = logging.WARNING if self._connection.is_connected else logging.DEBUG
        LOG.log(level, "NATS: %s", reason(error))

    async def _lost(self) -> None:
        if self._connection.is_closed:
            return
        self._there.clear()
        self._lost_at = asyncio.get_running_loop().time()
        self._publisher.lost()
        self._listeners.lost()
        LOG.warning("The connection to NATS is lost; trying again every second")

    async def _back(self) -> None:
        self._back_at = asyncio.get_running_loop().time()
        LOG.info("The connection to NATS is back after %.1f s", self._back_at - self._lost_at)
        self._listeners.back()
        for pull in self._pulls:
            pull.renew()
        self._there.set()

    async def _closed(self) -> None:
        if not self._closing:
            LOG.critical("NATS has closed the connection for good: %s", self._connection.last_error)

    async def connected(self) -> None:
        """Returns when there is a connection, as far as we know."""
        await self._there.wait()

    async def provision(self) -> None:
        """Create the streams EVENTS, RUNS and DEAD, or compare what is there. Raises Drift and Fault."""
        await streams.provision(self.ask_jetstream, self._retention_days)

    async def drifted(self, consumers: Mapping[str, Sequence[str]]) -> list[str]:
        """How the streams and their consumers differ from what is wanted, in words; changes nothing. Raises Fault."""
        return await streams.drifted(self.ask_jetstream, self._retention_days, consumers)

    async def check(self) -> None:
        if not self._connection.is_connected:
            raise Fault("NATS is not connected.")
        await self._stream_info(CHECK_PATIENCE)

    async def close(self) -> None:
        """Drains: nothing new comes in, what is being handled is finished, what is being published is waited for."""
        self._closing = True
        ending: list[Subscription] = [*self._served, *self._pulls]
        await asyncio.gather(*(subscription.stop() for subscription in ending))
        self._listeners.close()
        await self._publisher.close()
        try:
            if self._connection.is_connected:
                await self._connection.flush(max(1, round(self._ack_patience)))
        except (nats.errors.Error, OSError) as error:
            LOG.warning("NATS was left with messages under way: %s", reason(error))
            self._connection.drop()
        finally:
            await self._connection.close()

    # --- events and work ---

    def publish(self, message: Message) -> Awaitable[None]:
        return self._publisher.publish(message)

    async def tell(self, subject: str, body: bytes) -> None:
        await send(self._connection, subject, body)

    async def listen(self, subject: str, hear: Callable[[Heard], None]) -> Subscription:
        return await self._listeners.listen(subject, hear)

    async def subscribe(
        self,
        stream: Stream,
        name: str,
        subject: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        parallel: int = 1,
        patience: float = 30.0,
    ) -> Subscription:
        wanted = streams.wanted_consumer(name, subject, patience)

        async def ensure() -> None:
            await streams.ensure_consumer(self.ask_jetstream, stream, wanted)

        pull = Pull(
            self._connection,
            stream=stream,
            name=name,
            handle=handle,
            parallel=parallel,
            ensure=ensure,
            ended=self._pulls.discard,
        )
        await pull.start()
        self._pulls.add(pull)
        return pull

    def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[Heard]:
        return self._replay(subject, after, until)

    async def _replay(self, subject: str, after: int, until: int) -> AsyncIterator[Heard]:
        """Reads the stream directly, in batches: no consumer is made, so none can be left behind."""
        arrived: asyncio.Queue[Msg] = asyncio.Queue()
        while after < until:
            wanted = {"seq": after + 1, "next_by_subj": subject, "batch": min(BATCH, until - after)}
            reply = self._inbox.expect(arrived.put_nowait)
            try:
                await send(self._connection, f"{JETSTREAM}DIRECT.GET.EVENTS", msgspec.json.encode(wanted), reply)
                while True:
                    message = await _within(API_PATIENCE, arrived.get())
                    code = status(message)
                    if code == END_OF_BATCH:
                        break
                    if code == NOTHING_FOUND:
                        return
                    if code is not None or message.headers is None:
                        raise Fault(f"Reading stored events: {message.headers}")
                    after = int(message.headers[SEQUENCE])
                    if after > until:
                        return
                    yield Heard(message.headers["Nats-Subject"], message.data, after)
            finally:
                self._inbox.forget(reply)
            if message.headers is None or message.headers.get("Nats-Num-Pending") == "0":
                return

    async def position(self) -> Position:
        info = await self._stream_info(API_PATIENCE)
        epoch = _base36(int("".join(filter(str.isdigit, info.created))))
        if info.state.last_seq < info.state.first_seq:  # empty: JetStream may say 0 and 0, or last + 1 and last
            return Position(epoch, info.state.last_seq + 1, info.state.last_seq)
        return Position(epoch, max(1, info.state.first_seq), info.state.last_seq)

    # --- verbs ---

    async def ask(self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Reply:
        subject = f"{RPC_SUBJECTS}.{service}.{verb}"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        if len(body) + HEADERS > self._connection.max_payload:
            raise TooLarge(f"{len(body):,} bytes are more than {service}.{verb} can be asked with.")
        while True:
            try:
                message = await self._inbox.ask(subject, body, headers, timeout=max(0.001, deadline - loop.time()))
                break
            except Unserved:
                # After the server was away, whoever serves this may come back a moment later than we did; and this
                # answer may come a moment before we are told that we are back.
                returning = not self._there.is_set() or loop.time() - self._back_at <= RETURNING
                if not returning or loop.time() + 0.1 > deadline:
                    raise
                await asyncio.sleep(0.1)
        if message.headers and ERROR_CODE_HEADER in message.headers:
            return Reply(message.data, (message.headers[ERROR_CODE_HEADER], message.headers.get(ERROR_HEADER, "")))
        return Reply(message.data)

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[Request], Awaitable[Reply]]
    ) -> Subscription:
        served = Served(self._connection, service, version, verbs, answer, self._served.discard)
        await served.start()
        self._served.add(served)
        return served

    # --- JetStream's API ---

    async def ask_jetstream(self, what: str, body: Any = None) -> dict[str, Any]:
        """What JetStream's own API answers, such as to `STREAM.INFO.EVENTS`. Raises Refused, and Fault without one."""
        message = await self._jetstream(what, msgspec.json.encode(body) if body else b"", API_PATIENCE)
        answer: dict[str, Any] = msgspec.json.decode(message.data)
        if "error" in answer:
            raise streams.Refused(what, msgspec.convert(answer["error"], ApiError))
        return answer

    async def _stream_info(self, patience: float) -> _StreamInfo:
        message = await self._jetstream("STREAM.INFO.EVENTS", b"", patience)
        try:
            return STREAM_INFO.decode(message.data)
        except msgspec.ValidationError:
            raise Fault(f"The stream EVENTS does not answer: {message.data.decode(errors='replace')[:200]}") from None

    async def _jetstream(self, what: str, body: bytes, patience: float) -> Msg:
        try:
            return await self._inbox.ask(JETSTREAM + what, body, None, timeout=patience)
        except Unserved:
            raise Fault("JetStream is not there: start nats-server with `-js`, or wait until it is ready.") from None


async def _within(seconds: float, answer: Awaitable[Msg]) -> Msg:
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        raise Fault(f"JetStream did not answer within {seconds:g} s.") from None


def _address(url: str) -> str:
    """Where, without the password that a URL may carry."""
    return ", ".join(urlsplit(one if "//" in one else f"//{one}").netloc.rpartition("@")[2] for one in url.split(","))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits
