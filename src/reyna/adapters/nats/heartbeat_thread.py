"""A second connection to NATS in a thread of its own, for heartbeats while the event loop of the process is blocked."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

import nats.errors

from reyna.adapters.nats.connection import reason_of
from reyna.domain.errors import Fault
from reyna.ports.bus import Bus, Delivery, Stream, Subscription

LOG: Final = logging.getLogger(__name__)
HEARTBEATS_PER_ACK_WAIT: Final = 3
T = TypeVar("T")


class ClosableBus(Bus, Protocol):
    async def close(self) -> None: ...


class HeartbeatThread:
    """A bus with its own event loop.

    Work that it pulls is handled in the event loop of the process. However long that loop is blocked meanwhile, the
    thread keeps the work from being delivered again.
    """

    def __init__(self, connect: Callable[[], Coroutine[Any, Any, ClosableBus]]) -> None:
        self._connect = connect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reyna heartbeats", daemon=True)
        self._bus: ClosableBus

    async def start(self) -> None:
        """Raises Fault when there is no connection."""
        self._thread.start()
        try:
            self._bus = await self.run(self._connect())
        except BaseException:
            await self._end()
            raise

    async def stop(self) -> None:
        """Closes the bus, which waits for the running handlers, and ends the thread."""
        await self.run(self._bus.close())
        await self._end()

    async def subscribe(
        self,
        stream: Stream,
        name: str,
        subject: str,
        handle: Callable[[Delivery], Awaitable[None]],
        *,
        parallel: int,
        ack_wait: float,
    ) -> Subscription:
        handler = _KeepAliveHandler(handle, asyncio.get_running_loop(), ack_wait)
        subscribing = self._bus.subscribe(stream, name, subject, handler, parallel=parallel, ack_wait=ack_wait)
        return _ThreadSubscription(self, await self.run(subscribing))

    async def publish_periodically(self, seconds: float, subject: str, body: Callable[[], bytes]) -> Subscription:
        started = _start_periodic_publisher(self._bus, seconds, subject, body)
        return _ThreadSubscription(self, await self.run(started))

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine in the thread and returns its result."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()


class _ThreadSubscription:
    """A subscription of the thread, stopped from another event loop."""

    def __init__(self, thread: HeartbeatThread, subscription: Subscription) -> None:
        self._thread, self._subscription = thread, subscription

    async def stop(self) -> None:
        await self._thread.run(_stop(self._subscription))


async def _stop(subscription: Subscription) -> None:
    await subscription.stop()


class _KeepAliveHandler:
    """Has each delivery handled in another event loop, and extends its time until that has ended."""

    def __init__(
        self, handle: Callable[[Delivery], Awaitable[None]], loop: asyncio.AbstractEventLoop, ack_wait: float
    ) -> None:
        self._handle, self._loop = handle, loop
        self._pause = ack_wait / HEARTBEATS_PER_ACK_WAIT

    async def __call__(self, delivery: Delivery) -> None:
        proxy = _ThreadDelivery(delivery, asyncio.get_running_loop())
        handling = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._run_handler(proxy), self._loop))
        while not (await asyncio.wait([handling], timeout=self._pause))[0]:
            try:
                await delivery.in_progress()
            except nats.errors.Error as error:
                LOG.warning("No heartbeat could be sent for %s: %s", delivery.subject, reason_of(error))
        await handling

    async def _run_handler(self, delivery: Delivery) -> None:
        await self._handle(delivery)


class _ThreadDelivery:
    """A delivery for an event loop other than that of its connection."""

    def __init__(self, delivery: Delivery, loop: asyncio.AbstractEventLoop) -> None:
        self._delivery, self._loop = delivery, loop
        self.subject, self.body, self.attempt = delivery.subject, delivery.body, delivery.attempt

    async def in_progress(self) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_in_progress(self._delivery), self._loop))


async def _in_progress(delivery: Delivery) -> None:
    await delivery.in_progress()


async def _start_periodic_publisher(
    bus: Bus, seconds: float, subject: str, body: Callable[[], bytes]
) -> "_PeriodicPublisher":
    return _PeriodicPublisher(bus, seconds, subject, body)


class _PeriodicPublisher:
    """Publishes an ephemeral message again and again, until it is stopped."""

    def __init__(self, bus: Bus, seconds: float, subject: str, body: Callable[[], bytes]) -> None:
        self._bus, self._seconds, self._subject, self._body = bus, seconds, subject, body
        self._task = asyncio.create_task(self._publish_forever(), name=f"publish {subject}")

    async def _publish_forever(self) -> None:
        while True:
            try:
                await self._bus.publish_ephemeral(self._subject, self._body())
            except Fault as fault:
                LOG.warning("%s could not be published: %s", self._subject, fault.detail)
            await asyncio.sleep(self._seconds)

    async def stop(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
