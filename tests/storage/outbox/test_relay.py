"""Committed messages reach the bus: at once, in order, and also after a crash or an outage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.nats.bus import NatsBus
from reyna.domain.errors import Fault
from reyna.domain.event import Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.ports.bus import Bus, ReceivedMessage
from reyna.ports.store import Store
from reyna.storage.outbox.relay import FULL_SWEEP_INTERVAL, Relay
from tests.support.collector import Collector

_numbers = count(1)
FAR_FUTURE = datetime(2999, 1, 1, tzinfo=UTC)


class Outbox(MemoryStore):
    """A store that tells what was marked as sent, and can be kept busy after each look at what was not."""

    def __init__(self) -> None:
        super().__init__([])
        self.marked = Collector[str]()
        self.after_a_look: Callable[[], Awaitable[None]] | None = None
        self.times = 1  # that it holds each message: PostgreSQL keeps what was put back beside what was still there

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        unsent = await super().list_unsent(before=before, limit=limit, under=under)
        found = [one for one in unsent for _ in range(self.times)]
        if self.after_a_look is not None:
            await self.after_a_look()
        return found

    async def mark_sent(self, ids: Sequence[str]) -> None:
        await super().mark_sent(ids)
        for id in ids:
            self.marked(id)


class FaultyBus(MemoryBus):
    """A bus that can be away, dislike one subject, or keep everybody waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.refused_subject = ""
        self.pending_answer: asyncio.Future[int] | None = None
        self.asked: list[str] = []

    def publish(self, message: Message) -> Awaitable[int]:
        self.asked.append(message.id)
        if self.pending_answer is not None:
            return asyncio.shield(self.pending_answer)
        if self.away or message.subject == self.refused_subject:
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(Fault("no"))
            return refused
        return super().publish(message)

    async def check(self) -> None:
        if self.away:
            raise Fault("away")


@pytest.fixture
def store() -> Outbox:
    return Outbox()


@pytest.fixture
def faulty_bus() -> FaultyBus:
    return FaultyBus()


@pytest.fixture
async def relay(store: Outbox, faulty_bus: FaultyBus) -> AsyncIterator[Relay]:
    """A relay that is up to date, and sweeps only when it is told to."""
    relay = Relay(store, faulty_bus, sweep=3600, mark=0)
    await relay.start()
    await relay.sweep()
    yield relay
    faulty_bus.away = False
    await relay.stop()


def as_store(relay: Relay) -> Store:
    """Services take a relay where they want a store; the type checker holds us to it."""
    return relay


def messages(many: int, user: str = "user-ana") -> list[Message]:
    return [
        Message(f"event-{n:06}", f"reyna.event.{user}.blob.created.text-input-v1", str(n).encode())
        for n in (next(_numbers) for _ in range(many))
    ]


async def bodies_of(bus: Bus) -> list[bytes]:
    position = await bus.position()
    return [one.body async for one in bus.replay("reyna.event.>", after=0, until=position.last)]


def bodies(written: Sequence[Message]) -> list[bytes]:
    return [message.body for message in written]


async def test_what_is_written_is_published_at_once_and_marked_sent(
    relay: Relay, store: Outbox, faulty_bus: FaultyBus
) -> None:
    written = messages(3)
    await relay.write(messages=written)
    assert await bodies_of(faulty_bus) == bodies(written)
    assert await store.marked.first(3) == [message.id for message in written]


async def test_what_was_left_behind_is_carried_at_once_by_a_clock_that_was_set_back(
    store: Outbox, faulty_bus: FaultyBus
) -> None:
    left = messages(3)
    await store.write(messages=left)
    relay = Relay(store, faulty_bus, sweep=3600, mark=0, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    await relay.start()
    await relay.sweep()
    assert await bodies_of(faulty_bus) == bodies(left)
    others = messages(1)
    await store.write(messages=others)  # as another copy does, which is killed then
    for _ in range(FULL_SWEEP_INTERVAL):
        await relay.sweep()
    assert await bodies_of(faulty_bus) == bodies(left + others)
    await relay.stop()


async def test_a_thousand_writes_keep_their_order(copies: tuple[Bus, Bus], store: Outbox) -> None:
    bus, other = copies
    relay = Relay(store, bus, mark=0)
    await relay.start()
    await relay.sweep()
    heard = Collector[ReceivedMessage]()
    await other.listen("reyna.live.user-ana.>", heard)
    written = messages(1000)
    for message in written:
        await relay.write(messages=[message])
    assert bodies(written) == [one.body for one in await heard.first(1000)]
    await relay.stop()
    assert sorted(store.marked.items) == [message.id for message in written]


async def test_the_writer_does_not_wait_for_the_bus(relay: Relay, store: Outbox, faulty_bus: FaultyBus) -> None:
    faulty_bus.pending_answer = asyncio.get_running_loop().create_future()
    written = messages(2)
    await relay.write(messages=written)
    assert faulty_bus.asked == [message.id for message in written]
    assert store.marked.items == []
    faulty_bus.pending_answer.set_result(1)
    await store.marked.first(2)


async def test_what_a_crash_left_behind_is_published_by_the_next_start(store: Outbox, faulty_bus: FaultyBus) -> None:
    left, new = messages(600), messages(1)
    await store.write(messages=left)  # committed, and then the process died
    relay = Relay(store, faulty_bus, sweep=3600, mark=0)
    await relay.write(messages=new)
    assert faulty_bus.asked == []  # what is older goes first
    await relay.start()
    await store.marked.first(601)
    assert await bodies_of(faulty_bus) == bodies(left + new)
    await relay.stop()


async def test_what_is_in_the_outbox_twice_is_published_once(
    store: Outbox, faulty_bus: FaultyBus, caplog: pytest.LogCaptureFixture
) -> None:
    sent = messages(3)
    await store.write(messages=sent)
    store.times = 2
    relay = Relay(store, faulty_bus)
    assert await relay.sweep() == 3
    await relay.stop()
    assert faulty_bus.asked == [message.id for message in sent]
    assert await store.list_unsent(before=FAR_FUTURE, limit=10) == []
    assert not caplog.records


async def test_what_the_bus_did_not_take_is_published_when_it_is_back(
    relay: Relay, store: Outbox, faulty_bus: FaultyBus
) -> None:
    faulty_bus.away = True
    written = [message for _ in range(5) for message in messages(2)]
    for number in range(0, 10, 2):
        await relay.write(messages=written[number : number + 2])
    await asyncio.sleep(0)  # the refusal is heard
    with pytest.raises(Fault):
        await relay.sweep()
    assert await bodies_of(faulty_bus) == []
    faulty_bus.away = False
    assert await relay.sweep() == 10
    assert await bodies_of(faulty_bus) == bodies(written)


async def test_nothing_overtakes_what_was_left_behind(relay: Relay, store: Outbox, faulty_bus: FaultyBus) -> None:
    first, second, third = messages(1), messages(1), messages(1)
    faulty_bus.away = True
    await relay.write(messages=first)
    await asyncio.sleep(0)  # the refusal is heard
    faulty_bus.away = False
    await relay.write(messages=second)
    await relay.sweep()
    await relay.write(messages=third)
    await store.marked.first(3)
    assert await bodies_of(faulty_bus) == bodies(first + second + third)


async def test_nothing_overtakes_what_is_written_while_the_sweep_ends(store: Outbox, faulty_bus: FaultyBus) -> None:
    first, second, third = messages(1), messages(1), messages(1)
    relay = Relay(store, faulty_bus, sweep=3600, mark=0)
    await store.write(messages=first)
    looks = count()

    async def write_between(look: int) -> None:
        if look == 0:  # what was left behind is known, and not sent yet
            await relay.write(messages=second)
        elif look == 1:
            await relay.write(messages=third)

    store.after_a_look = lambda: write_between(next(looks))
    await relay.sweep()
    assert await bodies_of(faulty_bus) == bodies(first + second + third)


async def test_an_outage_is_not_flooded(relay: Relay, faulty_bus: FaultyBus) -> None:
    faulty_bus.away = True
    await relay.write(messages=messages(1))
    await asyncio.sleep(0)  # the refusal is heard
    asked = len(faulty_bus.asked)
    for _ in range(5):
        await relay.write(messages=messages(100))
        with pytest.raises(Fault):
            await relay.sweep()
    assert len(faulty_bus.asked) == asked


async def test_memory_stays_bounded_when_the_bus_does_not_answer(store: Outbox, faulty_bus: FaultyBus) -> None:
    relay = Relay(store, faulty_bus, sweep=3600, mark=0, max_in_flight=10)
    await relay.start()
    await relay.sweep()
    faulty_bus.pending_answer = asyncio.get_running_loop().create_future()
    written = messages(100)
    await relay.write(messages=written)
    assert len(faulty_bus.asked) == 10
    waiting, faulty_bus.pending_answer = faulty_bus.pending_answer, None
    waiting.set_exception(Fault("gave up"))
    await relay.sweep()
    assert await bodies_of(faulty_bus) == bodies(written)
    await relay.stop()


async def test_a_message_the_bus_never_takes_does_not_hold_up_the_others(
    relay: Relay, store: Outbox, faulty_bus: FaultyBus
) -> None:
    bad, good = messages(1, "user-bo"), messages(3)
    faulty_bus.refused_subject = bad[0].subject
    await relay.write(messages=bad)
    await relay.write(messages=good[:1])
    await relay.sweep()
    await relay.write(messages=good[1:])
    await store.marked.first(3)
    assert await bodies_of(faulty_bus) == bodies(good)
    assert [message.id for message in await store.list_unsent(before=FAR_FUTURE, limit=10)] == [bad[0].id]


async def test_stopping_waits_for_what_is_under_way(store: Outbox, faulty_bus: FaultyBus) -> None:
    relay = Relay(store, faulty_bus, sweep=3600, mark=3600)
    await relay.start()
    await relay.sweep()
    faulty_bus.pending_answer = asyncio.get_running_loop().create_future()
    written = messages(2)
    await relay.write(messages=written)
    stopping = asyncio.create_task(relay.stop())
    faulty_bus.pending_answer.set_result(1)
    await stopping
    assert store.marked.items == [message.id for message in written]


async def test_a_store_that_cannot_mark_gets_a_repeat_with_the_same_ids(copies: tuple[Bus, Bus], store: Outbox) -> None:
    bus = copies[0]
    written = messages(20)
    await store.write(messages=written)
    for _ in range(2):  # two processes, or one that died before it could mark
        for message in await store.list_unsent(before=FAR_FUTURE, limit=100):
            await bus.publish(message)
    relay = Relay(store, bus, mark=0)
    await relay.sweep()
    assert await bodies_of(bus) == bodies(written)


async def test_an_outage_of_the_real_server_only_delays(tmp_path: Path, store: Outbox) -> None:
    server = Nats(Home(tmp_path / "home"))
    await server.start()
    bus = await NatsBus.connect(server.url, name="relay", ack_timeout=0.5)
    await bus.provision()
    relay = Relay(store, bus, sweep=0.1, mark=0)
    await relay.start()
    await relay.sweep()
    before, during, after = messages(50), messages(700), messages(50)
    await relay.write(messages=before)
    await store.marked.first(50)
    await server.stop()
    for message in during:
        await relay.write(messages=[message])
    with pytest.raises(Fault):
        await bus.check()
    await server.start()
    await store.marked.first(750)
    await relay.write(messages=after)
    await store.marked.first(800)
    assert await bodies_of(bus) == bodies(before + during + after)
    await relay.stop()
    await bus.close()
    await server.stop()


async def test_it_says_when_what_was_acknowledged_is_not_told(store: Outbox, faulty_bus: FaultyBus) -> None:
    now = datetime.now(UTC)
    relay = Relay(store, faulty_bus, clock=lambda: now)
    await store.write(messages=messages(1))
    await relay.check_outbox()
    now += timedelta(seconds=62)
    with pytest.raises(Fault, match="waiting for NATS"):
        await relay.check_outbox()
