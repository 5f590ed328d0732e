"""Hearing only what one wants, catching up on what was missed, and falling behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from reyna.domain.blob import NewBlob
from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.event import Message
from reyna.services.studio.gateway.socket import MAX_QUEUED_FRAMES
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.fake_websocket import FakeDevice, connect
from tests.services.studio.flaky_bus import FlakyBus
from tests.services.studio.harness import StudioHarness, studio_harness


class Ana:
    """Ana, and the bus that her studio is on."""

    def __init__(self, harness: StudioHarness, bus: FlakyBus, signed_in: SignedIn) -> None:
        self.harness, self.bus, self.signed_in = harness, bus, signed_in
        self.caller = Caller(user_id=signed_in.user.id)

    async def bucket(self, name: str = "Book", type: str = "novel", under: str | None = None) -> Bucket:
        return await self.harness.state.buckets.create(
            self.caller, NewBucket(name=name, type=type, parent_bucket_id=under)
        )

    @asynccontextmanager
    async def device(self) -> AsyncIterator[tuple[FakeDevice, str]]:
        """A device that has been greeted, and the cursor it was greeted with."""
        async with connect(self.harness.websocket_app, bearer(self.signed_in)) as device:
            yield device, (await device.wait_until_live())["cursor"]


@pytest.fixture
async def ana() -> AsyncIterator[Ana]:
    bus = FlakyBus()
    async with studio_harness(bus) as harness:
        yield Ana(harness, bus, await create_account(harness))
    await bus.close()


def buckets(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["bucket_id"] for frame in frames if frame["type"] == "bucket.created"]


# --- wanting less ---


@pytest.mark.parametrize(
    ("types", "heard"),
    [
        (["bucket.*"], ["bucket.created", "bucket.trashed"]),
        (["bucket.created"], ["bucket.created"]),
        (["*"], ["bucket.created", "bucket.trashed"]),
        (["blob.*", "bucket.trashed"], ["bucket.trashed"]),
        (["blob.created"], []),
        ([], []),
        (None, ["bucket.created", "bucket.trashed"]),
    ],
)
async def test_a_device_hears_the_types_it_wants(ana: Ana, types: list[str] | None, heard: list[str]) -> None:
    async with ana.device() as (device, _):
        await device.request({"action": "subscribe", "types": types})
        book = await ana.bucket()
        await ana.harness.state.trash.trash_bucket(ana.caller, book.id)
        device.send_message({"action": "ping"})
        assert [frame["type"] for frame in await device.frames_until("ok")] == [*heard, "ok"]


@pytest.mark.parametrize("wrong", ["", "buck.*", "bucket", "blob.exploded", "bucket.created.novel", "blob.created.A b"])
async def test_a_type_that_no_event_has_is_refused_and_changes_nothing(ana: Ana, wrong: str) -> None:
    async with ana.device() as (device, _):
        await device.request({"action": "subscribe", "types": ["blob.*"]})
        refused = await device.request({"action": "subscribe", "types": ["bucket.*", wrong]})
        assert (refused["code"], [error["path"] for error in refused["errors"]]) == ("invalid", ["/types"])
        await ana.bucket()
        device.send_message({"action": "ping"})
        assert [frame["type"] for frame in await device.frames_until("ok")] == ["ok"]


async def test_a_device_hears_the_types_of_one_schema_or_processor(ana: Ana) -> None:
    async with ana.device() as (device, _):
        wanted = ["blob.created.text-input-v1", "processor.progress.poet"]
        await device.request({"action": "subscribe", "types": wanted})
        for processor in ("poet", "critic"):
            await ana.bus.publish_ephemeral(f"reyna.live.{ana.caller.user_id}.processor.progress.{processor}", b"{}")
        note = NewBlob(schema_id="text-input-v1", data={"content": "The ship sailed."})
        await ana.harness.state.blobs.create(ana.caller, note)
        assert [(await device.next_frame())["type"] for _ in range(2)] == ["processor.progress", "blob.created"]


async def test_a_device_hears_of_the_buckets_it_wants_and_of_what_is_in_none(ana: Ana) -> None:
    book, album = await ana.bucket(), await ana.bucket("Album", "album")
    async with ana.device() as (device, _):
        await device.request({"action": "subscribe", "buckets": [book.id]})
        await ana.bucket("Track", "track", under=album.id)
        chapter = await ana.bucket("Chapter", "scene", under=book.id)
        assert (await device.next_frame())["bucket_id"] == chapter.id
        await ana.bus.publish_ephemeral(f"reyna.live.{ana.caller.user_id}.processor.progress.x", b'{"progress":0.5}')
        assert (await device.next_frame())["type"] == "processor.progress"


# --- catching up ---


async def test_what_was_missed_is_replayed_in_order_and_nothing_else(ana: Ana) -> None:
    await ana.bucket("Before")
    async with ana.device() as (device, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(5)]
    bo = await create_account(ana.harness, "bo@example.test")
    await ana.harness.state.buckets.create(Caller(user_id=bo.user.id), NewBucket(name="Bo's", type="novel"))
    async with ana.device() as (device, greeted):
        device.send_message({"action": "resume", "cursor": cursor, "request_id": 9})
        heard = await device.frames_until("resumed")
        assert buckets(heard) == missed
        assert heard[-1] == {"type": "resumed", "request_id": 9, "replayed": 5, "cursor": greeted}


async def test_resuming_from_any_frame_goes_on_after_it(ana: Ana) -> None:
    async with ana.device() as (device, _):
        made = [(await ana.bucket(f"{n}")).id for n in range(4)]
        frames = [await device.next_frame() for _ in made]
        for seen, frame in enumerate(frames, start=1):
            device.send_message({"action": "resume", "cursor": frame["cursor"]})
            assert buckets(await device.frames_until("resumed")) == made[seen:]


async def test_a_replay_leaves_out_what_the_device_does_not_want(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        await device.request({"action": "subscribe", "types": ["blob.*"]})
        await ana.bucket()
        device.send_message({"action": "resume", "cursor": cursor})
        assert (await device.next_frame())["replayed"] == 0


async def test_what_happens_during_a_replay_follows_without_gap_or_repetition(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(3)]
    async with ana.device() as (device, _):
        ana.bus.replay_gate.clear()
        device.send_message({"action": "resume", "cursor": cursor})
        await ana.bus.replay_is_waiting.wait()
        during = [(await ana.bucket(f"During {n}")).id for n in range(2 * MAX_QUEUED_FRAMES)]
        ana.bus.replay_gate.set()
        before = await device.frames_until("resumed")
        assert buckets(before) == missed
        after = [await device.next_frame() for _ in during]
        assert buckets(after) == during
        assert (await device.request({"action": "ping", "request_id": "last"}))["request_id"] == "last"


async def test_what_happens_before_the_greeting_is_not_heard_twice(ana: Ana) -> None:
    ana.bus.listen_gate.clear()
    async with connect(ana.harness.websocket_app, bearer(ana.signed_in)) as device:
        before = await ana.bucket("Before")
        ana.bus.listen_gate.set()
        hello = await device.wait_until_live()
        after = await ana.bucket("After")
        assert buckets([await device.next_frame()]) == [after.id]
        assert hello["cursor"].rpartition("-")[2] == str((await ana.bus.position()).last - 1)
        assert before.id != after.id


@pytest.mark.parametrize(
    "cursor", ["{epoch}-999", "other-1", "", "-", "1", "{epoch}-", "{epoch}-x", "{epoch}--1", "{epoch}-1.0"]
)
async def test_a_cursor_nobody_gave_out_means_starting_over(ana: Ana, cursor: str) -> None:
    await ana.bucket()
    epoch = (await ana.bus.position()).epoch
    async with ana.device() as (device, _):
        answer = await device.request({"action": "resume", "cursor": cursor.format(epoch=epoch), "request_id": "r"})
        assert answer == {
            "type": "reset",
            "request_id": "r",
            "reason": "the cursor is unknown",
            "cursor": f"{epoch}-{(await ana.bus.position()).last}",
        }
        after = await ana.bucket("After")
        assert buckets([await device.next_frame()]) == [after.id]


async def test_an_endless_number_is_no_cursor(ana: Ana) -> None:
    epoch = (await ana.bus.position()).epoch
    async with ana.device() as (device, _):
        assert (await device.request({"action": "resume", "cursor": f"{epoch}-{'9' * 10_000}"}))["type"] == "reset"


async def test_a_cursor_from_before_the_first_event_that_is_kept_is_too_old(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        for n in range(3):
            await ana.bucket(f"{n}")
        last = [await device.next_frame() for _ in range(3)][-1]["cursor"]
        ana.bus.forgotten = (await ana.bus.position()).last
        answer = await device.request({"action": "resume", "cursor": cursor})
        assert (answer["type"], answer["reason"]) == ("reset", "the cursor is too old")
        assert (await device.request({"action": "resume", "cursor": last}))["type"] == "resumed"


async def test_a_bus_that_fails_in_the_middle_closes_the_line_rather_than_leave_a_gap(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(3)]
    async with ana.device() as (device, _):
        ana.bus.replay_gate.clear()
        device.send_message({"action": "resume", "cursor": cursor})
        await ana.bus.replay_is_waiting.wait()
        during = (await ana.bucket("During")).id
        ana.bus.down = True
        ana.bus.replay_gate.set()
        first = await device.next_frame()
        assert buckets([first]) == missed[:1]
        assert (await device.wait_for_close())[0] == 1013
    ana.bus.down = False
    async with ana.device() as (device, _):
        device.send_message({"action": "resume", "cursor": first["cursor"]})
        assert buckets(await device.frames_until("resumed")) == [*missed[1:], during]


async def test_an_event_nobody_can_read_is_passed_over(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        for n, body in enumerate((b"nonsense", b"{}", b"[]", b'{"data":7}')):
            await ana.bus.publish(Message(f"event-{n}", f"reyna.event.{ana.caller.user_id}.blob.created.x", body))
            await ana.bus.publish_ephemeral(f"reyna.live.{ana.caller.user_id}.processor.progress.x", body + b"x")
        made = await ana.bucket()
        assert buckets([await device.next_frame()]) == [made.id]
        device.send_message({"action": "resume", "cursor": cursor})
        assert buckets(await device.frames_until("resumed")) == [made.id]


# --- falling behind ---


async def test_a_device_that_cannot_keep_up_is_closed_and_heals_by_resuming(ana: Ana) -> None:
    async with ana.device() as (slow, cursor), ana.device() as (quick, _):
        slow.reads.clear()
        made = [(await ana.bucket(f"{n}")).id for n in range(MAX_QUEUED_FRAMES + 10)]
        assert (await slow.wait_for_close())[0] == 4008
        assert buckets([await quick.next_frame() for _ in made]) == made
    async with ana.device() as (healed, _):
        healed.send_message({"action": "resume", "cursor": cursor})
        assert buckets(await healed.frames_until("resumed")) == made


async def test_a_burst_is_no_slowness(ana: Ana) -> None:
    async with ana.device() as (device, _):
        done = await asyncio.gather(*(ana.bucket(f"{n}") for n in range(2 * MAX_QUEUED_FRAMES)))
        heard = buckets([await device.next_frame() for _ in done])
        assert sorted(heard) == sorted(bucket.id for bucket in done)


async def test_a_slow_device_is_not_closed_for_reading_a_long_replay_slowly(ana: Ana) -> None:
    async with ana.device() as (device, cursor):
        pass
    missed = [(await ana.bucket(f"{n}")).id for n in range(2 * MAX_QUEUED_FRAMES)]
    async with ana.device() as (device, _):
        device.reads.clear()
        device.send_message({"action": "resume", "cursor": cursor})
        await device.full.wait()
        device.reads.set()
        assert buckets(await device.frames_until("resumed")) == missed
