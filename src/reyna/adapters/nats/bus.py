"""The Bus port on NATS with JetStream."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import nats.errors
from nats.micro.request import ERROR_CODE_HEADER, ERROR_HEADER

from reyna.adapters.nats.connection import Connection, reason_of, send
from reyna.adapters.nats.durable_consumer import DurableConsumer
from reyna.adapters.nats.event_stream import EventStream
from reyna.adapters.nats.heartbeat_thread import HeartbeatThread
from reyna.adapters.nats.inbox import Inbox
from reyna.adapters.nats.jetstream_api import JetStreamApi
from reyna.adapters.nats.live_subscription import LiveSubscriptions
from reyna.adapters.nats.micro_service import INBOXES, RPC_SUBJECTS, WORKING, MicroService
from reyna.adapters.nats.publisher import Publisher
from reyna.adapters.nats.streams import describe_drift, provision_consumer, provision_streams, wanted_consumer
from reyna.adapters.outage import Outage
from reyna.domain.errors import Fault, TimedOut, TooLarge, Unavailable, Unserved
from reyna.domain.event import Message
from reyna.ports.bus import (
    Delivery,
    ReceivedMessage,
    RpcReply,
    RpcRequest,
    Stream,
    StreamExtent,
    StreamPosition,
    Subscription,
)

LOG: Final = logging.getLogger(__name__)
MIN_PAYLOAD_BYTES: Final = 5 * 1024 * 1024  # that a server must allow; a verb can carry a whole blob of 4 MiB
MIN_SERVER_VERSION: Final = (2, 11)  # reads many messages of a stream with one request
ACK_TIMEOUT_SECONDS: Final = 5.0  # after which a message that was not acknowledged is left to the next attempt
CHECK_TIMEOUT_SECONDS: Final = 2.0
SETTLING_SECONDS: Final = 3.0  # after a reconnection, in which a service may not be back yet
RETRY_PAUSE_SECONDS: Final = 0.1
MAX_PENDING_BYTES: Final = 32 * 1024 * 1024  # for the socket; beyond it, sending waits, or fails without a connection
MAX_HEADER_BYTES: Final = 16 * 1024  # of a message


class NatsBus:
    """One connection to NATS, which reconnects for ever; all subscriptions come back with it."""

    def __init__(
        self, connection: Connection, retention_days: int, ack_timeout: float, own_inboxes: str | None = None
    ) -> None:
        self._connection = connection
        self._retention_days, self._ack_timeout = retention_days, ack_timeout
        self._inbox = Inbox(connection)
        self._api = JetStreamApi(self._inbox)
        self._events = EventStream(connection, self._inbox, self._api)
        self._publisher = Publisher(connection, ack_timeout)
        position = self._events.position if own_inboxes is None else _refuse_position
        self._live = LiveSubscriptions(connection, self._events.replay, position)
        self._consumers: set[DurableConsumer] = set()
        self._services: set[MicroService] = set()
        self._disconnected_at = self._reconnected_at = float("-inf")
        self.connection_count = 1
        self._connected = asyncio.Event()
        self._closing = False
        self._reconnect_callbacks: list[Callable[[], None]] = []
        self._connect_again: Callable[[], Coroutine[Any, Any, NatsBus]]
        self._thread: HeartbeatThread | None = None
        self._starting_thread = asyncio.Lock()
        self._outages: dict[str, Outage] = {}  # of services that nobody serves

    # --- the connection ---

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        name: str,
        retention_days: int = 30,
        connect_timeout: float = 30.0,
        ack_timeout: float = ACK_TIMEOUT_SECONDS,
        own_inboxes: str | None = None,
    ) -> "NatsBus":
        """Connects to one of the servers in `url`, which are separated by commas.

        `own_inboxes` begins the subjects for answers to a worker with a credential, who may not read EVENTS: after an
        outage its listeners go on without what they missed. Waits `connect_timeout` seconds for the first connection,
        and for ever for later ones. Raises Fault, in one line that says what to set.
        """
        bus = cls(Connection(), retention_days, ack_timeout, own_inboxes)
        bus._connect_again = partial(
            cls.connect,
            url,
            name=f"{name} (heartbeats)",
            retention_days=retention_days,
            connect_timeout=connect_timeout,
            ack_timeout=ack_timeout,
            own_inboxes=own_inboxes,
        )
        await bus._open_connection(url, name, connect_timeout, own_inboxes or INBOXES)
        try:
            bus._check_server()
            await bus._inbox.open()
            await bus._publisher.open()
            bus._connection.on_new_connection = bus._publisher.fail_all
            bus._connected.set()
        except BaseException:
            bus._closing = True
            await bus._connection.close()
            raise
        return bus

    async def _open_connection(self, url: str, name: str, timeout: float, inboxes: str) -> None:
        connection = self._connection
        try:
            async with asyncio.timeout(timeout):
                await connection.connect(
                    servers=url.split(","),
                    name=name,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnected,
                    reconnected_cb=self._on_reconnected,
                    closed_cb=self._on_closed,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    ping_interval=20,
                    pending_size=MAX_PENDING_BYTES,
                    flush_timeout=self._ack_timeout,
                    inbox_prefix=inboxes,
                )
        except TimeoutError:
            self._closing = True
            reason = reason_of(connection.last_error) if connection.last_error else "no answer"
            await connection.close()
            raise Fault(f"No NATS server at {_address_of(url)} within {timeout:g} s: {reason}.") from None

    def _check_server(self) -> None:
        """Raises Fault for a server that is too old or takes too small messages."""
        connection = self._connection
        version = connection.connected_server_version
        if (version.major, version.minor) < MIN_SERVER_VERSION:
            raise Fault(f"nats-server {version.major}.{version.minor} is too old; 2.11 or later is needed.")
        if connection.max_payload < MIN_PAYLOAD_BYTES:
            raise Fault(
                f"nats-server allows messages of {connection.max_payload:,} bytes, and {MIN_PAYLOAD_BYTES:,} are "
                "needed: set `max_payload: 8MB` in its configuration."
            )

    async def _on_error(self, error: Exception) -> None:
        level = logging.WARNING if self._connection.is_connected else logging.DEBUG
        LOG.log(level, "NATS: %s", reason_of(error))

    async def _on_disconnected(self) -> None:
        if self._connection.is_closed:
            return
        self._connected.clear()
        self._disconnected_at = self._connection.lost_at = asyncio.get_running_loop().time()
        self._publisher.fail_all()
        self._live.on_disconnected()
        LOG.warning("The connection to NATS is lost; trying again every second")

    async def _on_reconnected(self) -> None:
        self._reconnected_at = asyncio.get_running_loop().time()
        LOG.info("The connection to NATS is back after %.1f s", self._reconnected_at - self._disconnected_at)
        self.connection_count += 1
        self._live.on_reconnected()
        for consumer in self._consumers:
            consumer.renew()
        self._connected.set()
        for callback in self._reconnect_callbacks:
            callback()

    async def _on_closed(self) -> None:
        if not self._closing:
            LOG.critical("NATS has closed the connection for good: %s", self._connection.last_error)

    async def wait_until_connected(self) -> None:
        """Returns when there is a connection, as far as we know."""
        await self._connected.wait()

    @property
    def is_connected(self) -> bool:
        return self._connected.is_set()

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        self._reconnect_callbacks.append(callback)

    async def check(self) -> None:
        if not self._connection.is_connected:
            raise Unavailable("NATS is not connected.")
        await self._events.info(timeout=CHECK_TIMEOUT_SECONDS)

    async def ping(self, service: str) -> None:
        """Returns when a copy of this service answers. Raises Fault."""
        try:
            await self._inbox.request(f"$SRV.PING.{service}", b"", None, timeout=CHECK_TIMEOUT_SECONDS)
        except Unserved:
            raise Unserved(f"No copy of {service} is running.") from None
        except TimedOut:
            raise TimedOut(f"{service} did not answer within {CHECK_TIMEOUT_SECONDS:g} s.") from None

    async def close(self) -> None:
        """Takes no new messages, waits for running handlers and for messages in flight, and closes the connection."""
        self._closing = True
        subscriptions: list[Subscription] = [*self._services, *self._consumers]
        if self._thread is not None:
            subscriptions.append(self._thread)
        await asyncio.gather(*(subscription.stop() for subscription in subscriptions))
        self._live.close()
        await self._publisher.close()
        try:
            if self._connection.is_connected:
                await self._connection.flush(max(1, round(self._ack_timeout)))
        except (nats.errors.Error, OSError) as error:
            LOG.warning("The connection to NATS was closed with unsent messages: %s", reason_of(error))
            self._connection.discard_pending()
        finally:
            await self._close_connection()

    async def _close_connection(self) -> None:
        try:
            await self._connection.close()
        except (nats.errors.Error, OSError, RuntimeError) as error:  # the socket broke a moment ago
            LOG.debug("The connection to NATS was closed already: %s", reason_of(error))

    # --- streams ---

    async def provision(self, event_bytes: int | None = None) -> None:
        """Creates the streams EVENTS, RUNS and DEAD, or compares existing ones. Raises Drift and Fault.

        `event_bytes` limits the size of EVENTS.
        """
        await provision_streams(self._api, self._retention_days, event_bytes)

    async def provision_consumer(self, stream: Stream, name: str, subject: str, ack_wait: float) -> None:
        """Creates a durable consumer for workers that may not do so themselves. Raises Drift and Fault."""
        await provision_consumer(self._api, stream, wanted_consumer(name, subject, ack_wait))

    async def describe_drift(self, consumers: Mapping[str, Sequence[str]]) -> list[str]:
        """Returns how the streams and their consumers differ from the wanted settings, in words. Raises Fault."""
        return await describe_drift(self._api, self._retention_days, consumers)

    async def call_jetstream(self, what: str, body: Any = None) -> dict[str, Any]:
        """Returns the answer of JetStream's API, such as to `STREAM.INFO.EVENTS`. Raises ApiRefused and Fault."""
        return await self._api.call(what, body)

    def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        return self._events.replay(subject, after, until)

    async def remove(self, stream: Stream, subject: str, id: str) -> None:
        await self._events.remove(stream, subject, id)

    async def position(self) -> StreamPosition:
        return await self._events.position()

    async def sequence_at(self, moment: datetime) -> int:
        return await self._events.sequence_at(moment)

    async def get_event(self, sequence: int) -> ReceivedMessage | None:
        return await self._events.get(sequence)

    async def extent(self) -> StreamExtent:
        return await self._events.extent()

    async def renew_epoch(self) -> None:
        await self._events.renew_epoch()

    # --- events and work ---

    def publish(self, message: Message) -> Awaitable[int]:
        return self._publisher.publish(message)

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        await send(self._connection, subject, body)

    async def publish_periodically(self, seconds: float, subject: str, body: Callable[[], bytes]) -> Subscription:
        return await (await self._heartbeat_thread()).publish_periodically(seconds, subject, body)

    async def listen(self, subject: str, on_message: Callable[[ReceivedMessage], None]) -> Subscription:
        return await self._live.listen(subject, on_message)

    async def subscribe(
        self,
        stream: Stream,
        name: str,
        subject: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        parallel: int = 1,
        ack_wait: float = 30.0,
        keep_alive: bool = False,
        is_ignored: Callable[[bytes], bool] | None = None,
    ) -> Subscription:
        if keep_alive:
            thread = await self._heartbeat_thread()
            return await thread.subscribe(stream, name, subject, handle, parallel=parallel, ack_wait=ack_wait)
        consumer = DurableConsumer(
            self._connection,
            stream=stream,
            name=name,
            handle=handle,
            parallel=parallel,
            ack_wait=ack_wait,
            is_ignored=is_ignored,
            ensure=partial(provision_consumer, self._api, stream, wanted_consumer(name, subject, ack_wait)),
            on_stopped=self._consumers.discard,
        )
        await consumer.start()
        self._consumers.add(consumer)
        return consumer

    async def _heartbeat_thread(self) -> HeartbeatThread:
        """Returns the thread with the second connection, which the first call starts."""
        async with self._starting_thread:
            if self._thread is None:
                thread = HeartbeatThread(self._connect_again)
                await thread.start()
                self._thread = thread
            return self._thread

    # --- verbs ---

    async def request(
        self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> RpcReply:
        subject, working = f"{RPC_SUBJECTS}.{service}.{verb}", f"{RPC_SUBJECTS}.{service}.{WORKING}"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        if len(body) + MAX_HEADER_BYTES > self._connection.max_payload:
            raise TooLarge(f"{len(body):,} bytes are more than {service}.{verb} takes.")
        while True:
            try:
                left = max(0.001, deadline - loop.time())
                message = await self._inbox.request(subject, body, headers, timeout=left, working=working)
                break
            except Unserved as error:
                # After a reconnection the service may come back a moment later than we did; and this answer may come
                # a moment before we know of the reconnection.
                settling = not self._connected.is_set() or loop.time() - self._reconnected_at <= SETTLING_SECONDS
                if not settling or loop.time() + RETRY_PAUSE_SECONDS > deadline:
                    self._outages.setdefault(service, Outage(service)).report(error)
                    raise
                await asyncio.sleep(RETRY_PAUSE_SECONDS)
        if self._outages and (outage := self._outages.pop(service, None)) is not None:
            outage.end()
        if message.headers and ERROR_CODE_HEADER in message.headers:
            return RpcReply(message.data, (message.headers[ERROR_CODE_HEADER], message.headers.get(ERROR_HEADER, "")))
        return RpcReply(message.data)

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[RpcRequest], Awaitable[RpcReply]]
    ) -> Subscription:
        micro_service = MicroService(self._connection, service, version, verbs, answer, self._services.discard)
        await micro_service.start()
        self._services.add(micro_service)
        return micro_service


async def _refuse_position() -> StreamPosition:
    raise Fault("A worker with a credential reads no events.")


def _address_of(url: str) -> str:
    """Returns the hosts and ports without the passwords that a URL may carry."""
    return ", ".join(urlsplit(one if "//" in one else f"//{one}").netloc.rpartition("@")[2] for one in url.split(","))
