"""A note is written, and its expansion comes by itself: once, to every device, whatever becomes of the worker."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest
from nats.aio.client import Client

from tests.journeys.house import House
from tests.journeys.people import Device, Frame, Person, is_about

NOTE: Final = "The old lighthouse keeper climbed the winding stairs and lit the lamp."
EXPANDED: Final = "expanded-text-v1"


@pytest.fixture
async def writer(house: House) -> AsyncIterator[Person]:
    """A new ana whose text expansion is switched on, as it is for everyone at the beginning."""
    person = await house.person("ana", expands=True)
    yield person
    await person.leave()


async def expansion_of(device: Device, note: dict[str, Any]) -> list[Frame]:
    """Everything that is said until the note's expansion is complete."""
    ends = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}
    told = await device.until(lambda frame: frame["type"] in ends and frame["blob_id"] == note["id"])
    assert told[-1]["type"] == "processor.completed", told[-1]
    return told


async def derived(person: Person, note: dict[str, Any]) -> list[Any]:
    return await person.all("/blobs", parent_id=note["id"])


def count(text: str) -> int:
    """Its words; a dash between two of them is none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


async def queue_is_empty(wire: Client, worked_off: int) -> None:
    """Returns when the processor's queue has handed out this many messages and each of them is settled."""
    async with asyncio.timeout(60):
        while True:
            queue = await wire.jetstream().consumer_info("RUNS", "text-expansion")
            assert queue.delivered and queue.num_ack_pending is not None
            if queue.delivered.stream_seq >= worked_off and not (queue.num_pending or queue.num_ack_pending):
                return


async def test_my_note_comes_back_as_prose_on_every_device(writer: Person) -> None:
    here, there = await writer.device(), await writer.device()
    bucket = (await here.do("create_bucket", name="Chapter 1", type="scene"))["bucket"]
    note = await here.write(NOTE, bucket_ids=[bucket["id"]])
    told_here, told_there = await asyncio.gather(expansion_of(here, note), expansion_of(there, note))

    (prose,) = await derived(writer, note)
    for told in (told_here, told_there):
        types = [frame["type"] for frame in told if frame["type"].startswith(("processor.", "blob."))]
        assert [type for type in types if type != "processor.progress"] == [
            "blob.created",
            "processor.requested",
            "processor.started",
            "blob.created",
            "processor.completed",
        ]
        progress = [frame for frame in told if frame["type"] == "processor.progress"]
        assert progress[-1]["progress"] == 1.0
        assert progress[-1]["text"] == prose["data"]["expanded"]
        assert {(frame["processor"], frame["blob_id"]) for frame in progress} == {("text-expansion", note["id"])}
        arrived = next(frame for frame in told if is_about(frame, "blob.created", schema_id=EXPANDED))
        assert (arrived["blob_id"], arrived["parent_id"]) == (prose["id"], note["id"])
        assert (arrived["bucket_ids"], arrived["processor"]) == ([bucket["id"]], "text-expansion")
        assert told[-1]["output_blob_ids"] == [prose["id"]]


async def test_the_prose_is_three_to_five_times_as_long_and_says_what_it_is(writer: Person) -> None:
    device = await writer.device()
    note = await device.write(NOTE)
    told = await expansion_of(device, note)
    (prose,) = await derived(writer, note)
    words = count(prose["data"]["expanded"])
    assert 3 * count(NOTE) <= words <= 5 * count(NOTE)
    assert (prose["schema_id"], prose["author_kind"], prose["parent_id"]) == (EXPANDED, "processor", note["id"])
    assert prose["data"]["original"] == NOTE
    assert prose["data"]["metrics"]["words"] == words
    run = await writer.get(f"/runs/{told[-1]['run_id']}")
    assert (run["status"], run["output_blob_ids"], run["blob_revision"]) == ("completed", [prose["id"]], 1)
    assert run["cost"]["output_tokens"] > 0
    assert (await writer.get(f"/blobs/{note['id']}"))["derived_ids"] == [prose["id"]]


async def test_work_that_comes_again_when_it_is_done_is_not_done_again(writer: Person, wire: Client) -> None:
    device = await writer.device()
    work = await wire.subscribe(f"reyna.run.text-expansion.{writer.id}")
    await wire.flush()
    note = await device.write(NOTE)
    message = await work.next_msg(timeout=60)
    await expansion_of(device, note)
    again = await wire.jetstream().publish(message.subject, message.data)  # without an id: not taken for a repeat
    await queue_is_empty(wire, again.seq)
    await check_done_once(writer, note, attempts=1)


@pytest.mark.parametrize("house", ["four_processes"], indirect=True)
async def test_work_that_comes_again_while_it_is_being_done_is_done_once(writer: Person, wire: Client) -> None:
    device = await writer.device()
    work = await wire.subscribe(f"reyna.run.text-expansion.{writer.id}")
    await wire.flush()
    note = await device.write(NOTE)
    message = await work.next_msg(timeout=60)
    again = await wire.jetstream().publish(message.subject, message.data)
    await expansion_of(device, note)
    await queue_is_empty(wire, again.seq)
    await check_done_once(writer, note, attempts=1)


@pytest.mark.parametrize("house", ["four_processes"], indirect=True)
async def test_a_worker_that_is_killed_at_its_work_leaves_it_to_the_next(house: House, writer: Person) -> None:
    device, worker = await writer.device(), house.parts["worker"]
    note = await device.write(NOTE)
    await device.until(lambda frame: bool(frame["type"] == "processor.progress" and frame["text"]))
    worker.send(signal.SIGKILL)
    await worker.ended()
    assert await derived(writer, note) == []
    await worker.start()
    told = await expansion_of(device, note)
    assert len([frame for frame in told if is_about(frame, "blob.created", schema_id=EXPANDED)]) == 1
    await check_done_once(writer, note, attempts=2)


async def check_done_once(person: Person, note: dict[str, Any], *, attempts: int) -> None:
    (prose,) = await derived(person, note)
    (run,) = (await person.get("/runs", blob_id=note["id"]))["items"]
    assert (run["status"], run["attempt"], run["output_blob_ids"]) == ("completed", attempts, [prose["id"]])


async def test_a_note_that_is_too_short_is_refused_with_a_reason_and_can_be_sent_again(writer: Person) -> None:
    device = await writer.device()
    note = await device.write("Too short.")
    refused = await device.hears("processor.refused", blob_id=note["id"])
    assert "words" in refused["error"]
    (letter,) = (await writer.get("/dead"))["items"]
    assert (letter["run_id"], letter["reason"]) == (refused["run_id"], refused["error"])
    assert "token" not in msgspec.json.encode(letter).decode().replace('"token":""', "")
    await writer.post(f"/dead/{letter['id']}/replay", {"data": {"content": NOTE}})
    await expansion_of(device, note)
    assert (await writer.get("/dead"))["items"] == []
    (prose,) = await derived(writer, note)
    assert prose["data"]["original"] == NOTE


async def test_a_run_that_i_call_off_makes_nothing(writer: Person) -> None:
    device = await writer.device()
    note = await device.write(NOTE)
    started = await device.hears("processor.started", blob_id=note["id"])
    answer = await device.do("cancel_run", run_id=started["run_id"])
    assert answer["run"]["status"] == "cancelled"
    await device.hears("processor.cancelled", run_id=started["run_id"])
    again = await device.write(NOTE)
    await expansion_of(device, again)  # whoever was at it is free again
    assert await derived(writer, note) == []
