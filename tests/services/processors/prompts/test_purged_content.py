"""With a note that is purged end its runs, and go all prompts that hold its text, also those of runs on other notes."""

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, TimedOut
from reyna.domain.processing.prompts.prompt import CountedPart, NewPrompts, RunPrompt
from reyna.domain.processing.run import Cost, Output, Run
from reyna.services.processors.runs.lifecycle import STORING_SECONDS
from tests.services.processors.neighbours import list_events
from tests.services.processors.service_in_memory import Service


def prompts_quoting(blob_id: str | None, number: int = 1) -> NewPrompts:
    part = CountedPart(text="The ship sails.", source="note", blob_id=blob_id, tokens=4, characters=15)
    prompt = RunPrompt(number=number, state="sent", parts=(part,), max_tokens=10, temperature=0.5, input_tokens=4)
    return NewPrompts(attempt_id="attempt-1", prompts=(prompt,))


async def purge(service: Service, run: Run) -> bool:
    del service.state.kept[run.user_id, run.blob_id]
    return await service.processors.purged_content.delete(run.user_id, run.blob_id, None)


async def test_a_run_at_work_on_a_purged_note_is_cancelled_and_keeps_no_more_prompts(
    service: Service, ana: Caller
) -> None:
    worker, run = await service.claim_run(ana)
    assert await purge(service, run)
    ended = await service.processors.runs.get(ana, run.id)
    assert (ended.status, ended.error) == ("cancelled", "Its note was deleted for good.")
    assert len(await list_events(service.store, "processor.cancelled")) == 1
    kept = await service.processors.prompts.put(worker, run.id, prompts_quoting(run.blob_id))
    assert (kept.kept, kept.is_full) == (0, True)
    with pytest.raises(Conflict):
        await service.processors.steps.put(worker, run.id, "first", "The ship sails on.")
    with pytest.raises(Conflict):
        await service.processors.execution.complete(worker, run.id, [Output(data={"expanded": "x"})], Cost())


async def test_a_run_that_waits_for_a_purged_note_is_cancelled(service: Service, ana: Caller, bo: Caller) -> None:
    run, of_bo = await service.request_run(ana), await service.request_run(bo)
    assert await purge(service, run)
    assert (await service.processors.runs.get(ana, run.id)).status == "cancelled"
    assert (await service.processors.runs.get(bo, of_bo.id)).status == "requested"


async def test_the_last_prompts_of_a_run_that_has_just_ended_come_too_late(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.complete(worker, run.id, [], Cost())
    assert await purge(service, run)
    await service.processors.prompts.put(worker, run.id, prompts_quoting(run.blob_id))
    assert (await service.processors.runs.get(ana, run.id)).status == "completed"
    assert (await service.processors.prompts.get(ana, run.id)).items == ()


async def test_prompts_of_other_runs_that_quote_a_purged_note_go_with_it(
    service: Service, ana: Caller, bo: Caller
) -> None:
    _, run = await service.claim_run(ana)
    quoting, at_work = await service.claim_run(ana)
    foreign, of_bo = await service.claim_run(bo)
    await service.processors.prompts.put(quoting, at_work.id, prompts_quoting(run.blob_id))
    await service.processors.prompts.put(quoting, at_work.id, prompts_quoting(at_work.blob_id, 2))
    await service.processors.prompts.put(foreign, of_bo.id, prompts_quoting(run.blob_id))
    assert await purge(service, run)
    (left,) = (await service.processors.prompts.get(ana, at_work.id)).items
    assert left.number == 2
    assert (await service.processors.runs.get(ana, at_work.id)).status == "running"
    assert len((await service.processors.prompts.get(bo, of_bo.id)).items) == 1


async def test_a_run_whose_output_is_being_stored_is_ended_later(service: Service, ana: Caller) -> None:
    async def time_out() -> None:
        raise TimedOut

    worker, run = await service.claim_run(ana)
    service.state.before_create = time_out
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [Output(data={"expanded": "x"})], Cost())
    assert not await purge(service, run)
    service.clock.pass_by(STORING_SECONDS)
    assert await service.processors.purged_content.delete(run.user_id, run.blob_id, None)
    ended = await service.processors.runs.get(ana, run.id)
    assert ended == replace(ended, status="cancelled", content_purged=True, output_blob_ids=())
