"""A durable consumer of JetStream: pulls as many messages as can be handled at once."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reyna.adapters.nats.connection import STATUS, Connection, InlineCallback, end_subscription, reason_of, send
from reyna.adapters.nats.streams import NANOSECONDS
from reyna.domain.errors import Fault, Unavailable
from reyna.ports.bus import Delivery, RetryLater, retry_delay_seconds

LOG: Final = logging.getLogger(__name__)
ACK_SUBJECTS: Final = "$JS.ACK."
HEARTBEAT_SECONDS: Final = 5.0  # the server shows so often that it still holds our request
MAX_SILENCE_SECONDS: Final = 12.0  # two missed heartbeats and some: the request is lost
REQUEST_EXPIRY_SECONDS: Final = 60.0  # that a request for messages stays with the server
RECOVERY_PAUSE_SECONDS: Final = 1.0  # between attempts to restore a lost consumer
REQUEST_ENDED: Final = "408"
HEARTBEAT_STATUS: Final = "100"
MIN_GATHERED_MESSAGES: Final = 64  # in one request, when most need no handler
GATHERING_SECONDS: Final = 0.004  # in which messages gather in the server when those before them needed no handler
NO_MESSAGES: Final = "404"
ACK_TOKENS_WITHOUT_DOMAIN: Final = 9
UNDELIVERED: Final = "Nats-Pending-Messages"


class JetStreamDelivery:
    """A message of JetStream as a `Delivery`."""

    def __init__(self, message: Msg) -> None:
        self._message = message
        self.subject = message.subject
        self.body = message.data
        self.attempt = _attempt_of(message.reply)

    async def in_progress(self) -> None:
        await self._message.in_progress()


def _attempt_of(reply: str) -> int:
    """Returns the number of deliveries of a message, from the subject for its acknowledgement (NATS ADR-15).

    The subject is `$JS.ACK`, in newer servers a domain and an account, then stream, consumer, and this number.
    """
    tokens = reply.split(".")
    return int(tokens[4] if len(tokens) == ACK_TOKENS_WITHOUT_DOMAIN else tokens[6])


class DurableConsumer:
    """Requests as many messages as there are free handlers, again whenever a handler becomes free.

    With `is_ignored`, messages for which it returns True are acknowledged as they are read, without a handler. They
    come by the thousand, and one by one each would cost the server and us as much as its publication. So there is one
    request at a time: for the next message, as long as there is none, and then, a moment later, for all that have
    gathered meanwhile. Only behind ignored messages others wait for that moment. Messages that waited for a handler so
    long that the server delivers them again are dropped.

    A request belongs to a generation, which is the last token of its reply subject. When requests may be lost (a
    reconnection, silence, a deleted consumer) the next generation starts without any; messages that still come from an
    earlier one are handled all the same, and wait for a free handler.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        stream: str,
        name: str,
        handle: Callable[[Delivery], Awaitable[None]],
        parallel: int,
        ack_wait: float,
        is_ignored: Callable[[bytes], bool] | None,
        ensure: Callable[[], Awaitable[None]],
        on_stopped: Callable[["DurableConsumer"], None],
    ) -> None:
        """`ensure` creates the consumer in the server when it is missing."""
        self._connection = connection
        self._label = f"{stream}/{name}"
        self._request = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"
        self._handle, self._parallel, self._ensure = handle, parallel, ensure
        self._ack_wait, self._is_ignored = ack_wait, is_ignored
        self._capacity = parallel if is_ignored is None else max(parallel, MIN_GATHERED_MESSAGES)
        self._on_stopped = on_stopped
        self._inbox = ""
        self._generation = 0
        self._requested = 0
        self._arrived = 0  # messages of the latest request
        self._ignored = 0  # of these
        self._waiting: deque[tuple[Msg, float]] = deque()  # with the time of arrival
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._lost = False
        self._stopping = False
        self._last_message_at = 0.0
        self._subscription: Subscription | None = None
        self._puller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._ensure()
        self._inbox = self._connection.new_inbox()
        self._subscription = await self._connection.subscribe(
            f"{self._inbox}.*", future=InlineCallback(self._on_message)
        )
        self._puller = asyncio.create_task(self._pull_forever(), name=f"pull {self._label}")

    def renew(self) -> None:
        """Starts a new generation, because the server does not know our requests any more."""
        self._generation += 1
        self._requested = 0
        self._wake.set()

    async def stop(self) -> None:
        """Takes no new messages, waits for the running handlers, and gives back the messages that wait."""
        if self._stopping:
            return
        self._stopping = True
        if self._puller is not None:
            self._puller.cancel()
        if self._subscription is not None:
            await end_subscription(self._connection, self._subscription)
        while self._waiting:
            await self._answer(self._waiting.popleft()[0].nak())
        if self._running:
            await asyncio.wait(self._running)
        self._on_stopped(self)

    async def _pull_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                if self._lost:
                    await asyncio.sleep(RECOVERY_PAUSE_SECONDS)
                    await self._ensure()
                    self._lost = False
                    self.renew()
                await self._request_messages()
            except Fault as fault:
                LOG.warning("The subscription %s waits: %s", self._label, fault)
                self._lost = True
                continue
            except Exception:
                LOG.exception("The subscription %s failed and starts again", self._label)
                self._lost = True
                continue
            try:
                async with asyncio.timeout(MAX_SILENCE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                if self._requested and loop.time() - self._last_message_at > MAX_SILENCE_SECONDS:
                    self.renew()
            self._wake.clear()

    async def _request_messages(self) -> None:
        """Requests as many messages as can be taken."""
        free = self._capacity - len(self._running) - len(self._waiting) - self._requested
        if free <= 0 or not self._connection.is_connected:
            return
        if self._requested and (self._is_ignored is not None or free < self._capacity // 2):
            return  # a request for each message would cost as much as the message
        request: dict[str, Any] = {
            "batch": free,
            "expires": int(REQUEST_EXPIRY_SECONDS * NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
        }
        if self._is_ignored is not None:
            request = {"batch": free, "no_wait": True} if self._arrived else request | {"batch": 1}
        self._requested += request["batch"]
        self._arrived = self._ignored = 0
        self._last_message_at = asyncio.get_running_loop().time()
        await send(self._connection, self._request, msgspec.json.encode(request), f"{self._inbox}.{self._generation}")

    def _on_message(self, message: Msg) -> None:
        current = message.subject == f"{self._inbox}.{self._generation}" or not message.subject.startswith(self._inbox)
        self._last_message_at = asyncio.get_running_loop().time()
        if message.reply.startswith(ACK_SUBJECTS):
            self._take(message, self._last_message_at)
            if current:
                self._arrived += 1
                self._requested = max(0, self._requested - 1)
                self._on_requested_changed()
        elif current and message.headers:
            self._on_status(message.headers)

    def _on_status(self, headers: dict[str, str]) -> None:
        """Handles a status of a request: it lives, it has ended, or it cannot be met."""
        status = headers.get(STATUS)
        if status == HEARTBEAT_STATUS:
            return
        if status == NO_MESSAGES:
            self._requested = 0
            self._on_requested_changed()
            return
        if status == REQUEST_ENDED or UNDELIVERED in headers:
            self._requested = max(0, self._requested - int(headers.get(UNDELIVERED, self._capacity)))
        else:
            LOG.warning("The subscription %s was ended: %s %s", self._label, status, headers.get("Description", ""))
            self._lost = True
        self._wake.set()

    def _on_requested_changed(self) -> None:
        """Goes on when all requested messages have come: at once, or, when none of them needed a handler, a little
        later."""
        if self._is_ignored is None or self._requested:
            return
        if 0 < self._ignored == self._arrived < MIN_GATHERED_MESSAGES:
            asyncio.get_running_loop().call_later(GATHERING_SECONDS, self._wake.set)
        else:
            self._wake.set()

    def _take(self, message: Msg, arrived_at: float) -> None:
        """Starts a handler for the message, or lets it wait for one, unless it needs none."""
        if self._stopping or len(self._running) >= self._parallel:
            self._waiting.append((message, arrived_at))
        elif self._is_ignored is not None and self._is_ignored(message.data):
            self._ignore(message)
        else:
            self._start(self._work(message))

    def _ignore(self, message: Msg) -> None:
        self._ignored += 1
        if not self._connection.try_publish(message.reply, b""):
            self._start(self._answer(message.ack()))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        now = asyncio.get_running_loop().time()
        while self._waiting and not self._stopping and len(self._running) < self._parallel:
            message, arrived_at = self._waiting.popleft()
            if now < arrived_at + self._ack_wait:
                self._take(message, arrived_at)
        self._wake.set()

    async def _work(self, message: Msg) -> None:
        delivery = JetStreamDelivery(message)
        try:
            await self._handle(delivery)
        except RetryLater as later:
            await self._answer(message.nak(later.seconds))
        except Unavailable as error:  # what is unavailable logs its outage itself
            delay = retry_delay_seconds(delivery.attempt)
            LOG.debug("%s waits %g s on %s: %s", self._label, delay, message.subject, error)
            await self._answer(message.nak(delay))
        except Exception:
            delay = retry_delay_seconds(delivery.attempt)
            LOG.exception("%s failed on %s; again in %g s", self._label, message.subject, delay)
            await self._answer(message.nak(delay))
        else:
            await self._answer(message.ack())

    async def _answer(self, answer: Awaitable[None]) -> None:
        try:
            await answer
        except nats.errors.Error as error:
            # Harmless: a message without an acknowledgement is delivered again.
            LOG.warning("%s could not answer for a message: %s", self._label, reason_of(error))
