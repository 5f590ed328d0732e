"""One subscription for each user who has a device here, however devices come and go."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import LIVE_SUBJECTS, Event
from reyna.ports.bus import ReceivedMessage, StreamPosition
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.gateway.frames import Frame
from tests.services.studio.flaky_bus import FlakyBus
from tests.support.concurrency import gather_results

SUBJECT = "reyna.live.user-ana.>"


class Receiver:
    """A device that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[str] = []
        self.something = asyncio.Event()

    def receive_frame(self, frame: Frame) -> None:
        self.heard.append(frame.type)
        self.something.set()

    def end_session(self, session_id: str) -> None:
        self.ended.append(session_id)
        self.something.set()

    def reset(self, position: StreamPosition) -> None:
        self.heard.append(f"reset {position.epoch}")
        self.something.set()


@pytest.fixture
async def bus() -> AsyncIterator[FlakyBus]:
    bus = FlakyBus()
    yield bus
    await bus.close()


async def publish_event(bus: FlakyBus, user_id: str = "user-ana", type: str = "bucket.created") -> None:
    await bus.publish(Event.now(type, Caller(user_id=user_id), {}).message())


async def test_all_devices_of_a_user_share_one_subscription_until_the_last_one_leaves(bus: FlakyBus) -> None:
    fanout, one, other = Fanout(bus), Receiver(), Receiver()
    await fanout.join("user-ana", one)
    await fanout.join("user-ana", other)
    assert bus.subjects == [SUBJECT]
    await fanout.leave("user-ana", one)
    await publish_event(bus)
    await other.something.wait()
    assert (one.heard, other.heard) == ([], ["bucket.created"])
    await fanout.leave("user-ana", other)
    assert (bus.subjects, fanout.device_count) == ([], 0)


async def test_a_gateway_hears_nothing_of_users_it_does_not_hold(bus: FlakyBus) -> None:
    fanout, anas, bos = Fanout(bus), Receiver(), Receiver()
    await fanout.join("user-ana", anas)
    await fanout.join("user-bo", bos)
    await publish_event(bus, "user-bo")
    await bos.something.wait()
    assert anas.heard == []
    assert sorted(bus.subjects) == [SUBJECT, "reyna.live.user-bo.>"]


async def test_devices_that_come_at_once_all_hear(bus: FlakyBus) -> None:
    fanout, ears = Fanout(bus), [Receiver() for _ in range(20)]
    bus.listen_gate.clear()
    joining = [asyncio.create_task(fanout.join("user-ana", ear)) for ear in ears]
    bus.listen_gate.set()
    await asyncio.gather(*joining)
    assert (bus.subjects, fanout.device_count_of("user-ana")) == ([SUBJECT], 20)
    await publish_event(bus)
    await ears[-1].something.wait()
    assert all(ear.heard == ["bucket.created"] for ear in ears)


async def test_devices_that_come_and_go_at_once_leave_nothing_behind(bus: FlakyBus) -> None:
    fanout = Fanout(bus)

    async def visit() -> None:
        ear = Receiver()
        await fanout.join("user-ana", ear)
        await fanout.leave("user-ana", ear)

    await asyncio.gather(*(visit() for _ in range(50)))
    assert (bus.subjects, fanout.device_count) == ([], 0)


async def test_who_comes_while_the_last_one_leaves_hears(bus: FlakyBus) -> None:
    fanout, leaving, coming = Fanout(bus), Receiver(), Receiver()
    await fanout.join("user-ana", leaving)
    await asyncio.gather(fanout.leave("user-ana", leaving), fanout.join("user-ana", coming))
    await publish_event(bus)
    await coming.something.wait()
    assert (coming.heard, bus.subjects) == (["bucket.created"], [SUBJECT])


async def test_who_goes_away_while_joining_does_not_take_the_others_along(bus: FlakyBus) -> None:
    fanout, first, second = Fanout(bus), Receiver(), Receiver()
    await fanout.position()
    bus.listen_gate.clear()
    one = asyncio.create_task(fanout.join("user-ana", first))
    other = asyncio.create_task(fanout.join("user-ana", second))
    await asyncio.wait([one, other], timeout=0)
    one.cancel()
    await asyncio.wait([one])
    bus.listen_gate.set()
    await other
    await publish_event(bus)
    await second.something.wait()
    assert (first.heard, second.heard, fanout.device_count_of("user-ana")) == ([], ["bucket.created"], 1)


async def test_when_the_only_one_goes_away_while_joining_nothing_is_left(bus: FlakyBus) -> None:
    fanout = Fanout(bus)
    await fanout.position()
    bus.listen_gate.clear()
    joining = asyncio.create_task(fanout.join("user-ana", Receiver()))
    await asyncio.wait([joining], timeout=0)
    joining.cancel()
    bus.listen_gate.set()
    await asyncio.wait([joining])
    assert (bus.subjects, fanout.device_count) == ([], 0)


async def test_when_the_bus_is_away_all_are_told_and_the_next_one_may_try_again(bus: FlakyBus) -> None:
    fanout = Fanout(bus)
    await fanout.position()
    bus.down = True
    told = await gather_results(*(fanout.join("user-ana", Receiver()) for _ in range(3)))
    assert all(isinstance(one, Fault) for one in told)
    assert fanout.device_count == 0
    bus.down = False
    ear = Receiver()
    await fanout.join("user-ana", ear)
    await publish_event(bus)
    await ear.something.wait()
    assert ear.heard == ["bucket.created"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"7", b"{}", b'{"bucket_ids":7}', b"\xff"])
async def test_what_cannot_be_read_does_not_end_the_subscription(bus: FlakyBus, body: bytes) -> None:
    fanout, ear = Fanout(bus), Receiver()
    await fanout.join("user-ana", ear)
    odd = Event.now("blob.created.x", Caller(user_id="user-ana"), {"bucket_ids": 7}).message()
    await bus.publish(odd)
    await bus.publish_ephemeral("reyna.live.user-ana.processor.progress.x", body)
    await publish_event(bus)
    async with asyncio.timeout(60):
        while "bucket.created" not in ear.heard:
            ear.something.clear()
            await ear.something.wait()
    assert set(ear.heard) <= {"bucket.created", "processor.progress"}


async def test_the_end_of_a_session_is_told_to_every_device_of_its_user(bus: FlakyBus) -> None:
    fanout, ear = Fanout(bus), Receiver()
    await fanout.join("user-ana", ear)
    await bus.publish_ephemeral("reyna.live.user-ana.session.ended", b"digest")
    await ear.something.wait()
    assert (ear.ended, ear.heard) == (["digest"], [])


@pytest.mark.parametrize(
    ("type", "shown"),
    [
        ("blob.created.text-input-v1", "blob.created"),
        ("bucket.blob.added", "bucket.blob.added"),
        ("processor.completed.text-expansion", "processor.completed"),
        ("processor.registered", "processor.registered"),
        ("schema.registered", "schema.registered"),
        ("instance.changed", "instance.changed"),
    ],
)
async def test_a_frame_has_its_type_without_the_schema_or_processor(bus: FlakyBus, type: str, shown: str) -> None:
    fanout, ear = Fanout(bus), Receiver()
    await fanout.join("user-ana", ear)
    await publish_event(bus, type=type)
    await ear.something.wait()
    assert ear.heard == [shown]


async def test_what_comes_once_more_after_an_outage_is_heard_once(bus: FlakyBus) -> None:
    fanout, ear = Fanout(bus), Receiver()
    await fanout.join("user-ana", ear)
    await publish_event(bus)
    await ear.something.wait()
    [stored] = [heard async for heard in bus.replay("reyna.event.>", after=0, until=1)]
    for listener in tuple(bus._listeners):
        listener.receive(ReceivedMessage(f"{LIVE_SUBJECTS}.user-ana.bucket.created", stored.body, stored.sequence))
    await publish_event(bus, type="bucket.updated")
    async with asyncio.timeout(60):
        while "bucket.updated" not in ear.heard:
            ear.something.clear()
            await ear.something.wait()
    assert ear.heard == ["bucket.created", "bucket.updated"]
    await fanout.leave("user-ana", ear)


async def test_devices_are_told_when_cursors_mean_something_else(bus: FlakyBus) -> None:
    fanout, ear = Fanout(bus, check_seconds=0.01), Receiver()
    await fanout.join("user-ana", ear)
    await bus.renew_epoch()
    await ear.something.wait()
    assert ear.heard == [f"reset {(await bus.position()).epoch}"]
    await fanout.leave("user-ana", ear)
