"""The relay of the outbox: hands committed messages to the bus at once, and sweeps up what a crash or outage left."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from reyna.domain.errors import Fault, Unavailable
from reyna.domain.event import Message
from reyna.ports.bus import Bus
from reyna.ports.store import Step, Store
from reyna.storage.decorator import StoreDecorator
from reyna.storage.outbox.event_bundles import is_event
from reyna.storage.outbox.sent_events import SentEvents
from reyna.storage.outbox.sent_marker import SentMarker
from reyna.storage.outbox.stream_search import event_time_of, find_stored
from reyna.storage.outbox.write_order import END_OF_TIME, STALE_AGE, CommittedWrite, WriteOrder

LOG: Final = logging.getLogger(__name__)
SWEEP_PAUSE_SECONDS: Final = 1.0
MAX_SWEEP_PAUSE_SECONDS: Final = 5.0  # while the bus stays away; also the longest delay once it is back
MARK_PAUSE_SECONDS: Final = 0.5  # in which acknowledgements gather before they are marked
COMPARE_INTERVAL_SECONDS: Final = 60.0  # between two comparisons of the sent events with the stream
STOP_TIMEOUT_SECONDS: Final = 5.0
IN_FLIGHT_AGE: Final = timedelta(seconds=2)  # younger messages are most likely being published
MAX_OUTBOX_DELAY: Final = timedelta(seconds=60)  # longer than any message waits while all is well
MAX_CLOCK_SKEW: Final = timedelta(minutes=5)  # between two machines
FULL_SWEEP_INTERVAL: Final = 60  # sweeps; each time young messages are included, which a clock ahead may have written
BATCH_MESSAGES: Final = 500  # read in one statement
MAX_MESSAGES_IN_FLIGHT: Final = 10_000  # beyond it messages stay in the outbox


class Relay(StoreDecorator):
    """A Store decorator: `write` also hands the messages to the bus, without waiting for it.

    Every committed message is published, whatever crashes, and EVENTS holds it once; a repeat of any other message
    carries the same id. With `sent_events`, events that the stream loses later are published again. While the bus is
    up, the messages of one process are published in the order of its writes, and across processes those of a write
    behind all about the records that it rests on (`write_order.py`). After a start or an outage the outbox is emptied,
    in the order of the store, before new messages are handed over directly again.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        *,
        sent_events: SentEvents | None = None,
        sweep: float = SWEEP_PAUSE_SECONDS,
        mark: float = MARK_PAUSE_SECONDS,
        max_in_flight: int = MAX_MESSAGES_IN_FLIGHT,
        clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        """`sweep` and `mark` are the seconds between two sweeps and between two updates of the outbox."""
        super().__init__(store)
        self._bus, self._clock, self._sent_events = bus, clock, sent_events
        self._sweep_pause, self._max_in_flight = sweep, max_in_flight
        self._marker = SentMarker(store, sent_events, pause=mark, retry_pause=sweep)
        self._order = WriteOrder(store, self, clock)
        self._in_flight: dict[str, asyncio.Future[int]] = {}
        self._compared = (0, float("-inf"))  # the connection count and the time of the last comparison
        self._not_stored: dict[str, float] = {}  # message id -> the time when the stream was searched in vain
        self._sweeping = asyncio.Lock()
        self._sweep_count = 0
        self._behind = True  # the outbox may hold older messages: the sweep goes first, so that nothing overtakes them
        self._held_back: list[CommittedWrite] | None = None  # while a sweep ends; None when it will find them
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._sweep_forever(), name="relay sweep"),
            asyncio.create_task(self._marker.run(), name="relay marks"),
        ]

    async def stop(self) -> None:
        """Waits for the messages in flight; those that are not acknowledged in time are left to the next start."""
        sweeper, marker = self._tasks or (None, None)
        await _cancel(sweeper)
        await self._order.finish(STOP_TIMEOUT_SECONDS)
        self._behind = True
        if self._in_flight:
            await asyncio.wait(self._in_flight.values(), timeout=STOP_TIMEOUT_SECONDS)
        await _cancel(marker)
        try:
            await self._marker.mark()
        except Fault as fault:
            LOG.warning("Sent messages could not be marked; they will be sent once more: %s", fault)

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        """Writes as any Store does; returns when it is committed, with the messages handed to the bus."""
        await self._below.write(*steps, messages=messages)
        write = self._order.note(steps, messages)
        if not messages:
            return
        if self._behind:
            self._hold_back(write)
        else:
            self._order.publish(write)

    async def check_outbox(self) -> None:
        """Raises Fault while a message has been waiting for more than a minute."""
        if await self._below.list_unsent(before=self._clock() - MAX_OUTBOX_DELAY, limit=1):
            raise Fault(f"Events have been waiting for NATS for more than {MAX_OUTBOX_DELAY.total_seconds():g} s.")

    # --- publishing ---

    def _hold_back(self, write: CommittedWrite) -> None:
        """Keeps messages for the end of the sweep, so that the next ones cannot overtake them."""
        if self._held_back is None:
            return
        if len(self._held_back) < self._max_in_flight:
            self._held_back.append(write)
        else:
            self._held_back = None

    def _end_holding_back(self) -> list[CommittedWrite] | None:
        """Returns the writes held back, in order; None when there were too many."""
        held_back, self._held_back = self._held_back, None
        return held_back

    def publish(self, message: Message) -> None:
        """Hands a message over that was written here, unless the sweep has to go first."""
        if self._behind:
            self._hold_back(CommittedWrite((message,), True))
        elif len(self._in_flight) >= self._max_in_flight:
            LOG.warning("The bus is slower than the writes; the rest is left to the sweep")
            self._behind = True
        else:
            self._hand_over(message).add_done_callback(self._check_direct_publish)

    def carry(self, message: Message) -> None:
        """Hands a message of another process over, which marks it itself, or leaves it to a sweep."""
        if not self._behind:
            asyncio.ensure_future(self._bus.publish(message)).add_done_callback(self._check_direct_publish)

    def is_under_way(self, id: str) -> bool:
        """Tells whether this process has handed the message over, and has not marked it yet."""
        return id in self._in_flight or id in self._marker.unmarked

    def fall_behind(self) -> None:
        """Leaves all messages to the sweep."""
        self._behind = True

    def _hand_over(self, message: Message) -> asyncio.Future[int]:
        future = asyncio.ensure_future(self._bus.publish(message))
        self._in_flight[message.id] = future
        future.add_done_callback(partial(self._on_published, message))
        return future

    def _on_published(self, message: Message, future: asyncio.Future[int]) -> None:
        self._in_flight.pop(message.id, None)  # a message put back as lost may be handed over twice
        if _error_of(future) is None:
            self._marker.add(message, future.result())

    def _check_direct_publish(self, future: asyncio.Future[int]) -> None:
        error = _error_of(future)
        if error is not None and not self._behind:
            LOG.warning("The bus did not take a message; new ones wait for the sweep", exc_info=error)
            self._behind = True

    # --- sweeping ---

    async def _sweep_forever(self) -> None:
        pause = self._sweep_pause
        while True:
            try:
                await self.sweep()
                await self.compare()
                pause = self._sweep_pause
            except Fault as fault:
                pause = min(2 * pause, MAX_SWEEP_PAUSE_SECONDS)
                level = logging.DEBUG if isinstance(fault, Unavailable) else logging.WARNING
                LOG.log(level, "The outbox is swept again in %g s: %s", pause, fault)
            except Exception:
                pause = min(2 * pause, MAX_SWEEP_PAUSE_SECONDS)
                LOG.exception("A sweep of the outbox failed; again in %g s", pause)
            await asyncio.sleep(pause)

    async def sweep(self) -> int:
        """Publishes what a crash or an outage left in the outbox, oldest first; returns the number of messages.

        Raises Fault.
        """
        async with self._sweeping:
            self._sweep_count += 1
            if self._behind:
                return await self._catch_up()
            full = self._sweep_count % FULL_SWEEP_INTERVAL == 0
            return await self._empty_outbox(None if full else self._clock() - IN_FLIGHT_AGE)

    async def _catch_up(self) -> int:
        """Empties the outbox, and then goes back to handing messages over directly."""
        await self._bus.check()  # one request instead of a batch of messages, as long as the bus is away
        if self._in_flight:
            await asyncio.wait(self._in_flight.values())
        await self._marker.mark()
        await self.compare()  # before a new message gets a sequence that the stream has assigned before
        sent = await self._empty_outbox(None)
        self._held_back = []
        try:
            sent += await self._empty_outbox(None)  # what was committed before new messages were held back
        finally:
            held_back = self._end_holding_back()
        if held_back is None:
            LOG.warning("The writes are faster than the sweep, which goes on")
            return sent
        self._behind = False
        for write in held_back:
            self._order.publish(write)
        return sent

    async def _empty_outbox(self, before: datetime | None) -> int:
        """Publishes the messages that were written before that moment, all of them for None; returns their number."""
        sent, until = 0, None
        while True:
            await self._marker.mark()
            batch = await self._below.list_unsent(before=before or END_OF_TIME, limit=BATCH_MESSAGES)
            # A message may be listed twice: it was still unsent when it was also put back as lost.
            unique = {message.id: message for message in batch}.values()
            unmarked = self._marker.unmarked
            left = [message for message in unique if message.id not in self._in_flight and message.id not in unmarked]
            if left and until is None:  # what is stored behind this position was sent by this very sweep
                until = (await self._bus.position()).last
            new = await self._without_stored(left, until or 0)
            done = await self._publish_all(new) + len(left) - len(new)
            sent += done
            if len(batch) < BATCH_MESSAGES or not done:
                return sent

    async def compare(self) -> None:
        """Puts events that the stream has lost back into the outbox: after every connection, and once a minute."""
        if self._sent_events is None:
            return
        now, connection = asyncio.get_running_loop().time(), self._bus.connection_count
        if self._compared[0] == connection and now < self._compared[1] + COMPARE_INTERVAL_SECONDS:
            return
        try:
            await self._sent_events.restore()
            while await self._sent_events.delete_expired():
                pass
        except Fault:
            raise
        except Exception:  # must not hold up new messages
            LOG.exception("The sent events could not be compared with the stream")
        self._compared = (connection, now)

    async def _without_stored(self, messages: Sequence[Message], until: int) -> Sequence[Message]:
        """Returns the messages that the stream does not have.

        The stream recognises a repeat for two minutes only, so older messages, which may have been acknowledged before
        a crash, are searched in it.
        """
        now = asyncio.get_running_loop().time()
        self._not_stored = {id: at for id, at in self._not_stored.items() if now < at + STALE_AGE.total_seconds()}
        events = {
            message.id: message for message in messages if is_event(message) and message.id not in self._not_stored
        }
        if not events:
            return messages
        stale = await self._below.list_unsent(before=self._clock() - STALE_AGE, limit=BATCH_MESSAGES)
        older = [events[message.id] for message in stale if message.id in events]
        if not older:
            return messages
        self._not_stored |= dict.fromkeys((message.id for message in older), now)
        since = min(map(event_time_of, older)) - MAX_CLOCK_SKEW
        stored = await find_stored(self._bus, older, since=since, until=until)
        for event in stored:
            self._marker.add(event.message, event.sequence)
        stored_ids = {event.message.id for event in stored}
        return [message for message in messages if message.id not in stored_ids]

    async def _publish_all(self, messages: Sequence[Message]) -> int:
        """Publishes the messages; returns the number of those that the bus took."""
        futures = [self._hand_over(message) for message in messages]
        if not futures:
            return 0
        await asyncio.wait(futures)
        pairs = zip(messages, futures, strict=True)
        failed = [(message.id, error) for message, future in pairs if (error := _error_of(future)) is not None]
        if failed:
            try:
                await self._bus.check()
            except Fault:
                self._behind = True
                raise
            # The bus is up, so it refuses these very messages: they must not hold up the others.
            first_id, error = failed[0]
            LOG.error("The bus refuses %d messages, the first is %s", len(failed), first_id, exc_info=error)
        return len(messages) - len(failed)


def _error_of(future: asyncio.Future[int]) -> BaseException | None:
    return asyncio.CancelledError() if future.cancelled() else future.exception()


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
