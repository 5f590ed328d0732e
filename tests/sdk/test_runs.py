"""A run that a worker is handed comes to an end, once: with what the processor makes of the blob, or cancelled."""

import asyncio
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import TimedOut
from reyna.sdk import Blob, Context, Derived
from tests.collected import Collected
from tests.sdk.around import cancel, hand_over, settled
from tests.sdk.conftest import Stage, shout


async def test_a_note_becomes_what_the_processor_makes_of_it(stage: Stage) -> None:
    await stage.hire(shout)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    (output,) = stage.services.made.values()
    assert output.data == {"content": "THE SHIP SAILED INTO THE STORM.!"}
    assert output.bucket_ids is None


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


async def test_several_blobs_may_come_of_one(stage: Stage) -> None:
    async def split(blob: Blob, context: Context[Any]) -> Any:
        return [{"content": "one"}, Derived({"content": "two"}, schema_id="pitch-v1", buckets=("bucket-1",))]

    await stage.hire(split)
    await hand_over(stage.bus, stage.work)
    await stage.services.hear("complete")
    one, two = stage.services.made.values()
    assert (one.schema_id, one.bucket_ids) == (None, None)
    assert (two.schema_id, two.bucket_ids) == ("pitch-v1", ("bucket-1",))
