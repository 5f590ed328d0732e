"""The event feed for whoever asks instead of listening."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from reyna.adapters.memory_bus import MemoryBus
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.event import Event, Message
from reyna.domain.page import Page
from reyna.ports import Bus
from reyna.studio import feed
from reyna.studio.feed import Happened, Reset


async def told(
    bus: Bus, caller: Caller, since: str | None = None, type: str | None = None, limit: int = 50
) -> Page[Happened]:
    return await feed.events(bus, caller, since=since, type=type, limit=limit, cursor=None)


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
    page = await told(bus, ana)
    assert [event.data["number"] for event in page.items] == [0, 1, 2, 3, 4, 5]
    assert page.next_cursor is None


async def test_pages_follow_each_other_without_a_gap(bus: Bus, ana: Caller) -> None:
    first = await told(bus, ana, limit=4)
    rest = await told(bus, ana, since=first.next_cursor)
    assert [event.data["number"] for event in (*first.items, *rest.items)] == [0, 1, 2, 3, 4, 5]


async def test_a_kind_of_event_is_asked_for_by_name_or_family(bus: Bus, ana: Caller) -> None:
    assert [e.data["number"] for e in (await told(bus, ana, type="blob.*")).items] == [0, 2, 4]
    assert [e.data["number"] for e in (await told(bus, ana, type="bucket.created")).items] == [1, 3, 5]
    assert (await told(bus, ana, type="blo.*")).items == ()


async def test_events_are_told_from_a_cursor_or_a_time_on(bus: Bus, ana: Caller) -> None:
    third = (await told(bus, ana)).items[2]
    assert [e.data["number"] for e in (await told(bus, ana, since=third.cursor)).items] == [3, 4, 5]
    from_then = await told(bus, ana, since=third.time.isoformat().replace("+00:00", "Z"))
    assert [e.data["number"] for e in from_then.items] == [2, 3, 4, 5]
    after_all = (third.time + timedelta(days=1)).isoformat()
    assert (await told(bus, ana, since=after_all)).items == ()


async def test_a_place_that_is_not_kept_is_no_empty_answer(bus: Bus, ana: Caller) -> None:
    last = (await told(bus, ana)).items[-1].cursor
    epoch, _, sequence = last.rpartition("-")
    for unknown in (f"{epoch}-{int(sequence) + 100}", f"another-{sequence}", "nonsense", ""):
        with pytest.raises(Reset):
            await told(bus, ana, since=unknown)
    with pytest.raises(Invalid):
        await told(bus, ana, since="2026-05-04T12:00:00")
    with pytest.raises(Invalid):
        await told(bus, ana, limit=0)


async def test_what_cannot_be_read_does_not_hide_what_comes_after(bus: Bus, ana: Caller) -> None:
    await bus.publish(Message("event-torn", "reyna.event.user-ana.blob.created.x", b"torn"))
    await bus.publish(Event.now("bucket.created", ana, {"number": 6}).message())
    assert [event.data["number"] for event in (await told(bus, ana)).items] == [0, 1, 2, 3, 4, 5, 6]
