"""One subscription for each user who has a device here, however devices come and go."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import Event
from reyna.studio.fanout import Fanout
from reyna.studio.frames import Frame
from tests.studio.buses import Moody
from tests.together import together

SUBJECT = "reyna.live.user-ana.>"


class Ear:
    """A device that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[str] = []
        self.something = asyncio.Event()

    def hear(self, frame: Frame) -> None:
        self.heard.append(frame.type)
        self.something.set()

    def session_ended(self, session: str) -> None:
        self.ended.append(session)
        self.something.set()


@pytest.fixture
async def bus() -> AsyncIterator[Moody]:
    bus = Moody()
    yield bus
    await bus.close()


async def happens(bus: Moody, user_id: str = "user-ana", type: str = "bucket.created") -> None:
    await bus.publish(Event.now(type, Caller(user_id=user_id), {}).message())


async def test_all_devices_of_a_user_share_one_subscription_until_the_last_one_leaves(bus: Moody) -> None:
    fanout, one, other = Fanout(bus), Ear(), Ear()
    await fanout.join("user-ana", one)
    await fanout.join("user-ana", other)
    assert bus.subjects == [SUBJECT]
    await fanout.leave("user-ana", one)
    await happens(bus)
    await other.something.wait()
    assert (one.heard, other.heard) == ([], ["bucket.created"])
    await fanout.leave("user-ana", other)
    assert (bus.subjects, fanout.devices) == ([], 0)


async def test_a_gateway_hears_nothing_of_users_it_does_not_hold(bus: Moody) -> None:
    fanout, anas, bos = Fanout(bus), Ear(), Ear()
    await fanout.join("user-ana", anas)
    await fanout.join("user-bo", bos)
    await happens(bus, "user-bo")
    await bos.something.wait()
    assert anas.heard == []
    assert sorted(bus.subjects) == [SUBJECT, "reyna.live.user-bo.>"]


async def test_devices_that_come_at_once_all_hear(bus: Moody) -> None:
    fanout, ears = Fanout(bus), [Ear() for _ in range(20)]
    bus.listens.clear()
    joining = [asyncio.create_task(fanout.join("user-ana", ear)) for ear in ears]
    bus.listens.set()
    await asyncio.gather(*joining)
    assert (bus.subjects, fanout.count("user-ana")) == ([SUBJECT], 20)
    await happens(bus)
    await ears[-1].something.wait()
    assert all(ear.heard == ["bucket.created"] for ear in ears)


async def test_devices_that_come_and_go_at_once_leave_nothing_behind(bus: Moody) -> None:
    fanout = Fanout(bus)

    async def visit() -> None:
        ear = Ear()
        await fanout.join("user-ana", ear)
        await fanout.leave("user-ana", ear)

    await asyncio.gather(*(visit() for _ in range(50)))
    assert (bus.subjects, fanout.devices) == ([], 0)


async def test_who_comes_while_the_last_one_leaves_hears(bus: Moody) -> None:
    fanout, leaving, coming = Fanout(bus), Ear(), Ear()
    await fanout.join("user-ana", leaving)
    await asyncio.gather(fanout.leave("user-ana", leaving), fanout.join("user-ana", coming))
    await happens(bus)
    await coming.something.wait()
    assert (coming.heard, bus.subjects) == (["bucket.created"], [SUBJECT])


async def test_who_goes_away_while_joining_does_not_take_the_others_along(bus: Moody) -> None:
    fanout, first, second = Fanout(bus), Ear(), Ear()
    await fanout.position()
    bus.listens.clear()
    one = asyncio.create_task(fanout.join("user-ana", first))
    other = asyncio.create_task(fanout.join("user-ana", second))
    await asyncio.wait([one, other], timeout=0)
    one.cancel()
    await asyncio.wait([one])
    bus.listens.set()
    await other
    await happens(bus)
    await second.something.wait()
    assert (first.heard, second.heard, fanout.count("user-ana")) == ([], ["bucket.created"], 1)


async def test_when_the_only_one_goes_away_while_joining_nothing_is_left(bus: Moody) -> None:
    fanout = Fanout(bus)
    await fanout.position()
    bus.listens.clear()
    joining = asyncio.create_task(fanout.join("user-ana", Ear()))
    await asyncio.wait([joining], timeout=0)
    joining.cancel()
    bus.listens.set()
    await asyncio.wait([joining])
    assert (bus.subjects, fanout.devices) == ([], 0)


async def test_when_the_bus_is_away_all_are_told_and_the_next_one_may_try_again(bus: Moody) -> None:
    fanout = Fanout(bus)
    await fanout.position()
    bus.down = True
    told = await together(*(fanout.join("user-ana", Ear()) for _ in range(3)))
    assert all(isinstance(one, Fault) for one in told)
    assert fanout.devices == 0
    bus.down = False
    ear = Ear()
    await fanout.join("user-ana", ear)
    await happens(bus)
    await ear.something.wait()
    assert ear.heard == ["bucket.created"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"7", b"{}", b'{"bucket_ids":7}', b"\xff"])
async def test_what_cannot_be_read_does_not_end_the_subscription(bus: Moody, body: bytes) -> None:
    fanout, ear = Fanout(bus), Ear()
    await fanout.join("user-ana", ear)
    odd = Event.now("blob.created.x", Caller(user_id="user-ana"), {"bucket_ids": 7}).message()
    await bus.publish(odd)
    await bus.tell("reyna.live.user-ana.processor.progress.x", body)
    await happens(bus)
    async with asyncio.timeout(20):
        while "bucket.created" not in ear.heard:
            ear.something.clear()
            await ear.something.wait()
    assert set(ear.heard) <= {"bucket.created", "processor.progress"}


async def test_the_end_of_a_session_is_told_to_every_device_of_its_user(bus: Moody) -> None:
    fanout, ear = Fanout(bus), Ear()
    await fanout.join("user-ana", ear)
    await bus.tell("reyna.live.user-ana.session.ended", b"digest")
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
async def test_a_frame_has_its_type_without_the_schema_or_processor(bus: Moody, type: str, shown: str) -> None:
    fanout, ear = Fanout(bus), Ear()
    await fanout.join("user-ana", ear)
    await happens(bus, type=type)
    await ear.something.wait()
    assert ear.heard == [shown]
