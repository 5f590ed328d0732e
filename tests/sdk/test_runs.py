"""A run that a worker is handed comes to an end, once: with what the processor makes of the blob, or cancelled."""

import asyncio
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import TimedOut
from reyna.sdk import Blob, Context, Derived
from tests.sdk.conftest import REDELIVERY_SECONDS, Loudness, Stage, shout
from tests.sdk.services_in_memory import cancel, publish_work, wait_until_idle
from tests.support.collector import Collector


async def test_a_note_becomes_what_the_processor_makes_of_it(stage: Stage) -> None:
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    (output,) = stage.services.outputs.values()
    assert output.data == {"content": "THE SHIP SAILED INTO THE STORM.!"}
    assert output.bucket_ids is None


async def test_a_run_is_worked_on_with_its_own_token(stage: Stage) -> None:
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert set(stage.services.tokens[1:]) == {f"token of {stage.work.run_id}"}


async def test_a_run_says_of_which_revision_it_made_what_it_made(stage: Stage) -> None:
    await stage.start_worker(shout)
    stage.services.stored_blobs[stage.note.id] = replace(stage.note, revision=stage.note.revision + 2)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert stage.services.runs[stage.work.run_id].blob_revision == stage.note.revision + 2


async def test_the_users_settings_come_before_those_of_the_installation(stage: Stage) -> None:
    await stage.start_worker(shout, defaults={"marks": 3, "unknown_here": True})
    theirs = stage.services.new_run(stage.note, "shout", {"marks": 2})
    await publish_work(stage.bus, stage.work)
    await publish_work(stage.bus, theirs)
    await stage.services.wait_for_call("complete", times=2)
    assert sorted(output.data["content"][-4:] for output in stage.services.outputs.values()) == [".!!!", "M.!!"]


async def test_settings_for_the_demonstration_model_are_not_for_a_model_of_the_user(stage: Stage) -> None:
    seen: list[tuple[int, bool]] = []

    async def look(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
        seen.append((context.settings.marks, context.language.demonstration))
        return {"content": "!"}

    await stage.start_worker(look, defaults={"marks": 3}, demonstration=True)
    await publish_work(stage.bus, stage.work)
    await publish_work(stage.bus, replace(stage.services.new_run(stage.note, "shout"), model="model-1"))
    await stage.services.wait_for_call("complete", times=2)
    assert sorted(seen) == [(1, False), (3, True)]


async def test_a_delivery_that_comes_twice_makes_no_second_blob(stage: Stage) -> None:
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work, number=1)
    await stage.services.wait_for_call("complete")
    await publish_work(stage.bus, stage.work, number=2)
    await wait_until_idle()
    assert len(stage.services.outputs) == 1
    assert [verb for verb, _ in stage.services.calls.items].count("complete") == 1


async def test_a_run_that_was_completed_without_our_hearing_so_is_left_as_it_is(stage: Stage) -> None:
    stage.services.errors["complete"] = TimedOut("no answer")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    await wait_until_idle()
    assert stage.services.runs[stage.work.run_id].status == "completed"
    assert len(stage.services.outputs) == 1


async def test_a_run_that_has_ended_is_dropped(stage: Stage) -> None:
    ended = stage.services.runs[stage.work.run_id]
    stage.services.runs[stage.work.run_id] = msgspec.structs.replace(ended, status="cancelled")
    await stage.start_worker(shout)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("claim")
    await wait_until_idle()
    assert stage.services.outputs == {}
    assert [verb for verb, _ in stage.services.calls.items] == ["register", "claim"]


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

    await stage.start_worker(work_long)
    await publish_work(stage.bus, stage.work)
    await begun.wait()
    await cancel(stage.bus, stage.work)
    await ended.wait()
    await wait_until_idle()
    assert seen == [True]
    assert stage.services.outputs == {}
    assert {verb for verb, _ in stage.services.calls.items} == {"register", "claim"}


async def test_cancelling_one_run_leaves_the_others_alone(stage: Stage) -> None:
    begun, go_on = Collector[str](), asyncio.Event()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        begun(blob.id)
        await go_on.wait()
        return {"content": "done"}

    await stage.start_worker(work_long)
    other = stage.services.new_run(stage.note, "shout")
    await publish_work(stage.bus, stage.work)
    await publish_work(stage.bus, other)
    await begun.first(2)
    await cancel(stage.bus, stage.work)
    await wait_until_idle()
    go_on.set()
    await stage.services.wait_for_call("complete")
    assert stage.services.runs[other.run_id].status == "completed"


async def test_a_long_run_is_not_taken_for_lost(stage: Stage) -> None:
    go_on = asyncio.Event()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        await go_on.wait()
        return {"content": "done"}

    await stage.start_worker(work_long)
    await publish_work(stage.bus, stage.work)
    for times in range(1, 4):
        (await stage.timers.after(REDELIVERY_SECONDS, times=times))()
    await wait_until_idle()
    go_on.set()
    await stage.services.wait_for_call("complete")
    assert [verb for verb, _ in stage.services.calls.items] == ["register", "claim", "complete"]


async def test_progress_reaches_the_users_devices_and_the_last_of_it_always(stage: Stage) -> None:
    sent = Collector[dict[str, Any]]()
    await stage.bus.listen(
        "reyna.live.user-ana.processor.progress.shout", lambda received: sent(msgspec.json.decode(received.body))
    )

    async def report(blob: Blob, context: Context[Any]) -> Any:
        for step in range(100):
            await context.progress(step / 100, "x" * step)
        return {"content": "done"}

    await stage.start_worker(report)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    await wait_until_idle()
    assert sent.items[0] == {
        "run_id": stage.work.run_id,
        "processor": "shout",
        "blob_id": stage.note.id,
        "progress": 0.0,
        "text": "",
    }
    assert sent.items[-1]["progress"] == 0.99
    assert len(sent.items) < 100


async def test_several_blobs_may_come_of_one(stage: Stage) -> None:
    async def split(blob: Blob, context: Context[Any]) -> Any:
        return [{"content": "one"}, Derived({"content": "two"}, schema_id="pitch-v1", buckets=("bucket-1",))]

    await stage.start_worker(split)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    one, two = stage.services.outputs.values()
    assert (one.schema_id, one.bucket_ids) == (None, None)
    assert (two.schema_id, two.bucket_ids) == ("pitch-v1", ("bucket-1",))


async def test_an_output_of_a_schema_that_was_not_registered_fails_for_good(stage: Stage) -> None:
    async def make(blob: Blob, context: Context[Any]) -> Any:
        return Derived({"content": "one"}, schema_id="style-analysis-v1")

    await stage.start_worker(make)
    await publish_work(stage.bus, stage.work)
    reason, final = await stage.services.wait_for_call("fail")
    assert final
    assert "style-analysis-v1, which is not among its output schemas" in reason
