"""The bus in memory, with a clock that a test turns by hand."""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.event import Message
from reyna.ports.bus import Delivery, RetryLater, retry_delay_seconds
from tests.support.collector import Collector


class Entry:
    """A call that waits for its time."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class ManualClock:
    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._entries: list[tuple[float, int, Entry]] = []

    def __call__(self) -> float:
        return self.now

    def later(self, seconds: float, call: Callable[[], None]) -> Entry:
        entry = Entry(call)
        heapq.heappush(self._entries, (self.now + seconds, next(self._order), entry))
        return entry

    def turn(self, seconds: float) -> None:
        self.now += seconds
        while self._entries and self._entries[0][0] <= self.now:
            _, _, entry = heapq.heappop(self._entries)
            if entry.call is not None:
                entry.call()


def a_run(id: str = "run-1") -> Message:
    return Message(id, "reyna.run.text-expansion.user-ana", b"{}")


async def run_pending_tasks() -> None:
    """What is ready to run has run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_broken_work_comes_again_after_1_5_30_and_then_every_120_seconds() -> None:
    clock, attempts = ManualClock(), Collector[tuple[float, int]]()
    bus = MemoryBus(later=clock.later, clock=clock)

    async def breaks(delivery: Delivery) -> None:
        attempts((clock.now, delivery.attempt))
        raise RuntimeError("broken")

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", breaks, ack_wait=600)
    await bus.publish(a_run())
    await run_pending_tasks()
    for _ in range(300):
        clock.turn(1)
        await run_pending_tasks()
    assert attempts.items == [(0, 1), (1, 2), (6, 3), (36, 4), (156, 5), (276, 6)]


def test_the_pauses_grow_and_then_stay() -> None:
    assert [retry_delay_seconds(attempt) for attempt in range(1, 7)] == [1, 5, 30, 120, 120, 120]


async def test_work_that_asks_for_later_comes_exactly_then() -> None:
    clock, attempts = ManualClock(), Collector[float]()
    bus = MemoryBus(later=clock.later, clock=clock)

    async def later(delivery: Delivery) -> None:
        attempts(clock.now)
        if delivery.attempt == 1:
            raise RetryLater(42)

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", later)
    await bus.publish(a_run())
    await run_pending_tasks()
    clock.turn(41)
    await run_pending_tasks()
    assert attempts.items == [0]
    clock.turn(1)
    await run_pending_tasks()
    assert attempts.items == [0, 42]


async def test_work_is_taken_for_lost_after_its_patience_unless_it_reports_progress() -> None:
    clock, attempts, begun = ManualClock(), Collector[int](), Collector[Delivery]()
    release = asyncio.Event()
    bus = MemoryBus(later=clock.later, clock=clock)

    async def hangs(delivery: Delivery) -> None:
        attempts(delivery.attempt)
        begun(delivery)
        await release.wait()

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", hangs, parallel=2, ack_wait=30)
    await bus.publish(a_run())
    first = (await begun.first(1))[0]
    clock.turn(29)
    await first.in_progress()
    clock.turn(29)
    await run_pending_tasks()
    assert attempts.items == [1]
    clock.turn(1)
    await run_pending_tasks()
    assert attempts.items == [1, 2]
    release.set()
    await run_pending_tasks()
    clock.turn(600)
    await run_pending_tasks()
    assert attempts.items == [1, 2]


async def test_a_repeat_is_recognised_for_two_minutes() -> None:
    clock = ManualClock()
    bus = MemoryBus(later=clock.later, clock=clock)
    event = Message("event-1", "reyna.event.user-ana.bucket.created", b"{}")
    await bus.publish(event)
    clock.turn(119)
    await bus.publish(event)
    assert (await bus.position()).last == 1
    clock.turn(1)
    await bus.publish(event)
    assert (await bus.position()).last == 2
