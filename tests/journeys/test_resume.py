"""Resuming: a device that was away misses nothing, or is told to reload."""

import asyncio

import pytest
from nats.aio.client import Client

from tests.journeys.people import Frame, Person, sequence_of

AWAY, MEANWHILE = 100, 30


async def write(person: Person, count: int, word: str) -> list[str]:
    """So many notes over REST, some at the same time; their ids."""
    ids: list[str] = []
    for start in range(0, count, 10):
        notes = (
            person.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": f"{word} {number}"}})
            for number in range(start, min(start + 10, count))
        )
        ids += [note["id"] for note in await asyncio.gather(*notes)]
    return ids


def created(frames: list[Frame]) -> list[str]:
    """The blobs of these frames in the order in which they were first told; every event counts once."""
    by_event = {frame["event_id"]: frame["blob_id"] for frame in frames if frame["type"] == "blob.created"}
    return list(by_event.values())


async def test_a_device_that_was_away_catches_up_without_a_gap_while_work_goes_on(ana: Person) -> None:
    away = await ana.device()
    last_seen = away.hello["cursor"]
    await away.close()
    written = await write(ana, AWAY, "while you were away")

    back = await ana.device()
    going_on = asyncio.create_task(write(ana, MEANWHILE, "while you catch up"))
    resumed = await back.request("resume", cursor=last_seen)
    written += await going_on
    frames = await back.wait_for_all(written)

    assert resumed["type"] == "resumed"
    assert resumed["replayed"] >= AWAY
    assert sorted(created(frames)) == sorted(written)
    events = [frame for frame in frames if "event_id" in frame]
    first_told = list({frame["event_id"]: sequence_of(frame["cursor"]) for frame in events}.values())
    assert first_told == sorted(first_told)
    assert len(events) == len(first_told), "something was told twice within one resume"


async def test_what_was_missed_comes_before_the_word_that_it_has_come(ana: Person) -> None:
    away = await ana.device()
    await away.close()
    written = await write(ana, 20, "before")
    back = await ana.device()
    resumed = await back.request("resume", cursor=away.hello["cursor"])
    told = await back.receive_until(lambda frame: frame["type"] == "resumed")
    assert sorted(created(told)) == sorted(written)
    assert resumed["replayed"] == len(told) - 1
    assert told[-1]["cursor"] == back.hello["cursor"]


async def test_a_device_can_go_on_from_any_event_it_has_seen(ana: Person) -> None:
    device = await ana.device()
    first, second, third = [await device.write_note(word) for word in ("one", "two", "three")]
    seen = await device.wait_for("blob.created", blob_id=first["id"])
    await device.wait_for("blob.created", blob_id=third["id"])
    await device.request("resume", cursor=seen["cursor"])
    told = await device.receive_until(lambda frame: frame["type"] == "resumed")
    assert created(told) == [second["id"], third["id"]]


async def test_a_device_that_was_away_twice_hears_each_event_once_by_its_id(ana: Person) -> None:
    device = await ana.device()
    cursor = device.hello["cursor"]
    frames: list[Frame] = []
    written: list[str] = []
    for round in range(3):
        await device.close()
        written += await write(ana, 10, f"round {round}")
        device = await ana.device()
        await device.request("resume", cursor=cursor)
        frames += await device.receive_until(lambda frame: frame["type"] == "resumed")
        cursor = frames[-4]["cursor"]  # it lost the line before it had taken in the last few
    assert sorted(created(frames)) == sorted(written)
    assert len([frame for frame in frames if frame["type"] == "blob.created"]) > len(written)


@pytest.mark.parametrize("cursor", ["", "yesterday", "-1", "{epoch}", "{epoch}-", "{epoch}--1", "{epoch}-٣", "1234-1"])
async def test_a_cursor_that_is_none_is_answered_with_reset_and_the_line_goes_on(ana: Person, cursor: str) -> None:
    device = await ana.device()
    epoch = device.hello["cursor"].rpartition("-")[0]
    answer = await device.request("resume", cursor=cursor.format(epoch=epoch))
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is unknown")
    note = await device.write_note("still here")
    await device.wait_for("blob.created", blob_id=note["id"])


async def test_a_cursor_of_the_future_is_answered_with_reset(ana: Person) -> None:
    device = await ana.device()
    epoch = device.hello["cursor"].rpartition("-")[0]
    answer = await device.request("resume", cursor=f"{epoch}-{10**15}")
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is unknown")


async def test_a_cursor_from_before_what_is_kept_is_answered_with_reset(ana: Person, nats_client: Client) -> None:
    device = await ana.device()
    for word in ("one", "two", "three"):
        note = await device.write_note(word)
    kept = await device.wait_for("blob.created", blob_id=note["id"])
    await nats_client.jetstream().purge_stream("EVENTS", seq=sequence_of(kept["cursor"]))  # as time does after 30 days
    answer = await device.request("resume", cursor=device.hello["cursor"])
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is too old")
    assert (await device.request("resume", cursor=kept["cursor"]))["type"] == "resumed"


async def test_devices_that_are_cut_again_and_again_come_to_the_end_without_a_gap(ana: Person) -> None:
    """Each keeps the cursor of the last frame it read, the greeting included, and reads a few frames a time."""
    first = await ana.device()
    written = await write(ana, 40, "missed")

    async def one(number: int) -> list[Frame]:
        cursor, frames, reads = first.hello["cursor"], list[Frame](), number
        while True:
            device = await ana.device_resuming_at(cursor)
            reads = reads % 7 + 3
            for _ in range(reads):
                frame = (await device.receive_until(lambda _: True))[-1]
                frames.append(frame)
                cursor = frame.get("cursor", cursor)
                if frame["type"] == "resumed":
                    return frames
            await device.close()

    going_on = asyncio.create_task(write(ana, MEANWHILE, "meanwhile"))
    frames_by_device = await asyncio.gather(*(one(number) for number in range(6)))
    written += await going_on
    for frames in frames_by_device:
        events = [sequence_of(frame["cursor"]) for frame in frames if "event_id" in frame]
        assert events == sorted(set(events)), "in order, and each once"
        assert set(written[:40]) <= set(created(frames))
