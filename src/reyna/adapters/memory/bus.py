"""The Bus port in memory, for tests that run in one process and in no time."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Final

from reyna.adapters.memory.consumers import ConsumerCopy, MemoryConsumer
from reyna.adapters.memory.streams import MemoryStreams
from reyna.adapters.memory.timers import CallLater, PeriodicCall, call_later
from reyna.domain.errors import Fault, TimedOut, Unserved
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS, Message
from reyna.domain.ids import new_id
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
from reyna.ports.subjects import matches

LOG: Final = logging.getLogger(__name__)


class MemoryBus:
    """Holds what is published until the object is gone; copies of a service share one object.

    `later` calls a function after so many seconds; a test that passes its own decides when that is.
    """

    def __init__(
        self,
        *,
        later: CallLater | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._call_later = later or call_later
        self._streams = MemoryStreams(clock, wall_clock)
        self._epoch = new_id("epoch")
        self._epoch_renewals = 0
        self.connection_count = 1
        self.is_connected = True
        self._listeners: list[MemoryListener] = []
        self._consumers: dict[tuple[Stream, str], MemoryConsumer] = {}
        self._endpoints: dict[tuple[str, str], list[MemoryEndpoints]] = {}
        self._turn = cycle(range(2**16))

    async def provision(self) -> None:
        """Does nothing: the streams exist."""

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Does nothing: memory is never disconnected."""

    async def check(self) -> None:
        """Does nothing: memory always answers."""

    async def close(self) -> None:
        """Waits for the running handlers."""
        endpoints = {id(one): one for several in self._endpoints.values() for one in several}.values()
        copies = [copy for consumer in self._consumers.values() for copy in consumer.copies]
        subscriptions: list[Subscription] = [*endpoints, *copies]
        for subscription in subscriptions:
            await subscription.stop()

    # --- events and work ---

    def publish(self, message: Message) -> Awaitable[int]:
        acknowledgement = asyncio.get_running_loop().create_future()
        stream = self._streams.find_stream(message.subject)
        if stream is None:
            acknowledgement.set_exception(Fault(f"No stream takes the subject {message.subject}."))
            return acknowledgement
        acknowledgement.set_result(self._streams.find_repeat(message.id) or self._store(stream, message))
        return acknowledgement

    def _store(self, stream: Stream, message: Message) -> int:
        stored = self._streams.store(stream, message)
        if stream == "EVENTS":
            live = LIVE_SUBJECTS + message.subject.removeprefix(EVENT_SUBJECTS)
            self._notify(ReceivedMessage(live, message.body, stored.sequence))
        for (its_stream, _), consumer in self._consumers.items():
            if its_stream == stream:
                consumer.offer(stored)
        return stored.sequence

    async def remove(self, stream: Stream, subject: str, id: str) -> None:
        self._streams.remove(stream, subject, id)

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        self._notify(ReceivedMessage(subject, body))

    async def publish_periodically(self, seconds: float, subject: str, body: Callable[[], bytes]) -> Subscription:
        return PeriodicCall(seconds, lambda: self._notify(ReceivedMessage(subject, body())))

    def _notify(self, message: ReceivedMessage) -> None:
        for listener in self._listeners:
            if matches(listener.subject, message.subject):
                asyncio.get_running_loop().call_soon(listener.receive, message)

    async def listen(self, subject: str, on_message: Callable[[ReceivedMessage], None]) -> Subscription:
        listener = MemoryListener(subject, on_message, self._listeners)
        self._listeners.append(listener)
        return listener

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
        consumer = self._consumers.get((stream, name)) or self._create_consumer(stream, name, subject)
        if consumer.subject != subject:
            raise Fault(f"The consumer {name} of {stream} is for {consumer.subject}, not for {subject}.")
        if is_ignored is not None:
            handle = partial(_handle_unless_ignored, handle, is_ignored)
        copy = ConsumerCopy(consumer, handle, parallel, ack_wait, self._call_later, keep_alive=keep_alive)
        consumer.copies.append(copy)
        consumer.hand_out()
        return copy

    def _create_consumer(self, stream: Stream, name: str, subject: str) -> MemoryConsumer:
        for (its_stream, other), consumer in self._consumers.items():
            overlapping = matches(consumer.subject, subject) or matches(subject, consumer.subject)
            if stream == its_stream == "RUNS" and overlapping:
                raise Fault(f"{other} of RUNS takes this work already; a work queue gives it out once.")
        consumer = self._consumers[stream, name] = MemoryConsumer(subject)
        for message in self._streams.messages_of(stream):
            if not (stream == "RUNS" and message.done):
                consumer.offer(message)
        return consumer

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        for message in self._streams.messages_of("EVENTS"):
            if after < message.sequence <= until and matches(subject, message.subject):
                yield ReceivedMessage(message.subject, message.body, message.sequence)

    async def sequence_at(self, moment: datetime) -> int:
        later = (message.sequence for message in self._streams.messages_of("EVENTS") if message.at >= moment)
        return next(later, self._streams.last_sequence("EVENTS") + 1)

    async def position(self) -> StreamPosition:
        epoch = f"{self._epoch}.{self._epoch_renewals}" if self._epoch_renewals else self._epoch
        return StreamPosition(epoch, 1, self._streams.last_sequence("EVENTS"))

    async def get_event(self, sequence: int) -> ReceivedMessage | None:
        async for event in self.replay(">", after=sequence - 1, until=sequence):
            return event
        return None

    async def extent(self) -> StreamExtent:
        holes = tuple(self._streams.holes("EVENTS"))
        return StreamExtent(self._epoch, self._streams.last_sequence("EVENTS"), holes)

    async def renew_epoch(self) -> None:
        self._epoch_renewals += 1

    # --- verbs ---

    async def request(
        self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> RpcReply:
        copies = self._endpoints.get((service, verb))
        if not copies:
            raise Unserved(f"Nobody answers to {service}.{verb}.")
        task = copies[next(self._turn) % len(copies)].start(RpcRequest(verb, body, dict(headers)))
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(task)  # a timeout of the caller must not cancel the handler
        except TimeoutError:
            raise TimedOut(f"No answer from {service}.{verb} within {timeout:g} s.") from None

    async def serve(
        self, service: str, version: str, verbs: Sequence[str], answer: Callable[[RpcRequest], Awaitable[RpcReply]]
    ) -> Subscription:
        return MemoryEndpoints(answer, [self._endpoints.setdefault((service, verb), []) for verb in verbs])


class MemoryListener:
    """An ephemeral subscription, which removes itself from `listeners` when it is stopped."""

    def __init__(
        self, subject: str, on_message: Callable[[ReceivedMessage], None], listeners: list["MemoryListener"]
    ) -> None:
        self.subject, self._on_message, self._listeners = subject, on_message, listeners

    def receive(self, message: ReceivedMessage) -> None:
        if self not in self._listeners:
            return
        try:
            self._on_message(message)
        except Exception:
            LOG.exception("A listener on %s failed", self.subject)

    async def stop(self) -> None:
        if self in self._listeners:
            self._listeners.remove(self)


class MemoryEndpoints:
    """The endpoints of one copy of a service."""

    def __init__(
        self, answer: Callable[[RpcRequest], Awaitable[RpcReply]], copies_by_verb: Sequence[list["MemoryEndpoints"]]
    ) -> None:
        self._answer, self._copies_by_verb = answer, copies_by_verb
        self._running: set[asyncio.Task[RpcReply]] = set()
        for copies in copies_by_verb:
            copies.append(self)

    def start(self, request: RpcRequest) -> asyncio.Task[RpcReply]:
        """Starts to answer the request."""
        task = asyncio.create_task(self._handle(request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _handle(self, request: RpcRequest) -> RpcReply:
        try:
            return await self._answer(request)
        except Exception:
            LOG.exception("Answering %s failed", request.verb)
            return RpcReply(b"", ("500", "fault"))

    async def stop(self) -> None:
        for copies in self._copies_by_verb:
            if self in copies:
                copies.remove(self)
        if self._running:
            await asyncio.wait(self._running)


async def _handle_unless_ignored(
    handle: Callable[[Delivery], Awaitable[None]], is_ignored: Callable[[bytes], bool], delivery: Delivery
) -> None:
    if not is_ignored(delivery.body):
        await handle(delivery)
