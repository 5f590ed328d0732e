"""Carries what was written from the store to the bus: at once, and again when a crash or an outage left it behind."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

from reyna.domain.errors import Fault
from reyna.domain.event import Message
from reyna.over import Over
from reyna.ports import Bus, Step, Store

LOG: Final = logging.getLogger(__name__)
SWEEP: Final = 1.0  # seconds between two looks at what was left behind
LONGEST_PAUSE: Final = (
    5.0  # seconds between two looks while the bus stays away; it is also the longest delay once it is back
)
SETTLED: Final = timedelta(seconds=2)  # younger messages are most likely on their way already
MARK: Final = 0.5  # seconds in which acknowledgements gather before they are marked; a crash sends them once more
BATCH: Final = 500  # messages read or marked in one statement
MOST_UNDER_WAY: Final = 10_000  # messages held in memory; beyond it they stay in the outbox
PARTING: Final = 5.0  # seconds that `stop` waits for what is under way


class Relay(Over):
    """A Store whose `write` also hands the messages to the bus, without waiting for it.

    Promises: every message that was committed is published at least once, whatever crashes, and a repeat carries the
    same id. While the bus is up, the messages of one process are published in the order of its writes. After a start
    or an outage the outbox is emptied, in the order of the store, before new messages are handed over directly again.
    Nothing is promised about the order between two processes.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        *,
        sweep: float = SWEEP,
        mark: float = MARK,
        most_under_way: int = MOST_UNDER_WAY,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        super().__init__(store)
        self._bus, self._clock = bus, clock
        self._sweep_pause, self._mark_pause, self._most = sweep, mark, most_under_way
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._acknowledged: dict[str, None] = {}  # in this order; not yet marked in the store
        self._to_mark = asyncio.Event()
        self._marking = asyncio.Lock()
        self._sweeping = asyncio.Lock()
        self._behind = True  # something may be left in the outbox: the sweep goes first, so that nothing overtakes it
        self._waiting: list[Message] | None = None  # written while the last of what was left behind is carried
        self._sweeper: asyncio.Task[None] | None = None
        self._marker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep_on(), name="relay sweep")
        self._marker = asyncio.create_task(self._mark_on(), name="relay marks")

    async def stop(self) -> None:
        """Waits a while for what is under way; what is not acknowledged by then is found by the next start."""
        await _ended(self._sweeper)
        self._behind = True
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=PARTING)
        await _ended(self._marker)
        try:
            await self._mark()
        except Fault as fault:
            LOG.warning("Sent messages could not be marked; they will be sent once more: %s", fault)

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        """As of a Store; returns when it is committed, with the messages on their way."""
        await self._below.write(*steps, messages=messages)
        for message in messages:
            if self._behind:
                self._leave(message)
            elif len(self._under_way) >= self._most:
                LOG.warning("The bus is slower than the writes; the rest is left to the sweep")
                self._behind = True
            else:
                self._hand_over(message).add_done_callback(self._check_directly_sent)

    def _waited(self) -> list[Message] | None:
        """What waited in memory, in order; None when that was too much."""
        waiting, self._waiting = self._waiting, None
        return waiting

    def _leave(self, message: Message) -> None:
        """To the sweep; where that is about to end, in memory, so that the next message cannot overtake it."""
        if self._waiting is None:
            return
        if len(self._waiting) < self._most:
            self._waiting.append(message)
        else:
            self._waiting = None

    def _hand_over(self, message: Message) -> asyncio.Future[None]:
        future = asyncio.ensure_future(self._bus.publish(message))
        self._under_way[message.id] = future
        future.add_done_callback(partial(self._answered, message.id))
        return future

    def _answered(self, id: str, future: asyncio.Future[None]) -> None:
        del self._under_way[id]
        if _error(future) is None:
            self._acknowledged[id] = None
            self._to_mark.set()

    def _check_directly_sent(self, future: asyncio.Future[None]) -> None:
        error = _error(future)
        if error is not None and not self._behind:
            LOG.warning("The bus did not take a message; new ones wait for the sweep", exc_info=error)
            self._behind = True

    # --- marking ---

    async def _mark_on(self) -> None:
        while True:
            await self._to_mark.wait()
            await asyncio.sleep(self._mark_pause)
            try:
                await self._mark()
            except Exception as error:
                LOG.warning("Sent messages could not be marked yet", exc_info=error)
                await asyncio.sleep(self._sweep_pause)

    async def _mark(self) -> None:
        async with self._marking:
            while self._acknowledged:
                ids = [*islice(self._acknowledged, BATCH)]
                await self._below.mark_sent(ids)
                for id in ids:
                    del self._acknowledged[id]
            self._to_mark.clear()

    # --- what was left behind ---

    async def _sweep_on(self) -> None:
        pause = self._sweep_pause
        while True:
            try:
                await self.sweep()
                pause = self._sweep_pause
            except Fault as fault:
                pause = min(2 * pause, LONGEST_PAUSE)
                LOG.warning("What was left behind waits %g s more: %s", pause, fault)
            except Exception:
                pause = min(2 * pause, LONGEST_PAUSE)
                LOG.exception("The sweep broke; again in %g s", pause)
            await asyncio.sleep(pause)

    async def sweep(self) -> int:
        """Publish what a crash or an outage left in the outbox, oldest first; how many were sent. Raises Fault."""
        async with self._sweeping:
            if not self._behind:
                return await self._empty(self._clock() - SETTLED)
            await self._bus.check()  # one question instead of a batch of messages, as long as the bus is away
            if self._under_way:
                await asyncio.wait(self._under_way.values())
            sent = await self._empty(None)
            self._waiting = []
            try:
                sent += await self._empty(None)  # what was committed before new messages began to wait
            finally:
                waiting = self._waited()
            if waiting is None:
                LOG.warning("The writes are faster than the sweep, which goes on")
                return sent
            self._behind = False
            for message in waiting:
                self._hand_over(message).add_done_callback(self._check_directly_sent)
            return sent

    async def _empty(self, before: datetime | None) -> int:
        """Publish what was written before that moment; None for everything."""
        sent = 0
        while True:
            await self._mark()
            found = await self._below.unsent(before=before or self._clock() + SETTLED, limit=BATCH)
            left = [m for m in found if m.id not in self._under_way and m.id not in self._acknowledged]
            done = await self._send(left)
            sent += done
            if len(found) < BATCH or not done:
                return sent

    async def _send(self, messages: Sequence[Message]) -> int:
        futures = [self._hand_over(message) for message in messages]
        if not futures:
            return 0
        await asyncio.wait(futures)
        failed = [(m.id, error) for m, f in zip(messages, futures, strict=True) if (error := _error(f)) is not None]
        if failed:
            try:
                await self._bus.check()
            except Fault:
                self._behind = True
                raise
            # The bus is there: it is these messages that it does not take, and they must not hold up the others.
            LOG.error(
                "The bus does not take %d messages, the first is %s", len(failed), failed[0][0], exc_info=failed[0][1]
            )
        return len(messages) - len(failed)


def _error(future: asyncio.Future[None]) -> BaseException | None:
    return asyncio.CancelledError() if future.cancelled() else future.exception()


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
