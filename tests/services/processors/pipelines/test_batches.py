"""A batch goes on from stage to stage, exactly once, and ends with its last run."""

import asyncio

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.processing.pipeline import NewPipeline, NewPipelineRuns, PipelineStage
from reyna.domain.processing.run import NewRuns, Output
from tests.services.processors.neighbours import list_events
from tests.services.processors.pipelines.chain import ANALYSIS, EXPANSION, Chain
from tests.services.processors.service_in_memory import Service


async def test_the_outputs_of_a_stage_are_the_inputs_of_the_next(chain: Chain, ana: Caller) -> None:
    note = chain.note(ana)
    requested = await chain.start(ana, note)
    (first,) = requested.items
    assert (first.batch_id, first.stage, first.advances) == (requested.batch_id, 0, True)
    first = await chain.complete(first, {"expanded": "one"}, {"expanded": "two"})
    assert (await chain.batch(ana, requested)).status == "running"
    await chain.tell(first)
    second = await chain.runs(ana, requested.batch_id, 1)
    assert {run.blob_id for run in second} == set(first.output_blob_ids)
    assert {(run.processor_id, run.depth, run.advances) for run in second} == {(ANALYSIS, 2, False)}
    for run in second:
        await chain.tell(await chain.complete(run, {"style": "plain"}))
    batch = await chain.batch(ana, requested)
    assert (batch.status, batch.progress.fraction) == ("completed", 1.0)
    assert [stage.completed for stage in batch.progress.stages] == [1, 2]
    kinds = [event.type for event in await list_events(chain.service.store, "batch.")]
    assert kinds == ["batch.requested", "batch.completed"]
    parents = {blob.parent_id for blob in chain.service.state.kept.values() if blob.schema_id == "style-analysis-v1"}
    assert parents == set(first.output_blob_ids)


async def test_the_events_of_its_runs_name_the_batch(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana))
    (told,) = await list_events(chain.service.store, "processor.requested")
    assert (told.data["batch_id"], told.data["stage"]) == (requested.batch_id, 0)


async def test_two_copies_and_a_second_delivery_advance_once(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana))
    run = await chain.complete(requested.items[0], {"expanded": "one"})
    copies = [chain.processors, chain.service.new_copy(), chain.service.new_copy()]
    await asyncio.gather(*(chain.tell(run, copy) for copy in copies))
    await chain.tell(run, *copies)
    assert len(await chain.runs(ana, requested.batch_id, 1)) == 1
    assert len(await list_events(chain.service.store, f"processor.requested.{ANALYSIS}")) == 1


async def test_a_batch_does_not_end_before_its_last_output_is_handed_on(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana), chain.note(ana))
    one, other = [await chain.complete(run, {"expanded": run.id}) for run in requested.items]
    await chain.tell(one)
    (analysis,) = await chain.runs(ana, requested.batch_id, 1)
    await chain.tell(await chain.complete(analysis, {"style": "plain"}))
    assert (await chain.batch(ana, requested)).status == "running"  # nobody has heard of the other one yet
    await chain.processors.batch_recovery().recover()
    assert {run.blob_id for run in await chain.runs(ana, requested.batch_id, 1)} == {
        *one.output_blob_ids,
        *other.output_blob_ids,
    }


async def test_a_blob_for_which_the_condition_is_false_goes_no_further(chain: Chain, ana: Caller) -> None:

    stages = (
        PipelineStage(processor_id=EXPANSION, when="words(content) > 3"),
        PipelineStage(processor_id=ANALYSIS, when='tone == "dark"'),
    )
    pipeline = await chain.processors.pipelines.create(ana, NewPipeline(name="Dark ones", stages=stages))
    short, long = chain.note(ana, "Too short."), chain.note(ana)
    requested = await chain.start(ana, short, long, pipeline=(), pipeline_id=pipeline.id)
    assert [run.blob_id for run in requested.items] == [long.id]
    run = await chain.complete(
        requested.items[0],
        {"tone": "dark"},
        {"tone": "light"},
        Output(data={}, schema_id="expanded-text-v1"),
    )
    await chain.tell(run)
    assert [one.blob_id for one in await chain.runs(ana, requested.batch_id, 1)] == [run.output_blob_ids[0]]
    skipped = (await chain.processors.batches.list_skipped(ana, requested.batch_id or "")).items
    assert {each.blob_id: each.stage for each in skipped} == {
        short.id: 0,
        run.output_blob_ids[1]: 1,
        run.output_blob_ids[2]: 1,
    }
    assert {each.reason for each in skipped} == {
        "The condition is false: words(content) > 3",
        'The condition is false: tone == "dark"',
    }
    batch = await chain.batch(ana, requested)
    assert (batch.name, batch.pipeline_id) == ("Dark ones", pipeline.id)
    assert [stage.skipped for stage in batch.progress.stages] == [1, 2]


async def test_a_batch_with_nothing_to_run_has_ended(chain: Chain, ana: Caller) -> None:
    assert await chain.start(ana, bucket_id="bucket-a") == await chain.start(ana, bucket_id="bucket-a")
    assert (await chain.processors.batches.list(ana)).items == ()


async def test_a_failed_run_fails_the_batch_which_goes_on_when_it_is_retried(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana))
    (run,) = requested.items
    worker = await chain.service.worker_of(run)
    await chain.processors.execution.claim(worker, run.id)
    await chain.tell(await chain.processors.execution.fail(worker, run.id, "The model is away.", final=True))
    assert (await chain.batch(ana, requested)).status == "failed"
    run = await chain.processors.runs.retry(ana, run.id)
    assert (await chain.batch(ana, requested)).status == "running"
    await chain.tell(await chain.complete(run, {"expanded": "one"}))
    assert len(await chain.runs(ana, requested.batch_id, 1)) == 1
    kinds = [event.type for event in await list_events(chain.service.store, "batch.")]
    assert kinds == ["batch.requested", "batch.failed", "batch.requested"]


async def test_a_cancelled_batch_stops_at_once(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana), chain.note(ana))
    done = await chain.complete(requested.items[0], {"expanded": "one"})
    batch = await chain.processors.batches.cancel(ana, requested.batch_id or "")
    assert (batch.status, batch.progress.stages[0].cancelled) == ("cancelled", 1)
    await chain.tell(done)
    assert await chain.runs(ana, requested.batch_id, 1) == []
    assert (await chain.processors.batches.cancel(ana, batch.id)).status == "cancelled"


async def test_a_batch_that_has_ended_cannot_be_cancelled(chain: Chain, ana: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana), pipeline=(EXPANSION,))
    await chain.tell(await chain.complete(requested.items[0], {"expanded": "one"}))
    with pytest.raises(Conflict):
        await chain.processors.batches.cancel(ana, requested.batch_id or "")


async def test_a_processor_on_a_bucket_is_a_batch_over_its_subtree(chain: Chain, ana: Caller, bo: Caller) -> None:
    chain.service.state.bucket(ana.user_id, "bucket-book")
    chain.service.state.bucket(ana.user_id, "bucket-chapter", "bucket-book")
    wanted = {
        chain.note(ana, bucket_ids=("bucket-book",)).id,
        chain.note(ana, bucket_ids=("bucket-chapter", "bucket-book")).id,
        chain.note(ana, bucket_ids=("bucket-chapter",)).id,
    }
    chain.note(bo, bucket_ids=("bucket-chapter",))
    runs = await chain.processors.runs.request(ana, NewRuns(processor_id=EXPANSION, bucket_id="bucket-book"))
    assert {run.blob_id for run in runs} == wanted
    (batch,) = (await chain.processors.batches.list(ana, bucket_id="bucket-book")).items
    assert {run.batch_id for run in runs} == {batch.id}
    assert (batch.progress.stages[0].requested, batch.priority) == (3, "bulk")
    for run in runs:
        await chain.tell(await chain.complete(run, {"expanded": "one"}))
    assert (await chain.processors.batches.get(ana, batch.id)).status == "completed"


async def test_a_single_run_is_in_no_batch(chain: Chain, ana: Caller) -> None:
    run = await chain.service.request_run(ana)
    assert run.batch_id is None
    assert (await chain.processors.batches.list(ana)).items == ()


async def test_a_stage_over_quota_is_refused_and_can_be_retried(ana: Caller) -> None:
    service = Service(allowed={"runs": 1})
    await service.register()
    await service.register("style-analyzer", input_schemas=("expanded-text-v1",), output_schema="style-analysis-v1")
    chain = Chain(service)
    requested = await chain.start(ana, chain.note(ana))
    await chain.tell(await chain.complete(requested.items[0], {"expanded": "one"}))
    (refused,) = await chain.runs(ana, requested.batch_id, 1)
    assert refused.status == "refused"
    assert refused.error
    await chain.tell(refused)
    batch = await chain.batch(ana, requested)
    assert (batch.status, batch.progress.stages[1].refused) == ("completed", 1)
    with pytest.raises(TooMuch):
        await chain.processors.runs.retry(ana, refused.id)


async def test_a_stage_that_is_too_deep_is_refused(chain: Chain, ana: Caller) -> None:
    await chain.service.register(
        ANALYSIS, input_schemas=("expanded-text-v1",), output_schema="style-analysis-v1", max_depth=1
    )
    requested = await chain.start(ana, chain.note(ana))
    await chain.tell(await chain.complete(requested.items[0], {"expanded": "one"}))
    (refused,) = await chain.runs(ana, requested.batch_id, 1)
    assert (refused.status, refused.depth) == ("refused", 2)


async def test_outputs_are_skipped_when_the_processor_is_gone_meanwhile(chain: Chain, ana: Caller) -> None:
    await chain.service.register_own(ana, "mine", input_schemas=("expanded-text-v1",), output_schema="text-input-v1")
    requested = await chain.start(ana, chain.note(ana), pipeline=(EXPANSION, "mine"))
    run = await chain.complete(requested.items[0], {"expanded": "one"})
    await chain.processors.registry.delete(ana, "mine")
    await chain.tell(run)
    (skipped,) = (await chain.processors.batches.list_skipped(ana, requested.batch_id or "")).items
    assert skipped.reason == "The processor mine is not there any more."
    assert (await chain.batch(ana, requested)).status == "completed"


async def test_the_same_request_again_starts_nothing(chain: Chain, ana: Caller) -> None:
    new = NewPipelineRuns(pipeline=(EXPANSION, ANALYSIS), blob_ids=(chain.note(ana).id,))
    first = await chain.processors.batches.request(ana, new, key="try-1")
    assert await chain.processors.batches.request(ana, new, key="try-1") == first
    assert len((await chain.processors.batches.list(ana)).items) == 1


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"pipeline": (ANALYSIS, EXPANSION)}, "/blob_ids/0"),
        ({"pipeline": (EXPANSION, EXPANSION)}, "/pipeline/1"),
        ({"pipeline": (EXPANSION, "nobody")}, "/pipeline/1"),
        ({"pipeline": ()}, "/pipeline"),
        ({"settings": {EXPANSION: {"ratio": 99}}}, f"/settings/{EXPANSION}/ratio"),
        ({"settings": {ANALYSIS: {"ratio": 3}}}, f"/settings/{ANALYSIS}"),
        ({"settings": {"nobody": {}}}, "/settings/nobody"),
        ({"settings": {EXPANSION: 3}}, f"/settings/{EXPANSION}"),
        ({"model": "model-nobody"}, "/model"),
        ({"bucket_id": "bucket-a"}, "/blob_ids"),
    ],
)
async def test_a_request_that_does_not_fit_is_refused_by_path(
    chain: Chain, ana: Caller, other: dict[str, object], path: str
) -> None:
    if other.get("pipeline") == (ANALYSIS, EXPANSION):
        await chain.service.register(ANALYSIS, input_schemas=("expanded-text-v1",), output_schema="text-input-v1")
    with pytest.raises(Invalid) as refusal:
        await chain.start(ana, chain.note(ana), **other)
    assert refusal.value.errors[0].path == path


async def test_nothing_of_a_batch_is_seen_by_another_user(chain: Chain, ana: Caller, bo: Caller) -> None:
    requested = await chain.start(ana, chain.note(ana))
    id = requested.batch_id or ""
    for asked in (
        chain.processors.batches.get(bo, id),
        chain.processors.batches.cancel(bo, id),
        chain.processors.batches.list_skipped(bo, id),
        chain.start(bo, chain.note(ana)),
        chain.start(bo, chain.note(bo), pipeline=(), pipeline_id="pipeline-1"),
    ):
        with pytest.raises(NotFound):
            await asked
    assert (await chain.processors.batches.list(bo)).items == ()


async def test_a_processor_starts_no_batch(chain: Chain, ana: Caller) -> None:
    worker, run = await chain.service.claim_run(ana)
    with pytest.raises(Forbidden):
        await chain.processors.batches.request(worker, NewPipelineRuns(pipeline=(EXPANSION,), blob_ids=(run.blob_id,)))
    with pytest.raises(Forbidden):
        await chain.processors.batches.cancel(worker, "batch-1")
