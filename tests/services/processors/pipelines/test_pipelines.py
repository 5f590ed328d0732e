"""Pipelines are saved, changed and deleted by their user, and checked when they are saved."""

from typing import Any

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, Invalid, NotFound, PreconditionFailed, Refusal, StaleRevision
from reyna.domain.processing.pipeline import NewPipeline, Pipeline, PipelineChange, PipelineStage
from reyna.domain.requests.precondition import IfMatch
from tests.services.processors.neighbours import list_events
from tests.services.processors.pipelines.chain import ANALYSIS, EXPANSION, Chain

FIRST = PipelineStage(processor_id=EXPANSION, settings={"style": "noir"})
SECOND = PipelineStage(processor_id=ANALYSIS, when="words(expanded) > 100")


async def save(chain: Chain, user: Caller, *stages: PipelineStage, name: str = "Noir") -> Pipeline:
    return await chain.processors.pipelines.create(user, NewPipeline(name=name, stages=stages or (FIRST, SECOND)))


async def test_a_saved_pipeline_is_read_changed_and_deleted(chain: Chain, ana: Caller) -> None:
    pipeline = await save(chain, ana, name="  Noir ")
    assert (pipeline.name, pipeline.stages, pipeline.revision) == ("Noir", (FIRST, SECOND), 1)
    assert await chain.processors.pipelines.get(ana, pipeline.id) == pipeline
    change = PipelineChange(stages=(FIRST,), base_revision=1)
    changed = await chain.processors.pipelines.change(ana, pipeline.id, change)
    assert (changed.name, changed.stages, changed.revision) == ("Noir", (FIRST,), 2)
    assert await chain.processors.pipelines.change(ana, pipeline.id, PipelineChange(name="Noir")) == changed
    await chain.processors.pipelines.delete(ana, pipeline.id)
    assert (await chain.processors.pipelines.list(ana)).items == ()
    told = await list_events(chain.service.store, "pipeline.changed")
    assert [event.data["revision"] for event in told] == [1, 2, 2]
    assert told[-1].data["dropped"] is True


async def test_a_change_of_what_somebody_else_changed_is_refused(chain: Chain, ana: Caller) -> None:
    pipeline = await save(chain, ana)
    pipelines = chain.processors.pipelines
    await pipelines.change(ana, pipeline.id, PipelineChange(name="Other"))
    with pytest.raises(StaleRevision) as refusal:
        await pipelines.change(ana, pipeline.id, PipelineChange(name="Mine", base_revision=1))
    assert refusal.value.facts["current"].name == "Other"
    with pytest.raises(PreconditionFailed):
        await pipelines.change(ana, pipeline.id, PipelineChange(name="Mine"), if_match=IfMatch((1,)))
    with pytest.raises(PreconditionFailed):
        await pipelines.delete(ana, pipeline.id, if_match=IfMatch((1,)))


@pytest.mark.parametrize(
    ("stages", "path"),
    [
        ((), "/stages"),
        ((FIRST,) * 21, "/stages"),
        ((SECOND, FIRST), "/stages/1/processor_id"),
        ((FIRST, PipelineStage(processor_id="nobody")), "/stages/1/processor_id"),
        ((PipelineStage(processor_id=EXPANSION, settings={"ratio": 9}),), "/stages/0/settings/ratio"),
        ((FIRST, PipelineStage(processor_id=ANALYSIS, settings={"a": 1})), "/stages/1/settings"),
        ((PipelineStage(processor_id=EXPANSION, model="model-nobody"),), "/stages/0/model"),
        ((PipelineStage(processor_id=EXPANSION, settings={"model": "model-nobody"}),), "/stages/0/settings"),
        ((FIRST, PipelineStage(processor_id=ANALYSIS, when="words(expanded >")), "/stages/1/when"),
    ],
)
async def test_a_pipeline_that_does_not_fit_is_not_saved(
    chain: Chain, ana: Caller, stages: tuple[PipelineStage, ...], path: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await chain.processors.pipelines.create(ana, NewPipeline(name="Noir", stages=stages))
    assert refusal.value.errors[0].path == path
    pipeline = await save(chain, ana)
    with pytest.raises(Invalid):
        await chain.processors.pipelines.change(ana, pipeline.id, PipelineChange(stages=stages))


async def test_a_pipeline_belongs_to_its_user(chain: Chain, ana: Caller, bo: Caller) -> None:
    pipeline = await save(chain, ana)
    pipelines = chain.processors.pipelines
    for asked in (
        pipelines.get(bo, pipeline.id),
        pipelines.change(bo, pipeline.id, PipelineChange(name="Mine")),
        pipelines.delete(bo, pipeline.id),
    ):
        with pytest.raises(NotFound):
            await asked
    assert (await pipelines.list(bo)).items == ()


async def test_a_pipeline_may_name_the_private_processor_of_its_user_only(
    chain: Chain, ana: Caller, bo: Caller
) -> None:
    await chain.service.register_own(ana, "mine", input_schemas=("expanded-text-v1",))
    await save(chain, ana, FIRST, PipelineStage(processor_id="mine"))
    with pytest.raises(Invalid):
        await save(chain, bo, FIRST, PipelineStage(processor_id="mine"))


async def test_a_processor_saves_no_pipeline(chain: Chain, ana: Caller) -> None:
    worker, _ = await chain.service.claim_run(ana)
    asked: list[Any] = [
        chain.processors.pipelines.create(worker, NewPipeline(name="Noir", stages=(FIRST,))),
        chain.processors.pipelines.change(worker, "pipeline-1", PipelineChange(name="Mine")),
        chain.processors.pipelines.delete(worker, "pipeline-1"),
    ]
    for one in asked:
        with pytest.raises(Forbidden):
            await one


async def test_the_same_pipeline_again_is_answered_from_the_first_request(chain: Chain, ana: Caller) -> None:
    new = NewPipeline(name="Noir", stages=(FIRST,))
    first = await chain.processors.pipelines.create(ana, new, key="try-1")
    assert await chain.processors.pipelines.create(ana, new, key="try-1") == first
    assert len((await chain.processors.pipelines.list(ana)).items) == 1


async def test_the_number_of_pipelines_is_limited(chain: Chain, ana: Caller, bo: Caller) -> None:
    for number in range(200):
        await save(chain, ana, name=f"Number {number}")
    with pytest.raises(Refusal):
        await save(chain, ana)
    await save(chain, bo)
