"""What was committed reaches the bus: at once, in order, and also after a crash or an outage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.adapters.memory_bus import MemoryBus
from reyna.adapters.nats import NatsBus
from reyna.domain.errors import Fault
from reyna.domain.event import Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.ports import Bus, Heard, Store
from reyna.relay import Relay
from tests.collected import Collected

_numbers = count(1)
FAR = datetime(2999, 1, 1, tzinfo=UTC)


class Outbox(MemoryStore):
    """A store that tells what was marked as sent, and can be kept busy after each look at what was not."""

    def __init__(self) -> None:
        super().__init__([])
        self.marked = Collected[str]()
        self.after_a_look: Callable[[], Awaitable[None]] | None = None

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        found = await super().unsent(before=before, limit=limit)
        if self.after_a_look is not None:
            await self.after_a_look()
        return found

    async def mark_sent(self, ids: Sequence[str]) -> None:
        await super().mark_sent(ids)
        for id in ids:
            self.marked(id)


class MoodyBus(MemoryBus):
    """A bus that can be away, dislike one subject, or keep everybody waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.dislikes = ""
        self.keeps_waiting: asyncio.Future[None] | None = None
        self.asked: list[str] = []

    def publish(self, message: Message) -> Awaitable[None]:
        self.asked.append(message.id)
        if self.keeps_waiting is not None:
            return asyncio.shield(self.keeps_waiting)
        if self.away or message.subject == self.dislikes:
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
def moody() -> MoodyBus:
    return MoodyBus()


@pytest.fixture
async def relay(store: Outbox, moody: MoodyBus) -> AsyncIterator[Relay]:
    """A relay that is up to date, and sweeps only when it is told to."""
    relay = Relay(store, moody, sweep=3600, mark=0)
    await relay.start()
    await relay.sweep()
    yield relay
    moody.away = False
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
    relay: Relay, store: Outbox, moody: MoodyBus
) -> None:
    written = messages(3)
    await relay.write(messages=written)
    assert await bodies_of(moody) == bodies(written)
    assert await store.marked.first(3) == [message.id for message in written]


async def test_a_thousand_writes_keep_their_order(copies: tuple[Bus, Bus], store: Outbox) -> None:
    bus, other = copies
    relay = Relay(store, bus, mark=0)
    await relay.start()
    await relay.sweep()
    heard = Collected[Heard]()
    await other.listen("reyna.live.user-ana.>", heard)
    written = messages(1000)
    for message in written:
        await relay.write(messages=[message])
    assert bodies(written) == [one.body for one in await heard.first(1000)]
    await relay.stop()
    assert sorted(store.marked.items) == [message.id for message in written]


async def test_the_writer_does_not_wait_for_the_bus(relay: Relay, store: Outbox, moody: MoodyBus) -> None:
    moody.keeps_waiting = asyncio.get_running_loop().create_future()
    written = messages(2)
    await relay.write(messages=written)
    assert moody.asked == [message.id for message in written]
    assert store.marked.items == []
    moody.keeps_waiting.set_result(None)
    await store.marked.first(2)


async def test_what_a_crash_left_behind_is_published_by_the_next_start(store: Outbox, moody: MoodyBus) -> None:
    left, new = messages(600), messages(1)
    await store.write(messages=left)  # committed, and then the process died
    relay = Relay(store, moody, sweep=3600, mark=0)
    await relay.write(messages=new)
    assert moody.asked == []  # what is older goes first
    await relay.start()
    await store.marked.first(601)
    assert await bodies_of(moody) == bodies(left + new)
    await relay.stop()


async def test_what_the_bus_did_not_take_is_published_when_it_is_back(
    relay: Relay, store: Outbox, moody: MoodyBus
) -> None:
    moody.away = True
    written = [message for _ in range(5) for message in messages(2)]
    for number in range(0, 10, 2):
        await relay.write(messages=written[number : number + 2])
    await asyncio.sleep(0)  # the refusal is heard
    with pytest.raises(Fault):
        await relay.sweep()
    assert await bodies_of(moody) == []
    moody.away = False
    assert await relay.sweep() == 10
    assert await bodies_of(moody) == bodies(written)


async def test_nothing_overtakes_what_was_left_behind(relay: Relay, store: Outbox, moody: MoodyBus) -> None:
    first, second, third = messages(1), messages(1), messages(1)
    moody.away = True
    await relay.write(messages=first)
    await asyncio.sleep(0)  # the refusal is heard
    moody.away = False
    await relay.write(messages=second)
    await relay.sweep()
    await relay.write(messages=third)
    await store.marked.first(3)
    assert await bodies_of(moody) == bodies(first + second + third)


async def test_nothing_overtakes_what_is_written_while_the_sweep_ends(store: Outbox, moody: MoodyBus) -> None:
    first, second, third = messages(1), messages(1), messages(1)
    relay = Relay(store, moody, sweep=3600, mark=0)
    await store.write(messages=first)
    looks = count()

    async def write_between(look: int) -> None:
        if look == 0:  # what was left behind is known, and not sent yet
            await relay.write(messages=second)
        elif look == 1:
            await relay.write(messages=third)

    store.after_a_look = lambda: write_between(next(looks))
    await relay.sweep()
    assert await bodies_of(moody) == bodies(first + second + third)


async def test_an_outage_is_not_flooded(relay: Relay, moody: MoodyBus) -> None:
    moody.away = True
    await relay.write(messages=messages(1))
    await asyncio.sleep(0)  # the refusal is heard
    asked = len(moody.asked)
    for _ in range(5):
        await relay.write(messages=messages(100))
        with pytest.raises(Fault):
            await relay.sweep()
    assert len(moody.asked) == asked


async def test_memory_stays_bounded_when_the_bus_does_not_answer(store: Outbox, moody: MoodyBus) -> None:
    relay = Relay(store, moody, sweep=3600, mark=0, most_under_way=10)
    await relay.start()
    await relay.sweep()
    moody.keeps_waiting = asyncio.get_running_loop().create_future()
    written = messages(100)
    await relay.write(messages=written)
    assert len(moody.asked) == 10
    waiting, moody.keeps_waiting = moody.keeps_waiting, None
    waiting.set_exception(Fault("gave up"))
    await relay.sweep()
    assert await bodies_of(moody) == bodies(written)
    await relay.stop()


async def test_a_message_the_bus_never_takes_does_not_hold_up_the_others(
    relay: Relay, store: Outbox, moody: MoodyBus
) -> None:
    bad, good = messages(1, "user-bo"), messages(3)
    moody.dislikes = bad[0].subject
    await relay.write(messages=bad)
    await relay.write(messages=good[:1])
    await relay.sweep()
    await relay.write(messages=good[1:])
    await store.marked.first(3)
    assert await bodies_of(moody) == bodies(good)
    assert [message.id for message in await store.unsent(before=FAR, limit=10)] == [bad[0].id]


async def test_stopping_waits_for_what_is_under_way(store: Outbox, moody: MoodyBus) -> None:
    relay = Relay(store, moody, sweep=3600, mark=3600)
    await relay.start()
    await relay.sweep()
    moody.keeps_waiting = asyncio.get_running_loop().create_future()
    written = messages(2)
    await relay.write(messages=written)
    stopping = asyncio.create_task(relay.stop())
    moody.keeps_waiting.set_result(None)
    await stopping
    assert store.marked.items == [message.id for message in written]


async def test_a_store_that_cannot_mark_gets_a_repeat_with_the_same_ids(copies: tuple[Bus, Bus], store: Outbox) -> None:
    bus = copies[0]
    written = messages(20)
    await store.write(messages=written)
    for _ in range(2):  # two processes, or one that died before it could mark
        for message in await store.unsent(before=FAR, limit=100):
            await bus.publish(message)
    relay = Relay(store, bus, mark=0)
    await relay.sweep()
    assert await bodies_of(bus) == bodies(written)


async def test_an_outage_of_the_real_server_only_delays(tmp_path: Path, store: Outbox) -> None:
    server = Nats(Home(tmp_path / "home"))
    await server.start()
    bus = await NatsBus.connect(server.url, name="relay", ack_patience=0.5)
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
