"""A worker brings every run it is handed to an end, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from reyna.adapters.memory_bus import MemoryBus
from reyna.domain.caller import Caller
from reyna.domain.errors import DataError, Fault, Forbidden, Invalid, TimedOut, Unserved
from reyna.domain.event import Message
from reyna.sdk import Blob, Context, Derived, Processor, Refuse, Retry
from reyna.sdk.worker import ATTEMPTS, Worker
from tests.collected import Collected
from tests.sdk.around import Services, Timers, a_note, cancel, hand_over, settled

PATIENCE = 333.0
Function = Callable[[Blob, Context[Any]], Awaitable[Any]]


class Loudness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    marks: int = 1


class Stage:
    """A bus, the services, a note, and workers of the processor `shout` that do what the test says."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.bus = MemoryBus(later=self.timers)
        self.note = a_note()
        self.services = Services(self.note)
        self.work = self.services.a_run(self.note, "shout")
        self.workers: list[Worker] = []

    async def hire(self, function: Function, *, beat_every: float = PATIENCE, **options: Any) -> Worker:
        shout = Processor("shout", takes="text-input-v1", makes="edited-text-v1", settings=Loudness)
        shout(function)
        worker = Worker(
            shout,
            self.bus,
            sign=lambda caller: f"pass of {caller.name}",
            neighbours=self.services.as_neighbours,
            **({"patience": PATIENCE, "beat_every": beat_every} | options),
        )
        self.workers.append(worker)
        await worker.start()
        return worker


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    for worker in stage.workers:
        await worker.stop(grace=0)


async def shout(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
    return {"content": blob.data["content"].upper() + "!" * context.settings.marks}


async def test_a_note_becomes_what_the_processor_makes_of_it(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    (output,) = stage.services.made.values()
    assert output.data == {"content": "THE SHIP SAILED INTO THE STORM.!"}
    assert output.bucket_ids is None


async def test_the_processor_is_registered_with_what_it_takes_and_makes(stage: Stage) -> None:
    await stage.hire(shout)
    registered = stage.services.registered
    assert registered is not None
    assert (registered.id, registered.input_schemas, registered.output_schema) == (
        "shout",
        ("text-input-v1",),
        "edited-text-v1",
    )
    assert registered.settings_schema is not None
    assert stage.services.tokens == ["pass of shout"]


async def test_a_run_is_worked_on_with_its_own_pass(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    assert set(stage.services.tokens[1:]) == {f"pass of {stage.work.run_id}"}


async def test_a_run_says_of_which_revision_it_made_what_it_made(stage: Stage) -> None:
    await stage.hire(shout)
    stage.services.blobs_there[stage.note.id] = replace(stage.note, revision=stage.note.revision + 2)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    assert stage.services.runs[stage.work.run_id].blob_revision == stage.note.revision + 2


async def test_the_users_settings_come_before_those_of_the_house(stage: Stage) -> None:
    await stage.hire(shout, defaults={"marks": 3, "unknown_here": True})
    theirs = stage.services.a_run(stage.note, "shout", {"marks": 2})
    await hand_over(stage.bus, stage.work)
    await hand_over(stage.bus, theirs)
    await stage.services.hear("complete", times=2)
    assert sorted(output.data["content"][-4:] for output in stage.services.made.values()) == [".!!!", "M.!!"]


async def test_settings_that_do_not_fit_are_refused_in_words(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.services.a_run(stage.note, "shout", {"marks": "many"}))
    assert "marks" in await stage.services.hear("refuse")


async def test_a_delivery_that_comes_twice_makes_no_second_blob(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work, number=1)
    await stage.services.hear("complete")
    await hand_over(stage.bus, stage.work, number=2)
    await settled()
    assert len(stage.services.made) == 1
    assert [verb for verb, _ in stage.services.said.items].count("complete") == 1


async def test_a_run_that_was_completed_without_our_hearing_so_is_left_as_it_is(stage: Stage) -> None:
    stage.services.gone["complete"] = TimedOut("no answer")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    await settled()
    assert stage.services.runs[stage.work.run_id].status == "completed"
    assert len(stage.services.made) == 1


async def test_a_refusal_is_final_and_says_why(stage: Stage) -> None:
    async def refuse(blob: Blob, context: Context[Any]) -> Any:
        raise Refuse("This is no text.")

    await stage.hire(refuse)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("refuse") == "This is no text."
    await settled()
    assert not any(seconds != PATIENCE for seconds, _ in stage.timers.set.items)


async def test_a_refusal_of_the_house_in_the_middle_of_the_work_is_final_too(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        raise Forbidden("The language model did not accept the key.")

    await stage.hire(ask)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("refuse") == "The language model did not accept the key."


async def test_a_blob_of_another_schema_is_refused(stage: Stage) -> None:
    await stage.hire(shout)
    stage.services.blobs_there[stage.note.id] = msgspec.structs.replace(stage.note, schema_id="pitch-v1")
    await hand_over(stage.bus, stage.work)
    assert "pitch-v1" in await stage.services.hear("refuse")


async def test_a_fault_is_tried_again_after_longer_and_longer_and_given_up_after_the_fifth(stage: Stage) -> None:
    async def stumble(blob: Blob, context: Context[Any]) -> Any:
        raise ZeroDivisionError("secret")

    await stage.hire(stumble)
    await hand_over(stage.bus, stage.work)
    for seconds in (1.0, 5.0, 30.0, 120.0):
        (await stage.timers.after(seconds))()
    reasons = [await stage.services.hear("fail", times=n + 1) for n in range(ATTEMPTS)]
    assert [final for _, final in reasons] == [False, False, False, False, True]
    assert all("secret" not in reason and "shout" in reason for reason, _ in reasons)
    assert stage.services.runs[stage.work.run_id].status == "failed"


async def test_a_fault_that_passes_does_no_harm(stage: Stage) -> None:
    tries = Collected[int]()

    async def stumble_once(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            raise Fault("The language model cannot be reached.")
        return {"content": "done"}

    await stage.hire(stumble_once)
    await hand_over(stage.bus, stage.work)
    (await stage.timers.after(1.0))()
    await stage.services.hear("complete")
    assert await stage.services.hear("fail") == ("The language model cannot be reached.", False)


async def test_a_processor_may_ask_to_come_later_without_having_failed(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.hire(wait)
    await hand_over(stage.bus, stage.work)
    for times in range(1, ATTEMPTS + 2):
        (await stage.timers.after(7, times=times))()
    assert "fail" not in {verb for verb, _ in stage.services.said.items}


async def test_asking_to_come_later_has_an_end(stage: Stage) -> None:
    async def wait(blob: Blob, context: Context[Any]) -> Any:
        raise Retry(after=7)

    await stage.hire(wait)
    await hand_over(stage.bus, stage.work)
    for times in range(1, 51):
        (await stage.timers.after(7, times=times))()
    reason, final = await stage.services.hear("fail")
    assert final
    assert "50" in reason


async def test_a_run_that_waited_often_still_has_its_five_attempts(stage: Stage) -> None:
    turns = Collected[int]()

    async def wait_then_stumble(blob: Blob, context: Context[Any]) -> Any:
        turns(1)
        if len(turns.items) <= ATTEMPTS:
            raise Retry(after=7)
        raise Fault("broken")

    await stage.hire(wait_then_stumble)
    await hand_over(stage.bus, stage.work)
    for times in range(1, ATTEMPTS + 1):
        (await stage.timers.after(7, times=times))()
    assert await stage.services.hear("fail") == ("broken", False)


async def test_work_waits_for_a_service_that_is_gone(stage: Stage) -> None:
    stage.services.gone["claim"] = Unserved("nobody there")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.gone["claim"]
    again()
    await stage.services.hear("complete")


async def test_work_waits_for_the_note_when_the_service_that_keeps_it_is_gone(stage: Stage) -> None:
    stage.services.gone["blob"] = Unserved("nobody there")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    again = await stage.timers.after(1.0)
    del stage.services.gone["blob"]
    again()
    await stage.services.hear("complete")
    assert "fail" not in {verb for verb, _ in stage.services.said.items}


async def test_a_note_that_is_gone_is_refused(stage: Stage) -> None:
    await stage.hire(shout)
    del stage.services.blobs_there[stage.note.id]
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("refuse")


async def test_a_processor_that_cancels_itself_has_failed(stage: Stage) -> None:
    async def give_up(blob: Blob, context: Context[Any]) -> Any:
        raise asyncio.CancelledError

    await stage.hire(give_up)
    await hand_over(stage.bus, stage.work)
    assert await stage.services.hear("fail") == ("shout cancelled itself.", False)


async def test_a_run_that_has_ended_is_dropped(stage: Stage) -> None:
    ended = stage.services.runs[stage.work.run_id]
    stage.services.runs[stage.work.run_id] = msgspec.structs.replace(ended, status="cancelled")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("claim")
    await settled()
    assert stage.services.made == {}
    assert [verb for verb, _ in stage.services.said.items] == ["register", "claim"]


async def test_a_cancelled_run_stops_at_once_and_makes_nothing(stage: Stage) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    seen: list[bool] = []

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(context.cancelled)
            ended.set()

    await stage.hire(work_long)
    await hand_over(stage.bus, stage.work)
    await begun.wait()
    await cancel(stage.bus, stage.work)
    await ended.wait()
    await settled()
    assert seen == [True]
    assert stage.services.made == {}
    assert {verb for verb, _ in stage.services.said.items} == {"register", "claim"}


async def test_cancelling_one_run_leaves_the_others_alone(stage: Stage) -> None:
    begun, go_on = Collected[str](), asyncio.Event()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        begun(blob.id)
        await go_on.wait()
        return {"content": "done"}

    await stage.hire(work_long)
    other = stage.services.a_run(stage.note, "shout")
    await hand_over(stage.bus, stage.work)
    await hand_over(stage.bus, other)
    await begun.first(2)
    await cancel(stage.bus, stage.work)
    await settled()
    go_on.set()
    await stage.services.hear("complete")
    assert stage.services.runs[other.run_id].status == "completed"


async def test_what_is_no_work_is_dropped_and_the_next_run_is_done(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.hire(shout, parallel=1)
    await stage.bus.publish(Message("poison", "reyna.run.shout.user-ana", b'{"run_id": 7'))
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    assert "no work" in caplog.text


async def test_a_long_run_gives_signs_of_life(stage: Stage) -> None:
    go_on = asyncio.Event()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        await go_on.wait()
        return {"content": "done"}

    await stage.hire(work_long, patience=0.03)
    await hand_over(stage.bus, stage.work)
    await stage.timers.after(0.03, times=4)  # the first is the delivery, each other one a sign of life
    go_on.set()
    await stage.services.hear("complete")


async def test_a_worker_says_that_it_is_there(stage: Stage) -> None:
    beats = Collected[bytes]()
    await stage.bus.listen("reyna.beat.shout", lambda heard: beats(heard.body))
    worker = await stage.hire(shout, beat_every=0.001)
    first, second = await beats.first(2)
    assert msgspec.json.decode(first) == {"processor_id": "shout", "worker_id": worker.id, "busy": 0}
    assert second == first


async def test_progress_reaches_the_users_devices_and_the_last_of_it_always(stage: Stage) -> None:
    told = Collected[dict[str, Any]]()
    await stage.bus.listen(
        "reyna.live.user-ana.processor.progress.shout", lambda heard: told(msgspec.json.decode(heard.body))
    )

    async def report(blob: Blob, context: Context[Any]) -> Any:
        for step in range(100):
            await context.progress(step / 100, "x" * step)
        return {"content": "done"}

    await stage.hire(report)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    await settled()
    assert told.items[0] == {
        "run_id": stage.work.run_id,
        "processor": "shout",
        "blob_id": stage.note.id,
        "progress": 0.0,
        "text": "",
    }
    assert told.items[-1]["progress"] == 0.99
    assert len(told.items) < 100


async def test_what_does_not_fit_the_output_schema_is_never_stored(stage: Stage) -> None:
    stage.services.misfit = DataError(path="/content", message="is missing")
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    reason, final = await stage.services.hear("fail")
    assert not final
    assert "/content: is missing" in reason
    assert stage.services.made == {}


async def test_several_blobs_may_come_of_one(stage: Stage) -> None:
    async def split(blob: Blob, context: Context[Any]) -> Any:
        return [{"content": "one"}, Derived({"content": "two"}, schema_id="pitch-v1", buckets=("bucket-1",))]

    await stage.hire(split)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    one, two = stage.services.made.values()
    assert (one.schema_id, one.bucket_ids) == (None, None)
    assert (two.schema_id, two.bucket_ids) == ("pitch-v1", ("bucket-1",))


async def test_a_stopped_worker_hands_its_runs_on(stage: Stage) -> None:
    begun, tries = asyncio.Event(), Collected[int]()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            begun.set()
            await asyncio.Event().wait()
        return {"content": "done"}

    first = await stage.hire(work_long)
    await hand_over(stage.bus, stage.work)
    await begun.wait()
    await first.stop(grace=0)
    await stage.hire(work_long)
    (await stage.timers.after(0.0))()
    await stage.services.hear("complete")


async def test_a_processor_the_house_does_not_take_does_not_start(stage: Stage) -> None:
    stage.services.gone["register"] = Invalid("no such schema")
    with pytest.raises(Invalid):
        await stage.hire(shout)


async def test_a_pass_is_only_signed_for_the_processor_itself(stage: Stage) -> None:
    asked: list[Caller] = []

    def sign(caller: Caller) -> str:
        asked.append(caller)
        return "pass"

    worker = Worker(
        Processor("shout", takes="text-input-v1", makes="edited-text-v1"),
        stage.bus,
        sign=sign,
        neighbours=stage.services.as_neighbours,
    )
    stage.workers.append(worker)
    await worker.start()
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("fail")  # it has no function
    assert [(caller.kind, caller.processor_id, caller.run_id) for caller in asked] == [("processor", "shout", None)]
