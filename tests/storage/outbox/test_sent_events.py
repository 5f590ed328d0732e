"""Events that JetStream has acknowledged and then lost are sent again, and no others."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.nats.bus import NatsBus
from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.event import DECODER, Event, Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.ports.bus import StreamPosition
from reyna.storage.outbox.event_bundles import sent_events_collection
from reyna.storage.outbox.relay import Relay
from reyna.storage.outbox.sent_events import SentEvents
from tests.adapters.nats.test_outage import kill_server
from tests.support.collector import Collector

SENT = sent_events_collection("state")
MONTH = timedelta(days=30)
ANA, BO = Caller(user_id="user-ana"), Caller(user_id="user-bo")
BLOCK_BYTES = 8 * 1024 * 1024  # bytes of a file of JetStream
TIMEOUT_SECONDS = 60.0  # seconds before a test gives up


class MarkRecordingStore(MemoryStore):
    """Tells what was marked as sent."""

    def __init__(self) -> None:
        super().__init__([SENT])
        self.marked = Collector[str]()

    async def mark_sent(self, ids: Sequence[str]) -> None:
        await super().mark_sent(ids)
        for id in ids:
            self.marked(id)


class Studio:
    """A store that outlives its nats-server, with the bus and the relay between them."""

    def __init__(self, home: Path) -> None:
        self.store = MarkRecordingStore()
        self.server = Nats(Home(home))
        self.written: list[str] = []
        self._home = home

    async def start(self) -> None:
        await self.server.start()
        self.bus = await NatsBus.connect(self.server.url, name="test")
        await self.bus.provision()
        self.sent_events = SentEvents(self.store, self.bus, SENT, retention=MONTH)
        self.relay = Relay(self.store, self.bus, sent_events=self.sent_events, sweep=0.1, mark=0)
        await self.relay.start()
        await self.relay.sweep()

    async def stop(self, end: Callable[[Nats], None] | None = None) -> None:
        await self.relay.stop()
        await self.bus.close()
        if end:
            end(self.server)
        await self.server.stop()

    async def write(self, many: int, size: int = 0, caller: Caller = ANA) -> list[Message]:
        """Returns when they are acknowledged and marked."""
        messages = [an_event(caller, size) for _ in range(many)]
        await self.relay.write(messages=messages)
        self.written += [message.id for message in messages]
        await self.store.marked.first(len(self.written))
        return messages

    async def stored_ids(self, after: int = 0) -> list[str]:
        """The ids of the events that EVENTS holds."""
        stored = self.bus.replay("reyna.event.>", after=after, until=(await self.position()).last)
        return [DECODER.decode(heard.body).id async for heard in stored]

    async def position(self) -> StreamPosition:
        return await self.bus.position()

    def blocks(self) -> list[Path]:
        found = self._home.glob("nats/jetstream/*/streams/EVENTS/msgs/*.blk")
        return sorted(found, key=lambda path: int(path.stem))


def an_event(caller: Caller = ANA, size: int = 0) -> Message:
    return Event.now("blob.created.text-input-v1", caller, {"pad": "x" * size}).message()


def truncate_file(file: Path, size: int) -> None:
    os.truncate(file, max(0, file.stat().st_size - size))


def damage_file(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xff" * 4096)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    studio = Studio(tmp_path / "home")
    await studio.start()
    yield studio
    await studio.stop()


@pytest.mark.parametrize(
    ("size", "end"), [(1, kill_server), (20_000, kill_server), (20_000, None), (BLOCK_BYTES, kill_server)]
)
async def test_an_end_that_was_cut_off_is_sent_again(
    studio: Studio, size: int, end: Callable[[Nats], None] | None
) -> None:
    for caller in (ANA, BO, ANA):
        await studio.write(100, caller=caller)
    before = await studio.position()
    await studio.stop(end)
    truncate_file(studio.blocks()[-1], size)
    await studio.start()
    assert sorted(await studio.stored_ids()) == sorted(studio.written)
    after = await studio.position()
    assert after.epoch != before.epoch or after.last > before.last  # no cursor of before stands for something else


async def test_what_was_cut_off_is_sent_again_although_others_took_its_places(studio: Studio) -> None:
    await studio.write(300)
    before = await studio.position()
    await studio.stop(kill_server)
    truncate_file(studio.blocks()[-1], 20_000)
    await studio.server.start()
    bus = await NatsBus.connect(studio.server.url, name="another service")
    others = [an_event(BO) for _ in range(300)]
    for message in others:
        await bus.publish(message)
    await bus.close()
    await studio.server.stop()
    await studio.start()
    assert sorted(await studio.stored_ids()) == sorted(studio.written + [message.id for message in others])
    assert (await studio.position()).epoch != before.epoch


@pytest.mark.parametrize(("which", "end"), [(0, kill_server), (1, None)])
async def test_what_a_damaged_block_held_is_sent_again(
    studio: Studio, which: int, end: Callable[[Nats], None] | None
) -> None:
    for _ in range(5):
        await studio.write(4, 1_000_000)
    await studio.stop(end)
    damage_file(studio.blocks()[which])
    await studio.start()
    assert sorted(await studio.stored_ids()) == sorted(studio.written)
    assert await studio.sent_events.count_lost() == 0
    assert await studio.sent_events.restore() == 0


async def test_a_stream_that_is_made_anew_gets_all_that_is_kept(studio: Studio) -> None:
    await studio.write(300)
    before = await studio.position()
    await studio.bus.call_jetstream("STREAM.DELETE.EVENTS")
    await studio.stop()
    await studio.start()
    assert sorted(await studio.stored_ids()) == sorted(studio.written)
    assert (await studio.position()).epoch != before.epoch


async def test_nothing_is_sent_twice_and_no_cursor_is_lost_where_nothing_was(studio: Studio) -> None:
    await studio.write(300)
    before = await studio.position()
    await studio.stop(kill_server)
    await studio.start()
    assert await studio.stored_ids() == studio.written
    assert await studio.position() == before


async def test_a_server_that_comes_back_with_less_is_noticed_at_once(studio: Studio) -> None:
    await studio.write(300)
    kill_server(studio.server)
    await studio.server.stop()
    truncate_file(studio.blocks()[-1], 20_000)
    await studio.server.start()
    await studio.bus.wait_until_connected()
    await studio.write(1)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while len(await studio.stored_ids()) < len(studio.written):
            await studio.relay.sweep()
    assert sorted(await studio.stored_ids()) == sorted(studio.written)


async def test_what_the_stream_has_is_not_sent_again_after_the_dedupe_window(studio: Studio) -> None:
    """Acknowledged, and not marked because of a crash; the window is forgotten with the time that has passed."""
    messages = [an_event() for _ in range(100)]
    await studio.store.write(messages=messages)
    for message in messages[:60]:
        await studio.bus.publish(message)
    config = (await studio.bus.call_jetstream("STREAM.INFO.EVENTS"))["config"]
    await studio.bus.call_jetstream("STREAM.UPDATE.EVENTS", config | {"duplicate_window": 100_000_000})
    await studio.stop()
    later = datetime.now(UTC) + timedelta(minutes=5)
    await studio.server.start()
    bus = await NatsBus.connect(studio.server.url, name="test")
    relay = Relay(studio.store, bus, clock=lambda: later, sweep=3600, mark=0)
    await relay.sweep()
    stored = bus.replay("reyna.event.>", after=0, until=(await bus.position()).last)
    assert [DECODER.decode(heard.body).id async for heard in stored] == [message.id for message in messages]
    await bus.close()
    await studio.server.stop()
    await studio.start()


async def test_what_is_older_than_the_stream_keeps_is_forgotten(studio: Studio) -> None:
    await studio.write(3)
    await studio.stop()
    await studio.start()
    assert await studio.store.count(SENT, SYSTEM_USER_ID) > 0
    later = datetime.now(UTC) + MONTH + timedelta(seconds=1)
    sent_events = SentEvents(studio.store, studio.bus, SENT, retention=MONTH, clock=lambda: later)
    while await sent_events.delete_expired():
        pass
    assert await studio.store.count(SENT, SYSTEM_USER_ID) == 0
