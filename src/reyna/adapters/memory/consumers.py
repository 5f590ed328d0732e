"""Durable consumers in memory: copies that share the messages of one durable name."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from reyna.adapters.memory.streams import StoredMessage
from reyna.adapters.memory.timers import CallLater, Timer
from reyna.ports.bus import Delivery, RetryLater, retry_delay_seconds
from reyna.ports.subjects import matches

LOG: Final = logging.getLogger(__name__)


class MemoryConsumer:
    """The messages that one durable name still has to get, and the copies that share them."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.copies: list[ConsumerCopy] = []
        self._waiting: deque[tuple[StoredMessage, int]] = deque()
        self._acknowledged: set[int] = set()
        self._turn = 0

    def offer(self, message: StoredMessage, attempt: int = 1) -> None:
        if matches(self.subject, message.subject) and message.sequence not in self._acknowledged:
            self._waiting.append((message, attempt))
            self.hand_out()

    def acknowledge(self, message: StoredMessage) -> None:
        self._acknowledged.add(message.sequence)
        message.done = True

    def hand_out(self) -> None:
        """Gives waiting messages to the copies that have a free handler, in turns."""
        while self._waiting and (free := [copy for copy in self.copies if copy.has_free_handler()]):
            self._turn += 1
            message, attempt = self._waiting.popleft()
            if message.sequence not in self._acknowledged:
                free[self._turn % len(free)].start(message, attempt)


class ConsumerCopy:
    """One copy of a durable subscription, with its handlers."""

    def __init__(
        self,
        consumer: MemoryConsumer,
        handle: Callable[[Delivery], Awaitable[None]],
        parallel: int,
        ack_wait: float,
        call_later: CallLater,
        *,
        keep_alive: bool,
    ) -> None:
        self._consumer, self._handle, self._parallel = consumer, handle, parallel
        self._ack_wait, self._call_later, self._keep_alive = ack_wait, call_later, keep_alive
        self._running: set[asyncio.Task[None]] = set()

    def has_free_handler(self) -> bool:
        return len(self._running) < self._parallel

    def start(self, message: StoredMessage, attempt: int) -> None:
        """Starts a handler for the message."""
        task = asyncio.create_task(self._work(MemoryDelivery(message, attempt, self._start_ack_timer)))
        self._running.add(task)
        task.add_done_callback(self._on_done)

    def _start_ack_timer(self, delivery: "MemoryDelivery") -> Timer:
        return self._call_later(self._ack_wait, lambda: self._on_ack_timeout(delivery))

    def _on_ack_timeout(self, delivery: "MemoryDelivery") -> None:
        if self._keep_alive:
            delivery.timer = self._start_ack_timer(delivery)
        else:
            self._consumer.offer(delivery.message, delivery.attempt + 1)

    async def _work(self, delivery: "MemoryDelivery") -> None:
        delay: float | None = None
        try:
            await self._handle(delivery)
        except RetryLater as later:
            delay = later.seconds
        except Exception:
            delay = retry_delay_seconds(delivery.attempt)
            LOG.exception("A handler failed on %s; again in %g s", delivery.subject, delay)
        delivery.timer.cancel()
        if delay is None:
            self._consumer.acknowledge(delivery.message)
        else:
            self._call_later(delay, lambda: self._consumer.offer(delivery.message, delivery.attempt + 1))

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._consumer.hand_out()

    async def stop(self) -> None:
        if self in self._consumer.copies:
            self._consumer.copies.remove(self)
        if self._running:
            await asyncio.wait(self._running)


class MemoryDelivery:
    """One attempt at one message; `timer` runs until it counts as lost."""

    def __init__(
        self, message: StoredMessage, attempt: int, start_ack_timer: Callable[["MemoryDelivery"], Timer]
    ) -> None:
        self.message = message
        self.subject, self.body, self.attempt = message.subject, message.body, attempt
        self._start_ack_timer = start_ack_timer
        self.timer = start_ack_timer(self)

    async def in_progress(self) -> None:
        self.timer.cancel()
        self.timer = self._start_ack_timer(self)
