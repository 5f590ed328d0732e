"""A device that was away misses nothing, and one that cannot be helped is told to load anew."""

import asyncio

import pytest
from nats.aio.client import Client

from tests.journeys.people import Frame, Person, place

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
    resumed = await back.ask("resume", cursor=last_seen)
    written += await going_on
    heard = await back.hears_all(written)

    assert resumed["type"] == "resumed"
    assert resumed["replayed"] >= AWAY
    assert sorted(created(heard)) == sorted(written)
    events = [frame for frame in heard if "event_id" in frame]
    first_told = list({frame["event_id"]: place(frame["cursor"]) for frame in events}.values())
    assert first_told == sorted(first_told)
    assert len(events) == len(first_told), "something was told twice within one resume"


async def test_what_was_missed_comes_before_the_word_that_it_has_come(ana: Person) -> None:
    away = await ana.device()
    await away.close()
    written = await write(ana, 20, "before")
    back = await ana.device()
    resumed = await back.ask("resume", cursor=away.hello["cursor"])
    told = await back.until(lambda frame: frame["type"] == "resumed")
    assert sorted(created(told)) == sorted(written)
    assert resumed["replayed"] == len(told) - 1
    assert told[-1]["cursor"] == back.hello["cursor"]


async def test_a_device_can_go_on_from_any_event_it_has_seen(ana: Person) -> None:
    device = await ana.device()
    first, second, third = [await device.write(word) for word in ("one", "two", "three")]
    seen = await device.hears("blob.created", blob_id=first["id"])
    await device.hears("blob.created", blob_id=third["id"])
    await device.ask("resume", cursor=seen["cursor"])
    told = await device.until(lambda frame: frame["type"] == "resumed")
    assert created(told) == [second["id"], third["id"]]


async def test_a_device_that_was_away_twice_hears_each_event_once_by_its_id(ana: Person) -> None:
    device = await ana.device()
    cursor = device.hello["cursor"]
    heard: list[Frame] = []
    written: list[str] = []
    for round in range(3):
        await device.close()
        written += await write(ana, 10, f"round {round}")
        device = await ana.device()
        await device.ask("resume", cursor=cursor)
        heard += await device.until(lambda frame: frame["type"] == "resumed")
        cursor = heard[-4]["cursor"]  # it lost the line before it had taken in the last few
    assert sorted(created(heard)) == sorted(written)
    assert len([frame for frame in heard if frame["type"] == "blob.created"]) > len(written)


@pytest.mark.parametrize("cursor", ["", "yesterday", "-1", "{epoch}", "{epoch}-", "{epoch}--1", "{epoch}-٣", "1234-1"])
async def test_a_cursor_that_is_none_is_answered_with_reset_and_the_line_goes_on(ana: Person, cursor: str) -> None:
    device = await ana.device()
    epoch = device.hello["cursor"].rpartition("-")[0]
    answer = await device.ask("resume", cursor=cursor.format(epoch=epoch))
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is unknown")
    note = await device.write("still here")
    await device.hears("blob.created", blob_id=note["id"])


async def test_a_cursor_of_the_future_is_answered_with_reset(ana: Person) -> None:
    device = await ana.device()
    epoch = device.hello["cursor"].rpartition("-")[0]
    answer = await device.ask("resume", cursor=f"{epoch}-{10**15}")
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is unknown")


async def test_a_cursor_from_before_what_is_kept_is_answered_with_reset(ana: Person, wire: Client) -> None:
    device = await ana.device()
    for word in ("one", "two", "three"):
        note = await device.write(word)
    kept = await device.hears("blob.created", blob_id=note["id"])
    await wire.jetstream().purge_stream("EVENTS", seq=place(kept["cursor"]))  # as time does after 30 days
    answer = await device.ask("resume", cursor=device.hello["cursor"])
    assert (answer["type"], answer["reason"]) == ("reset", "the cursor is too old")
    assert (await device.ask("resume", cursor=kept["cursor"]))["type"] == "resumed"
