"""Text expansion of a note: it runs once, and every device receives it, whatever happens to the worker."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest
from nats.aio.client import Client

from reyna.domain.text.words import word_count
from reyna.sdk import Processor
from tests.journeys.application import Application
from tests.journeys.people import TIMEOUT_SECONDS, Device, Frame, Person, body_of, is_about
from tests.journeys.processors import hanging_processor, running_worker

NOTE: Final = "The old lighthouse keeper climbed the winding stairs and lit the lamp."
EXPANDED: Final = "expanded-text-v1"


@pytest.fixture
async def writer(application: Application) -> AsyncIterator[Person]:
    """A new ana whose text expansion is switched on."""
    person = await application.person("ana", expands=True)
    yield person
    await person.leave()


async def expansion_of(device: Device, note: dict[str, Any]) -> list[Frame]:
    """Everything that is said until the note's expansion is complete."""
    ends = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}
    frames = await device.receive_until(lambda frame: frame["type"] in ends and frame["blob_id"] == note["id"])
    assert frames[-1]["type"] == "processor.completed", frames[-1]
    return frames


async def derived(person: Person, note: dict[str, Any]) -> list[Any]:
    return await person.all("/blobs", parent_id=note["id"])


async def queue_is_empty(nats_client: Client, worked_off: int) -> None:
    """Returns when the processor's queue has handed out this many messages and each of them is settled."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            queue = await nats_client.jetstream().consumer_info("RUNS", "text-expansion")
            assert queue.delivered and queue.num_ack_pending is not None
            if queue.delivered.stream_seq >= worked_off and not (queue.num_pending or queue.num_ack_pending):
                return


async def test_my_note_comes_back_as_prose_on_every_device(writer: Person) -> None:
    here, there = await writer.device(), await writer.device()
    bucket = (await here.do("create_bucket", name="Chapter 1", type="scene"))["bucket"]
    note = await here.write_note(NOTE, bucket_ids=[bucket["id"]])
    frames_here, frames_there = await asyncio.gather(expansion_of(here, note), expansion_of(there, note))

    (prose,) = await derived(writer, note)
    for frames in (frames_here, frames_there):
        types = [frame["type"] for frame in frames if frame["type"].startswith(("processor.", "blob."))]
        assert [type for type in types if type != "processor.progress"] == [
            "blob.created",
            "processor.requested",
            "processor.started",
            "blob.created",
            "processor.completed",
        ]
        progress = [frame for frame in frames if frame["type"] == "processor.progress"]
        assert progress[-1]["progress"] == 1.0
        assert progress[-1]["text"] == prose["data"]["expanded"]
        assert {(frame["processor"], frame["blob_id"]) for frame in progress} == {("text-expansion", note["id"])}
        arrived = next(frame for frame in frames if is_about(frame, "blob.created", schema_id=EXPANDED))
        assert (arrived["blob_id"], arrived["parent_id"]) == (prose["id"], note["id"])
        assert (arrived["bucket_ids"], arrived["processor"]) == ([bucket["id"]], "text-expansion")
        assert frames[-1]["output_blob_ids"] == [prose["id"]]


async def test_the_prose_is_three_to_five_times_as_long_and_says_what_it_is(writer: Person) -> None:
    device = await writer.device()
    note = await device.write_note(NOTE)
    frames = await expansion_of(device, note)
    (prose,) = await derived(writer, note)
    words = word_count(prose["data"]["expanded"])
    assert 3 * word_count(NOTE) <= words <= 5 * word_count(NOTE)
    assert (prose["schema_id"], prose["author_kind"], prose["parent_id"]) == (EXPANDED, "processor", note["id"])
    assert prose["data"]["original"] == NOTE
    assert prose["data"]["metrics"]["words"] == words
    run = await writer.get(f"/runs/{frames[-1]['run_id']}")
    assert (run["status"], run["output_blob_ids"], run["blob_revision"]) == ("completed", [prose["id"]], 1)
    assert run["cost"]["output_tokens"] > 0
    assert (await writer.get(f"/blobs/{note['id']}"))["derived_ids"] == [prose["id"]]


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_the_model_that_comes_with_the_studio_is_a_demonstration(application: Application) -> None:
    newcomer = await application.person("ana", expands=None)
    assert (await newcomer.get("/instances"))["items"] == []
    assert (await newcomer.get("/models"))["items"][0]["demonstration"] is True
    device = await newcomer.device()
    long, note = await device.write_note(f"{NOTE} " * 8), await device.write_note(NOTE)
    await newcomer.post("/runs", {"processor_id": "text-expansion", "blob_ids": [long["id"], note["id"]]})
    refused = await device.wait_for("processor.refused", blob_id=long["id"])
    assert "connect a language model" in refused["error"]
    await device.wait_for("processor.completed", blob_id=note["id"])
    (prose,) = await derived(newcomer, note)
    assert prose["data"]["demonstration"] is True
    assert [one for one in prose["data"]["findings"] if one["kind"].startswith(("missing", "new"))] == []
    await newcomer.leave()


async def test_work_that_comes_again_when_it_is_done_is_not_done_again(writer: Person, nats_client: Client) -> None:
    device = await writer.device()
    work = await nats_client.subscribe(f"reyna.run.text-expansion.{writer.id}")
    await nats_client.flush()
    note = await device.write_note(NOTE)
    message = await work.next_msg(timeout=60)
    await expansion_of(device, note)
    again = await nats_client.jetstream().publish(
        message.subject, message.data
    )  # without an id: not taken for a repeat
    await queue_is_empty(nats_client, again.seq)
    await check_done_once(writer, note, attempts=1)


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_work_that_comes_again_while_it_is_being_done_is_done_once(writer: Person, nats_client: Client) -> None:
    device = await writer.device()
    work = await nats_client.subscribe(f"reyna.run.text-expansion.{writer.id}")
    await nats_client.flush()
    note = await device.write_note(NOTE)
    message = await work.next_msg(timeout=60)
    again = await nats_client.jetstream().publish(message.subject, message.data)
    await expansion_of(device, note)
    await queue_is_empty(nats_client, again.seq)
    await check_done_once(writer, note, attempts=1)


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_a_worker_that_is_killed_at_its_work_leaves_it_to_the_next(
    application: Application, writer: Person
) -> None:
    device, worker = await writer.device(), application.processes["worker"]
    note = await device.write_note(NOTE)
    await device.receive_until(lambda frame: bool(frame["type"] == "processor.progress" and frame["text"]))
    worker.send(signal.SIGKILL)
    await worker.wait()
    assert await derived(writer, note) == []
    await worker.start()
    frames = await expansion_of(device, note)
    assert len([frame for frame in frames if is_about(frame, "blob.created", schema_id=EXPANDED)]) == 1
    await check_done_once(writer, note, attempts=2)


async def check_done_once(person: Person, note: dict[str, Any], *, attempts: int) -> None:
    (prose,) = await derived(person, note)
    (run,) = (await person.get("/runs", blob_id=note["id"]))["items"]
    assert (run["status"], run["attempt"], run["output_blob_ids"]) == ("completed", attempts, [prose["id"]])


async def test_a_note_that_is_too_short_sets_nothing_off_and_is_refused_in_words_where_i_ask_for_it(
    writer: Person,
) -> None:
    device = await writer.device()
    note, long = await device.write_note("Too short."), await device.write_note(NOTE)
    await expansion_of(device, long)
    assert (await writer.get("/runs", blob_id=note["id"]))["items"] == []
    await writer.post("/runs", {"processor_id": "text-expansion", "blob_ids": [note["id"]]})
    refused = await device.wait_for("processor.refused", blob_id=note["id"])
    assert refused["error"] == "Text expansion needs 3 to 1,000 words; this has 2."
    (run,) = (await writer.get("/runs", blob_id=note["id"]))["items"]
    assert (run["status"], run["error"]) == ("refused", refused["error"])
    assert (await writer.get("/dead"))["items"] == []


async def letters_in_the_stream(nats_client: Client, person: Person) -> list[Any]:
    """What a program reads that follows the dead letters of this person on NATS."""
    messages = await nats_client.jetstream().pull_subscribe(f"reyna.dead.*.{person.id}", stream="DEAD")
    try:
        count = (await messages.consumer_info()).num_pending
        found = await messages.fetch(count, timeout=TIMEOUT_SECONDS) if count else []
        return [msgspec.json.decode(one.data) for one in found]
    finally:
        await messages.unsubscribe()


async def test_what_can_never_be_made_is_a_dead_letter_as_long_as_i_keep_it(
    ana: Person, failing_processor: Processor[None], nats_client: Client
) -> None:
    device = await ana.device()
    notes = [await device.write_note(NOTE), await device.write_note(NOTE)]
    for note in notes:
        await ana.post("/runs", {"processor_id": failing_processor.id, "blob_ids": [note["id"]]})
        failed = await device.wait_for("processor.failed", blob_id=note["id"])
        assert "does not fit" in failed["error"]
        run = await ana.get(f"/runs/{failed['run_id']}")
        assert (run["status"], run["attempt"], run["output_blob_ids"]) == ("failed", 1, [])
    letters = (await ana.get("/dead"))["items"]
    assert len(letters) == 2
    assert {one["id"] for one in await letters_in_the_stream(nats_client, ana)} == {letter["id"] for letter in letters}
    body_of(await ana.rest.delete(f"/dead/{letters[0]['id']}"))
    assert await letters_in_the_stream(nats_client, ana) == [letters[1]]
    await ana.post(f"/dead/{letters[1]['id']}/replay", {})
    await device.wait_for("processor.failed", run_id=letters[1]["run_id"])
    (again,) = (await ana.get("/dead"))["items"]
    assert await letters_in_the_stream(nats_client, ana) == [again]
    assert (again["id"], again["run_id"]) == (letters[1]["id"], letters[1]["run_id"])
    assert again["run_revision"] > letters[1]["run_revision"]


async def test_whoever_comes_in_the_middle_of_a_run_sees_how_far_it_is(application: Application, ana: Person) -> None:
    device = await ana.device()
    note = await device.write_note(NOTE)
    async with running_worker(application, hanging_processor):
        (requested,) = (await ana.post("/runs", {"processor_id": "holding", "blob_ids": [note["id"]]}))["items"]
        await device.wait_for("processor.progress", run_id=requested["id"])
        run = await progressed(ana, requested["id"])
        assert (run["status"], run["progress"], run["text"]) == ("running", 0.4, "The mighty vessel")
        (listed,) = (await ana.get("/runs", status="running", blob_id=note["id"]))["items"]
        assert listed["progress"] == 0.4
        cancelled = await ana.post(f"/runs/{requested['id']}/cancel")
        assert (cancelled["status"], cancelled["progress"]) == ("cancelled", 0.4)


async def progressed(person: Person, run_id: str) -> dict[str, Any]:
    """The run, as soon as the service has heard what its devices hear: it may be a moment later."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            run: dict[str, Any] = await person.get(f"/runs/{run_id}")
            if run["progress"] > 0:
                return run


async def test_a_run_that_i_call_off_makes_nothing(writer: Person) -> None:
    device = await writer.device()
    note = await device.write_note(NOTE)
    started = await device.wait_for("processor.started", blob_id=note["id"])
    answer = await device.do("cancel_run", run_id=started["run_id"])
    assert answer["run"]["status"] == "cancelled"
    await device.wait_for("processor.cancelled", run_id=started["run_id"])
    again = await device.write_note(NOTE)
    await expansion_of(device, again)  # whoever was at it is free again
    assert await derived(writer, note) == []
