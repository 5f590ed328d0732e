"""A device that keeps the cursor of the last frame it read, and is cut anywhere, misses nothing."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.services.studio.gateway.frames import Frame
from reyna.services.studio.gateway.held_frames import MAX_HELD_FRAMES, HeldFrames
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.fake_websocket import connect
from tests.services.studio.flaky_bus import FlakyBus
from tests.services.studio.harness import StudioHarness, studio_harness


class Ana:
    """Ana, who makes buckets, and opens lines with the cursor that she kept."""

    def __init__(self, harness: StudioHarness, bus: FlakyBus, signed_in: SignedIn) -> None:
        self.harness, self.bus, self.signed_in = harness, bus, signed_in
        self.caller = Caller(user_id=signed_in.user.id)

    async def make(self, count: int = 1, name: str = "Bucket") -> list[str]:
        new = (NewBucket(name=f"{name} {number}", type="novel") for number in range(count))
        return [(await self.harness.state.buckets.create(self.caller, one)).id for one in new]

    def connect(self, cursor: str | None = None) -> Any:
        query = "" if cursor is None else f"cursor={quote(cursor)}"
        return connect(self.harness.websocket_app, bearer(self.signed_in), query)

    async def now(self) -> str:
        position = await self.bus.position()
        return f"{position.epoch}-{position.last}"


@pytest.fixture
async def ana() -> AsyncIterator[Ana]:
    bus = FlakyBus()
    async with studio_harness(bus) as harness:
        yield Ana(harness, bus, await create_account(harness))
    await bus.close()


def buckets(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["bucket_id"] for frame in frames if frame["type"] == "bucket.created"]


# --- in the handshake ---


async def test_the_address_says_where_one_goes_on_and_all_follows_in_order(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(5)
    async with ana.connect(cursor) as device:
        heard = await device.frames_until("resumed")
        assert [frame["type"] for frame in heard] == ["hello", *["bucket.created"] * 5, "resumed"]
        assert heard[0]["cursor"] == cursor, "who keeps the cursor of the greeting must not skip what follows it"
        assert buckets(heard) == missed
        assert heard[-1] == {"type": "resumed", "replayed": 5, "cursor": await ana.now()}
        live = await ana.make()
        assert buckets([await device.next_frame()]) == live


async def test_nothing_missed_is_said_as_well(ana: Ana) -> None:
    cursor = await ana.now()
    async with ana.connect(cursor) as device:
        assert [frame["type"] for frame in await device.frames_until("resumed")] == ["hello", "resumed"]


@pytest.mark.parametrize("query", ["cursor=", "cursor=yesterday", "cursor={now}&cursor={now}", "cursor={epoch}-999"])
async def test_a_place_nobody_gave_out_is_answered_with_reset_and_with_one_to_go_on_from(ana: Ana, query: str) -> None:
    now = await ana.now()
    query = query.format(now=now, epoch=now.rpartition("-")[0])
    async with connect(ana.harness.websocket_app, bearer(ana.signed_in), query) as device:
        heard = await device.frames_until("reset")
        assert [frame["type"] for frame in heard] == ["hello", "reset"]
        assert heard[0]["cursor"] != now, "cut before the reset, it must be told of the reset again"
        assert heard[1]["cursor"] == now
        live = await ana.make()
        assert buckets([await device.next_frame()]) == live


async def test_who_signs_in_by_message_goes_on_as_well(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(2)
    async with connect(ana.harness.websocket_app, query=f"cursor={cursor}") as device:
        device.send_message({"action": "authenticate", "token": ana.signed_in.token, "request_id": 1})
        heard = await device.frames_until("resumed")
        assert [frame["type"] for frame in heard[:2]] == ["hello", "ok"]
        assert buckets(heard) == missed


# --- by a message ---


async def test_nothing_live_is_heard_before_the_first_message_is_answered(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(3)
    async with ana.connect() as device:
        await device.frames_until("hello")
        meanwhile = await ana.make(3)
        device.send_message({"action": "resume", "cursor": cursor})
        heard = await device.frames_until("resumed")
        assert buckets(heard) == [*missed, *meanwhile]
        live = await ana.make()
        assert buckets([await device.next_frame()]) == live, "what was replayed is not heard again"


@pytest.mark.parametrize("first", [{"action": "ping"}, {"action": "fly"}, {"action": "trash_blob", "blob_id": "x"}])
async def test_any_answer_lets_live_frames_through_in_their_order(ana: Ana, first: dict[str, str]) -> None:
    async with ana.connect() as device:
        await device.frames_until("hello")
        made = await ana.make(3)
        device.send_message(first)
        assert (await device.next_frame())["type"] in ("ok", "error")
        made += await ana.make(3)
        assert buckets([await device.next_frame() for _ in made]) == made


async def test_no_progress_report_is_lost_that_comes_at_once_after_the_first_answer(ana: Ana) -> None:
    reports = range(MAX_HELD_FRAMES + 50)

    async def report(frame: dict[str, Any]) -> None:
        if frame["type"] == "ok":
            for number in reports:
                body = json.dumps({"run_id": "run-1", "processor": "poet", "blob_id": "blob-1", "progress": number})
                await ana.bus.publish_ephemeral(
                    f"reyna.live.{ana.caller.user_id}.processor.progress.poet", body.encode()
                )

    async with ana.connect() as device:
        await device.frames_until("hello")
        device.on_frame = report
        device.send_message({"action": "ping"})
        assert (await device.next_frame())["type"] == "ok"
        assert [(await device.next_frame())["progress"] for _ in reports] == list(reports)


async def test_who_only_listens_hears_after_a_while(ana: Ana) -> None:
    async with ana.connect() as device:
        await device.frames_until("hello")
        made = await ana.make(MAX_HELD_FRAMES + 5)
        assert buckets([await device.next_frame() for _ in made]) == made


async def test_narrowing_first_and_going_on_then_skips_nothing(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(3)
    async with ana.connect() as device:
        await device.frames_until("hello")
        meanwhile = await ana.make(3)
        await device.request({"action": "subscribe", "types": ["bucket.*"]})
        device.send_message({"action": "resume", "cursor": cursor})
        assert buckets(await device.frames_until("resumed")) == [*missed, *meanwhile]


# --- cut ---


@pytest.mark.parametrize("by_message", [True, False])
async def test_cut_anywhere_it_goes_on_where_it_was_and_comes_to_an_end(ana: Ana, by_message: bool) -> None:
    chance = random.Random(7)
    cursor = await ana.now()
    made = await ana.make(40)
    heard: list[str] = []
    for _ in range(30):
        made += await ana.make(2)
        reads = chance.randrange(8)
        async with ana.connect(None if by_message else cursor) as device:
            if by_message:
                await device.frames_until("hello")
                device.send_message({"action": "resume", "cursor": cursor})
            for _ in range(reads):
                frame = await device.next_frame()
                heard += buckets([frame])
                cursor = frame.get("cursor", cursor)
                if frame["type"] == "resumed":
                    break
    async with ana.connect(cursor) as device:
        heard += buckets(await device.frames_until("resumed"))
    assert heard == made


async def test_a_replay_cut_in_its_middle_goes_on_behind_the_last_frame_that_was_read(ana: Ana) -> None:
    cursor = await ana.now()
    made = await ana.make(10)
    async with ana.connect(cursor) as device:
        first = [await device.next_frame() for _ in range(5)]
    async with ana.connect(first[-1]["cursor"]) as device:
        assert buckets(first) + buckets(await device.frames_until("resumed")) == made


# --- much of it ---


async def test_more_than_memory_may_hold_is_read_from_the_stream_without_gap_or_repetition(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(3)
    async with ana.connect(cursor) as device:
        ana.bus.replay_gate.clear()
        await ana.bus.replay_is_waiting.wait()
        during = await ana.make(3 * MAX_HELD_FRAMES)
        ana.bus.replay_gate.set()
        assert buckets(await device.frames_until("resumed")) == missed
        assert buckets([await device.next_frame() for _ in during]) == during
        assert (await device.request({"action": "ping", "request_id": "last"}))["request_id"] == "last"


async def test_a_device_that_reads_nothing_while_it_catches_up_keeps_memory_bounded(ana: Ana) -> None:
    cursor = await ana.now()
    missed = await ana.make(3)
    async with ana.connect(cursor) as device:
        await device.next_frame()
        device.reads.clear()
        during = await ana.make(2 * MAX_HELD_FRAMES)
        device.reads.set()
        heard = [await device.next_frame() for _ in range(len(missed) + 1 + len(during))]
        assert buckets(heard) == [*missed, *during]


def test_what_is_held_back_is_bounded() -> None:
    held = HeldFrames()
    for sequence in range(10 * MAX_HELD_FRAMES):
        held.add(Frame("blob.created", {}, "{}", None, (), sequence))
    assert (len(held.frames), held.is_incomplete) == (0, True)


async def test_live_frames_of_others_are_heard_while_one_catches_up(ana: Ana) -> None:
    cursor = await ana.now()
    await ana.make(500)
    async with ana.connect() as other, ana.connect(cursor) as behind:
        await other.wait_until_live()
        live = await ana.make()
        assert buckets([await other.next_frame()]) == live
        assert (
            buckets(await behind.frames_until("resumed"))[-1] == live[0] or buckets([await behind.next_frame()]) == live
        )


# --- when the stream has lost its end ---


async def test_a_live_device_is_reset_and_hears_on(ana: Ana) -> None:
    async with ana.connect() as device:
        await device.wait_until_live()
        await ana.make(3)
        await device.frames_until("bucket.created")
        await ana.bus.renew_epoch()
        async with ana.connect() as other:
            await (
                other.wait_until_live()
            )  # the gateway looks at the epoch for every device that comes, and now and then
        reset = (await device.frames_until("reset"))[-1]
        assert reset["cursor"] == await ana.now()
        live = await ana.make()
        frame = await device.next_frame()
        assert (buckets([frame]), frame["cursor"]) == (live, await ana.now())
