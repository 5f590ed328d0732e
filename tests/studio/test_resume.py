"""Hearing only what one wants, catching up on what was missed, and falling behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.event import Message
from reyna.studio.accounts import SignedIn
from reyna.studio.socket import BACKLOG
from tests.studio.around import Whole, whole
from tests.studio.buses import Moody
from tests.studio.conftest import an_account, bearer
from tests.studio.lines import Line, connected


class Ana:
    """Ana, and the bus that her house is on."""

    def __init__(self, house: Whole, bus: Moody, signed_in: SignedIn) -> None:
        self.house, self.bus, self.signed_in = house, bus, signed_in
        self.caller = Caller(user_id=signed_in.user.id)

    async def bucket(self, name: str = "Book", type: str = "novel", under: str | None = None) -> Bucket:
        return await self.house.state.create_bucket(
            self.caller, NewBucket(name=name, type=type, parent_bucket_id=under)
        )

    @asynccontextmanager
    async def device(self) -> AsyncIterator[tuple[Line, str]]:
        """A device that has been greeted, and the cursor it was greeted with."""
        async with connected(self.house.line, bearer(self.signed_in)) as line:
            yield line, (await line.until("hello"))[-1]["cursor"]


@pytest.fixture
async def ana() -> AsyncIterator[Ana]:
    bus = Moody()
    async with whole(bus) as house:
        yield Ana(house, bus, await an_account(house))
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
        (["buck.*"], []),
        (["bucket"], []),
        ([], []),
        (None, ["bucket.created", "bucket.trashed"]),
    ],
)
async def test_a_device_hears_the_types_it_wants(ana: Ana, types: list[str] | None, heard: list[str]) -> None:
    async with ana.device() as (line, _):
        await line.ask({"action": "subscribe", "types": types})
        book = await ana.bucket()
        await ana.house.state.trash_bucket(ana.caller, book.id)
        line.say({"action": "ping"})
        assert [frame["type"] for frame in await line.until("ok")] == [*heard, "ok"]


async def test_a_device_hears_of_the_buckets_it_wants_and_of_what_is_in_none(ana: Ana) -> None:
    book, album = await ana.bucket(), await ana.bucket("Album", "album")
    async with ana.device() as (line, _):
        await line.ask({"action": "subscribe", "buckets": [book.id]})
        await ana.bucket("Track", "track", under=album.id)
        chapter = await ana.bucket("Chapter", "scene", under=book.id)
        assert (await line.hear())["bucket_id"] == chapter.id
        await ana.bus.tell(f"reyna.live.{ana.caller.user_id}.processor.progress.x", b'{"progress":0.5}')
        assert (await line.hear())["type"] == "processor.progress"


# --- catching up ---


async def test_what_was_missed_is_replayed_in_order_and_nothing_else(ana: Ana) -> None:
    await ana.bucket("Before")
    async with ana.device() as (line, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(5)]
    bo = await an_account(ana.house, "bo@example.test")
    await ana.house.state.create_bucket(Caller(user_id=bo.user.id), NewBucket(name="Bo's", type="novel"))
    async with ana.device() as (line, greeted):
        line.say({"action": "resume", "cursor": cursor, "request_id": 9})
        heard = await line.until("resumed")
        assert buckets(heard) == missed
        assert heard[-1] == {"type": "resumed", "request_id": 9, "replayed": 5, "cursor": greeted}


async def test_resuming_from_any_frame_goes_on_after_it(ana: Ana) -> None:
    async with ana.device() as (line, _):
        made = [(await ana.bucket(f"{n}")).id for n in range(4)]
        frames = [await line.hear() for _ in made]
        for seen, frame in enumerate(frames, start=1):
            line.say({"action": "resume", "cursor": frame["cursor"]})
            assert buckets(await line.until("resumed")) == made[seen:]


async def test_a_replay_leaves_out_what_the_device_does_not_want(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        await line.ask({"action": "subscribe", "types": ["blob.*"]})
        await ana.bucket()
        line.say({"action": "resume", "cursor": cursor})
        assert (await line.hear())["replayed"] == 0


async def test_what_happens_during_a_replay_follows_without_gap_or_repetition(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(3)]
    async with ana.device() as (line, _):
        ana.bus.go.clear()
        line.say({"action": "resume", "cursor": cursor})
        await ana.bus.waiting.wait()
        during = [(await ana.bucket(f"During {n}")).id for n in range(2 * BACKLOG)]
        ana.bus.go.set()
        before = await line.until("resumed")
        assert buckets(before) == missed
        after = [await line.hear() for _ in during]
        assert buckets(after) == during
        assert (await line.ask({"action": "ping", "request_id": "last"}))["request_id"] == "last"


async def test_what_happens_before_the_greeting_is_not_heard_twice(ana: Ana) -> None:
    ana.bus.listens.clear()
    async with connected(ana.house.line, bearer(ana.signed_in)) as line:
        before = await ana.bucket("Before")
        ana.bus.listens.set()
        hello = (await line.until("hello"))[-1]
        after = await ana.bucket("After")
        assert buckets([await line.hear()]) == [after.id]
        assert hello["cursor"].rpartition("-")[2] == str((await ana.bus.position()).last - 1)
        assert before.id != after.id


@pytest.mark.parametrize(
    "cursor", ["{epoch}-999", "other-1", "", "-", "1", "{epoch}-", "{epoch}-x", "{epoch}--1", "{epoch}-1.0"]
)
async def test_a_cursor_nobody_gave_out_means_starting_over(ana: Ana, cursor: str) -> None:
    await ana.bucket()
    epoch = (await ana.bus.position()).epoch
    async with ana.device() as (line, _):
        answer = await line.ask({"action": "resume", "cursor": cursor.format(epoch=epoch), "request_id": "r"})
        assert answer == {"type": "reset", "request_id": "r", "reason": "the cursor is unknown"}
        after = await ana.bucket("After")
        assert buckets([await line.hear()]) == [after.id]


async def test_an_endless_number_is_no_cursor(ana: Ana) -> None:
    epoch = (await ana.bus.position()).epoch
    async with ana.device() as (line, _):
        assert (await line.ask({"action": "resume", "cursor": f"{epoch}-{'9' * 10_000}"}))["type"] == "reset"


async def test_a_cursor_from_before_the_first_event_that_is_kept_is_too_old(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        for n in range(3):
            await ana.bucket(f"{n}")
        last = [await line.hear() for _ in range(3)][-1]["cursor"]
        ana.bus.forgotten = (await ana.bus.position()).last
        answer = await line.ask({"action": "resume", "cursor": cursor})
        assert (answer["type"], answer["reason"]) == ("reset", "the cursor is too old")
        assert (await line.ask({"action": "resume", "cursor": last}))["type"] == "resumed"


async def test_a_bus_that_fails_in_the_middle_closes_the_line_rather_than_leave_a_gap(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        pass
    missed = [(await ana.bucket(f"Missed {n}")).id for n in range(3)]
    async with ana.device() as (line, _):
        ana.bus.go.clear()
        line.say({"action": "resume", "cursor": cursor})
        await ana.bus.waiting.wait()
        during = (await ana.bucket("During")).id
        ana.bus.down = True
        ana.bus.go.set()
        first = await line.hear()
        assert buckets([first]) == missed[:1]
        assert (await line.end())[0] == 1013
    ana.bus.down = False
    async with ana.device() as (line, _):
        line.say({"action": "resume", "cursor": first["cursor"]})
        assert buckets(await line.until("resumed")) == [*missed[1:], during]


async def test_an_event_nobody_can_read_is_passed_over(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        for n, body in enumerate((b"nonsense", b"{}", b"[]", b'{"data":7}')):
            await ana.bus.publish(Message(f"event-{n}", f"reyna.event.{ana.caller.user_id}.blob.created.x", body))
            await ana.bus.tell(f"reyna.live.{ana.caller.user_id}.processor.progress.x", body + b"x")
        made = await ana.bucket()
        assert buckets([await line.hear()]) == [made.id]
        line.say({"action": "resume", "cursor": cursor})
        assert buckets(await line.until("resumed")) == [made.id]


# --- falling behind ---


async def test_a_device_that_cannot_keep_up_is_closed_and_heals_by_resuming(ana: Ana) -> None:
    async with ana.device() as (slow, cursor), ana.device() as (quick, _):
        slow.reads.clear()
        made = [(await ana.bucket(f"{n}")).id for n in range(BACKLOG + 10)]
        assert (await slow.end())[0] == 4008
        assert buckets([await quick.hear() for _ in made]) == made
    async with ana.device() as (healed, _):
        healed.say({"action": "resume", "cursor": cursor})
        assert buckets(await healed.until("resumed")) == made


async def test_a_burst_is_no_slowness(ana: Ana) -> None:
    async with ana.device() as (line, _):
        done = await asyncio.gather(*(ana.bucket(f"{n}") for n in range(2 * BACKLOG)))
        heard = buckets([await line.hear() for _ in done])
        assert sorted(heard) == sorted(bucket.id for bucket in done)


async def test_a_slow_device_is_not_closed_for_reading_a_long_replay_slowly(ana: Ana) -> None:
    async with ana.device() as (line, cursor):
        pass
    missed = [(await ana.bucket(f"{n}")).id for n in range(2 * BACKLOG)]
    async with ana.device() as (line, _):
        line.reads.clear()
        line.say({"action": "resume", "cursor": cursor})
        await line.full.wait()
        line.reads.set()
        assert buckets(await line.until("resumed")) == missed
