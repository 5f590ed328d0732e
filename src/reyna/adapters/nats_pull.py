"""A durable subscription: pulls as much as can be handled at once, and no more."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reyna.adapters.nats_inbox import Ear, reason, send
from reyna.adapters.nats_streams import NANOSECONDS
from reyna.domain.errors import Fault
from reyna.ports import Delivery, Later, again_after

LOG: Final = logging.getLogger(__name__)
ACK_SUBJECTS: Final = "$JS.ACK."
HEARTBEAT: Final = 5.0  # seconds; the server shows so often that it still holds our request
SILENCE: Final = 12.0  # two missed heartbeats and some: the request is lost, ask again
EXPIRES: Final = 60.0  # seconds that a request for messages stays with the server
RETRY: Final = 1.0  # seconds between attempts to bring a lost consumer back
REQUEST_ENDED: Final = "408"
HEARTBEAT_STATUS: Final = "100"
UNDELIVERED: Final = "Nats-Pending-Messages"


class _Delivered:
    """A message of JetStream in the shape of a `Delivery`."""

    def __init__(self, message: Msg) -> None:
        self._message = message
        self.subject = message.subject
        self.body = message.data
        self.attempt: int = message.metadata.num_delivered

    async def in_progress(self) -> None:
        await self._message.in_progress()


class Pull:
    """Requests as many messages as there are free hands, again whenever a hand becomes free.

    A request belongs to a generation, which is the last token of its reply subject. When requests may be lost (a
    reconnection, silence, a deleted consumer) the next generation begins with none; messages that still come from an
    earlier one are work all the same, and wait for a free hand.
    """

    def __init__(
        self,
        connection: Client,
        *,
        stream: str,
        name: str,
        handle: Callable[[Delivery], Awaitable[None]],
        parallel: int,
        ensure: Callable[[], Awaitable[None]],
        ended: Callable[["Pull"], None],
    ) -> None:
        self._connection = connection
        self._what = f"{stream}/{name}"
        self._request = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        self._handle, self._parallel, self._ensure = handle, parallel, ensure
        self._ended = ended
        self._inbox = ""
        self._generation = 0
        self._requested = 0
        self._waiting: deque[Msg] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._lost = False
        self._stopping = False
        self._heard_at = 0.0
        self._subscription: Subscription | None = None
        self._puller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._ensure()
        self._inbox = self._connection.new_inbox()
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", future=Ear(self._arrived))
        self._puller = asyncio.create_task(self._pull_on(), name=f"pull {self._what}")

    def renew(self) -> None:
        """The connection is a new one, and knows nothing of our requests."""
        self._generation += 1
        self._requested = 0
        self._wake.set()

    async def stop(self) -> None:
        """No new messages; what is being handled is finished first, what waits goes back."""
        if self._stopping:
            return
        self._stopping = True
        if self._puller is not None:
            self._puller.cancel()
        if self._subscription is not None:
            await let_go(self._connection, self._subscription)
        while self._waiting:
            await self._answer(self._waiting.popleft().nak())
        if self._running:
            await asyncio.wait(self._running)
        self._ended(self)

    async def _pull_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                if self._lost:
                    await asyncio.sleep(RETRY)
                    await self._ensure()
                    self._lost = False
                    self.renew()
                await self._ask_for_free_hands()
            except Fault as fault:
                LOG.warning("The subscription %s waits: %s", self._what, fault)
                self._lost = True
                continue
            except Exception:
                LOG.exception("The subscription %s broke and begins anew", self._what)
                self._lost = True
                continue
            try:
                async with asyncio.timeout(SILENCE):
                    await self._wake.wait()
            except TimeoutError:
                if self._requested and loop.time() - self._heard_at > SILENCE:
                    self.renew()
            self._wake.clear()

    async def _ask_for_free_hands(self) -> None:
        free = self._parallel - len(self._running) - len(self._waiting) - self._requested
        if free <= 0 or not self._connection.is_connected:
            return
        if self._requested and free < self._parallel // 2:
            return  # a request for each message would cost as much as the message
        self._requested += free
        self._heard_at = asyncio.get_running_loop().time()
        asked = {
            "batch": free,
            "expires": int(EXPIRES * NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT * NANOSECONDS),
        }
        await send(self._connection, self._request, msgspec.json.encode(asked), f"{self._inbox}.{self._generation}")

    def _arrived(self, message: Msg) -> None:
        current = message.subject == f"{self._inbox}.{self._generation}" or not message.subject.startswith(self._inbox)
        self._heard_at = asyncio.get_running_loop().time()
        if message.reply.startswith(ACK_SUBJECTS):
            if current:
                self._requested = max(0, self._requested - 1)
            self._take(message)
        elif current and message.headers:
            self._told(message.headers)

    def _told(self, headers: dict[str, str]) -> None:
        """The server speaks about a request: that it lives, that its time is over, or that it cannot be met."""
        status = headers.get("Status")
        if status == HEARTBEAT_STATUS:
            return
        if status == REQUEST_ENDED or UNDELIVERED in headers:
            self._requested = max(0, self._requested - int(headers.get(UNDELIVERED, self._parallel)))
        else:
            LOG.warning("The subscription %s was ended: %s %s", self._what, status, headers.get("Description", ""))
            self._lost = True
        self._wake.set()

    def _take(self, message: Msg) -> None:
        if len(self._running) >= self._parallel or self._stopping:
            self._waiting.append(message)
            return
        task = asyncio.create_task(self._work(message))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._waiting and not self._stopping:
            self._take(self._waiting.popleft())
        self._wake.set()

    async def _work(self, message: Msg) -> None:
        delivery = _Delivered(message)
        try:
            await self._handle(delivery)
        except Later as later:
            await self._answer(message.nak(later.seconds))
        except Exception:
            after = again_after(delivery.attempt)
            LOG.exception("%s failed on %s; again in %g s", self._what, message.subject, after)
            await self._answer(message.nak(after))
        else:
            await self._answer(message.ack())

    async def _answer(self, answer: Awaitable[None]) -> None:
        try:
            await answer
        except nats.errors.Error as error:
            # Harmless: unanswered within its patience, the message is delivered again.
            LOG.warning("%s could not answer for a message: %s", self._what, reason(error))


async def let_go(connection: Client, subscription: Subscription) -> None:
    """End a subscription after everything that was on its way to us has been heard."""
    drain: Callable[[], Awaitable[None]] = subscription.drain  # nats-py leaves it without types
    try:
        if connection.is_connected:
            await drain()
        else:
            await subscription.unsubscribe()
    except (nats.errors.Error, OSError) as error:
        LOG.debug("A subscription to %s ended with its connection: %s", subscription.subject, reason(error))
