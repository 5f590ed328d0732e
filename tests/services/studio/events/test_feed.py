"""The event feed for whoever asks instead of listening."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec
import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.event import DECODER, Event, Message
from reyna.domain.requests.page import Page
from reyna.ports.bus import Bus, ReceivedMessage
from reyna.services.studio.events.feed import EventFeed, Happened, Reset
from reyna.storage.outbox.relay import Relay
from tests.services.studio.harness import Clock

NO_STATE: Final = cast(Any, None)  # it is asked for a key that is limited to buckets alone


async def list_events(
    bus: Bus, caller: Caller, since: str | None = None, type: str | None = None, limit: int = 50
) -> Page[Happened]:
    return await EventFeed(bus, NO_STATE).list(caller, since=since, type=type, limit=limit, cursor=None)


@pytest.fixture
async def bus(ana: Caller, bo: Caller) -> AsyncIterator[Bus]:
    """Six events of ana, with three of bo between them."""
    bus = MemoryBus()
    for number in range(6):
        type = "bucket.created" if number % 2 else "blob.created.text-input-v1"
        await bus.publish(Event.now(type, ana, {"number": number}).message())
        if number % 2:
            await bus.publish(Event.now("blob.created.text-input-v1", bo, {"number": -1}).message())
    yield bus
    await bus.close()


async def test_everything_is_told_in_order_and_nothing_of_others(bus: Bus, ana: Caller) -> None:
    page = await list_events(bus, ana)
    assert [event.data["number"] for event in page.items] == [0, 1, 2, 3, 4, 5]
    assert page.next_cursor is None


async def test_pages_follow_each_other_without_a_gap(bus: Bus, ana: Caller) -> None:
    first = await list_events(bus, ana, limit=4)
    rest = await list_events(bus, ana, since=first.next_cursor)
    assert [event.data["number"] for event in (*first.items, *rest.items)] == [0, 1, 2, 3, 4, 5]


async def test_a_kind_of_event_is_asked_for_by_name_or_family(bus: Bus, ana: Caller) -> None:
    assert [e.data["number"] for e in (await list_events(bus, ana, type="blob.*")).items] == [0, 2, 4]
    assert [e.data["number"] for e in (await list_events(bus, ana, type="bucket.created")).items] == [1, 3, 5]
    assert [e.data["number"] for e in (await list_events(bus, ana, type="blob.created")).items] == [0, 2, 4]
    assert [e.data["number"] for e in (await list_events(bus, ana, type="blob.created.text-input-v1")).items] == [
        0,
        2,
        4,
    ]
    assert (await list_events(bus, ana, type="blob.created.other-v1")).items == ()
    for every in ("*", "blob.*,bucket.*", "blob.created, bucket.created", "bucket.created,*"):
        assert len((await list_events(bus, ana, type=every)).items) == 6


@pytest.mark.parametrize("type", ["", "blo.*", "blob", "blob.exploded", "blob.created.", "blob.*,nope", "**", ".*"])
async def test_a_type_that_no_event_has_is_refused_by_name(bus: Bus, ana: Caller, type: str) -> None:
    with pytest.raises(Invalid) as refused:
        await list_events(bus, ana, type=type)
    assert [error.path for error in refused.value.errors] == ["/type"]


@pytest.mark.parametrize(
    "since",
    [
        "",
        "nonsense",
        "yesterday",
        "1770000000",
        "2026-05-04",
        "2026-13-04T12:00:00Z",
        "2026-05-04T25:00:00Z",
        "2026-05-04T12:00:00",
        "2026-05-04 12:00",
        "12:00",
        "20260504T120000Z",
        "-1",
        "epoch-x",
    ],
)
async def test_a_since_that_is_neither_time_nor_cursor_is_refused_by_name(bus: Bus, ana: Caller, since: str) -> None:
    with pytest.raises(Invalid) as refused:
        await list_events(bus, ana, since=since)
    assert [error.path for error in refused.value.errors] == ["/since"]


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"])
async def test_a_time_before_everything_tells_everything(bus: Bus, ana: Caller, since: str) -> None:
    assert len((await list_events(bus, ana, since=since)).items) == 6


async def test_a_time_after_everything_tells_nothing(bus: Bus, ana: Caller) -> None:
    assert (await list_events(bus, ana, since="9999-12-31T23:59:59Z")).items == ()


async def test_a_time_holds_on_every_page(bus: Bus, ana: Caller) -> None:
    third = (await list_events(bus, ana)).items[2]
    since = third.time.isoformat()
    first = await list_events(bus, ana, since=since, limit=2)
    rest = await EventFeed(bus, NO_STATE).list(ana, since=since, type=None, limit=50, cursor=first.next_cursor)
    assert [event.data["number"] for event in (*first.items, *rest.items)] == [2, 3, 4, 5]


class CountingBus(MemoryBus):
    """Counts the events that are read."""

    read = 0

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        async for heard in super().replay(subject, after=after, until=until):
            self.read += 1
            yield heard


async def test_a_time_is_looked_up_and_not_searched_for(ana: Caller) -> None:
    clock = Clock()
    bus = CountingBus(wall_clock=clock)
    for _ in range(20):
        await bus.publish(msgspec.structs.replace(Event.now("bucket.created", ana, {}), time=clock.now).message())
        clock.advance(timedelta(hours=1))
    page = await list_events(bus, ana, since=(clock.now - timedelta(minutes=150)).isoformat())
    assert (len(page.items), bus.read) == (2, 2)


async def test_events_are_told_from_a_cursor_or_a_time_on(bus: Bus, ana: Caller) -> None:
    third = (await list_events(bus, ana)).items[2]
    assert [e.data["number"] for e in (await list_events(bus, ana, since=third.cursor)).items] == [3, 4, 5]
    from_then = await list_events(bus, ana, since=third.time.isoformat().replace("+00:00", "Z"))
    assert [e.data["number"] for e in from_then.items] == [2, 3, 4, 5]
    after_all = (third.time + timedelta(days=1)).isoformat()
    assert (await list_events(bus, ana, since=after_all)).items == ()


async def test_a_place_that_is_not_kept_is_no_empty_answer(bus: Bus, ana: Caller) -> None:
    last = (await list_events(bus, ana)).items[-1].cursor
    epoch, _, sequence = last.rpartition("-")
    for unknown in (f"{epoch}-{int(sequence) + 100}", f"another-{sequence}"):
        with pytest.raises(Reset):
            await list_events(bus, ana, since=unknown)
    with pytest.raises(Invalid):
        await list_events(bus, ana, since="2026-05-04T12:00:00")
    with pytest.raises(Invalid):
        await list_events(bus, ana, limit=0)


async def test_what_cannot_be_read_does_not_hide_what_comes_after(bus: Bus, ana: Caller) -> None:
    await bus.publish(Message("event-torn", "reyna.event.user-ana.blob.created.x", b"torn"))
    await bus.publish(Event.now("bucket.created", ana, {"number": 6}).message())
    assert [event.data["number"] for event in (await list_events(bus, ana)).items] == [0, 1, 2, 3, 4, 5, 6]


async def test_what_was_sent_before_a_crash_is_told_once_however_late_the_next_start(ana: Caller) -> None:
    """Published and not marked as sent; by the next start the bus recognises no repeat any more."""
    clock, store, live = Clock(), MemoryStore([]), list[str]()
    bus = MemoryBus(clock=clock.seconds)
    await bus.listen("reyna.live.user-ana.>", lambda heard: live.append(DECODER.decode(heard.body).id))
    messages = [Event.now("bucket.created", ana, {"number": number}).message() for number in range(20)]
    await store.write(messages=messages)
    for message in messages[:15]:
        await bus.publish(message)
    clock.advance(timedelta(minutes=5))
    later = datetime.now(UTC) + timedelta(minutes=5)
    await Relay(store, bus, clock=lambda: later).sweep()
    ids = [message.id for message in messages]
    assert [event.id for event in (await list_events(bus, ana)).items] == ids
    position = await bus.position()
    replayed = [heard.body async for heard in bus.replay("reyna.event.user-ana.>", after=0, until=position.last)]
    assert [DECODER.decode(body).id for body in replayed] == ids == live
    await bus.close()


async def test_a_repeat_that_the_stream_holds_all_the_same_is_told_once_on_a_page(ana: Caller) -> None:
    clock = Clock()
    bus = MemoryBus(clock=clock.seconds)
    message = Event.now("bucket.created", ana, {}).message()
    for _ in range(2):
        await bus.publish(message)
        clock.advance(timedelta(minutes=5))
    assert [event.id for event in (await list_events(bus, ana)).items] == [message.id]
