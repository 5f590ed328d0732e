"""What a worker may do with the run it was handed, and what comes of doing it twice."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound, RunningElsewhere
from reyna.domain.processing.processor import Beat
from reyna.domain.processing.run import ENDED, Cost, Output, Run, Status, derived_blob_id
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.execution import MAX_OUTPUTS
from tests.services.processors.neighbours import MISFIT, NOON, a_blob, list_events, list_messages
from tests.services.processors.service_in_memory import Service

COST = Cost(model="small", input_tokens=12, output_tokens=60)
PROSE = Output(data={"expanded": "The mighty vessel"})


# --- a new token ---


async def test_a_worker_gets_a_new_token_for_its_run_as_long_as_that_is_open(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    own = Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id="text-expansion")
    token = await service.processors.execution.renew_token(own, ana.user_id, run.id)
    worker = msgspec.json.decode(token, type=Caller)
    assert (await service.processors.execution.claim(worker, run.id)).status == "running"
    await service.processors.runs.cancel(ana, run.id)
    with pytest.raises(Conflict):
        await service.processors.execution.renew_token(own, ana.user_id, run.id)


async def test_nobody_else_gets_a_token_for_a_run(service: Service, ana: Caller, bo: Caller) -> None:
    run = await service.request_run(ana)
    other = Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id="style-analysis")
    for caller in (ana, bo, other, await service.worker_of(run)):
        with pytest.raises(Forbidden):
            await service.processors.execution.renew_token(caller, ana.user_id, run.id)


# --- claim ---


async def test_a_claimed_run_is_running(service: Service, ana: Caller) -> None:
    _, run = await service.claim_run(ana)
    assert (run.status, run.attempt, run.started_at) == ("running", 1, NOON)
    assert await service.processors.runs.get(ana, run.id) == run


async def test_a_run_that_is_delivered_again_is_claimed_again_but_starts_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    service.clock.pass_by(30)
    again = await service.processors.execution.claim(worker, run.id)
    assert (again.status, again.attempt, again.started_at) == ("running", 2, NOON)
    assert len(await list_events(service.store, "processor.started.text-expansion")) == 1


async def test_a_retried_run_starts_anew(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.fail(worker, run.id, "The model was away.", final=True)
    await service.processors.runs.retry(ana, run.id)
    service.clock.pass_by(60)
    again = await service.processors.execution.claim(worker, run.id)
    assert again.started_at == service.clock.now
    assert len(await list_events(service.store, "processor.started.text-expansion")) == 2


async def test_an_ended_run_cannot_be_claimed(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    worker = await service.worker_of(run)
    await service.processors.runs.cancel(ana, run.id)
    with pytest.raises(Conflict):
        await service.processors.execution.claim(worker, run.id)


async def test_a_run_obeys_only_its_own_token(service: Service, ana: Caller, bo: Caller) -> None:
    worker, run = await service.claim_run(ana)
    other, _ = await service.claim_run(ana)
    for caller in (ana, bo, other, replace(worker, kind="user"), replace(worker, run_id=None)):
        for asked in (
            service.processors.execution.claim(caller, run.id),
            service.processors.execution.complete(caller, run.id, [PROSE], COST),
            service.processors.execution.refuse(caller, run.id, "no"),
            service.processors.execution.fail(caller, run.id, "no", final=True),
        ):
            with pytest.raises(Forbidden):
                await asked
    with pytest.raises(NotFound):
        await service.processors.execution.claim(replace(worker, user_id=bo.user_id), run.id)
    assert await service.processors.runs.get(ana, run.id) == run


async def held(service: Service, user: Caller) -> tuple[Caller, str]:
    """A run in the hands of worker-1, which is there and says so every 10 seconds."""
    run = await service.request_run(user)
    worker = await service.worker_of(run)
    service.processors.worker_health.record_beat(Beat(processor_id="text-expansion", worker_id="worker-1", every=10))
    await service.processors.execution.claim(worker, run.id, "worker-1")
    return worker, run.id


async def test_a_run_in_the_hands_of_a_worker_that_is_there_is_not_given_to_another(
    service: Service, ana: Caller
) -> None:
    worker, run_id = await held(service, ana)
    before = await service.processors.runs.get(ana, run_id)
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.claim(worker, run_id, "worker-2")
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.fail(worker, run_id, "It is slow.", True, "worker-2")
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.refuse(worker, run_id, "It is slow.", "worker-2")
    assert await service.processors.runs.get(ana, run_id) == before


async def test_a_run_is_given_to_another_worker_when_its_own_is_gone(service: Service, ana: Caller) -> None:
    worker, run_id = await held(service, ana)
    for _ in range(3):  # its message comes again before it is known to be gone: that is no attempt
        with pytest.raises(RunningElsewhere):
            await service.processors.execution.claim(worker, run_id, "worker-2")
    service.clock.pass_by(21)
    again = await service.processors.execution.claim(worker, run_id, "worker-2")
    assert (again.attempt, again.worker_id) == (2, "worker-2")


async def test_a_worker_that_asks_twice_for_its_run_is_at_the_same_attempt(service: Service, ana: Caller) -> None:
    worker, run_id = await held(service, ana)
    assert (await service.processors.execution.claim(worker, run_id, "worker-1")).attempt == 1
    await service.processors.execution.release(worker, run_id, "worker-1")
    assert (await service.processors.execution.claim(worker, run_id, "worker-1")).attempt == 2


async def test_a_run_is_given_to_another_worker_when_its_own_lets_go_of_it(service: Service, ana: Caller) -> None:
    worker, run_id = await held(service, ana)
    await service.processors.execution.release(worker, run_id, "worker-2")
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.claim(worker, run_id, "worker-2")
    await service.processors.execution.release(worker, run_id, "worker-1")
    assert (await service.processors.execution.claim(worker, run_id, "worker-2")).worker_id == "worker-2"


async def test_a_run_that_waits_says_for_what(service: Service, ana: Caller) -> None:
    worker, run_id = await held(service, ana)
    waiting = await service.processors.execution.release(worker, run_id, "worker-1", "The model is busy.")
    assert (waiting.status, waiting.waiting) == ("running", "The model is busy.")
    assert (await service.processors.execution.claim(worker, run_id, "worker-2")).waiting is None


# --- complete ---


async def test_a_completed_run_has_made_a_blob_beside_its_source(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-chapter",), revision=4))
    worker, run = await service.claim_run(ana, source)
    service.clock.pass_by(2)
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert (done.status, done.progress, done.finished_at) == ("completed", 1.0, service.clock.now)
    assert (done.cost.model, done.cost.input_tokens, done.cost.output_tokens) == ("small", 12, 60)
    assert done.output_blob_ids == (derived_blob_id(run.id, 0),)
    made = await service.state.blobs.get(ana, done.output_blob_ids[0])
    assert (made.processor_id, made.schema_id) == ("text-expansion", "expanded-text-v1")
    assert (made.parent_id, made.parent_revision) == (source.id, 4)
    assert made.bucket_ids == ("bucket-chapter",)
    assert service.state.made[0][0] == worker
    (told,) = await list_events(service.store, "processor.completed.text-expansion")
    assert told.data == {
        "run_id": run.id,
        "processor": "text-expansion",
        "blob_id": source.id,
        "output_blob_ids": list(done.output_blob_ids),
    }


async def test_what_was_made_of_a_newer_revision_than_was_asked_for_says_so(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, revision=4))
    worker, run = await service.claim_run(ana, source)
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST, 6)
    assert done.blob_revision == 6
    assert (await service.state.blobs.get(ana, done.output_blob_ids[0])).parent_revision == 6


async def test_an_output_may_choose_its_schema_and_buckets(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-chapter",)))
    await service.register(output_schemas=("style-analysis-v1",))
    worker, run = await service.claim_run(ana, source)
    elsewhere = Output(data={}, schema_id="style-analysis-v1", bucket_ids=("bucket-notes",))
    nowhere = Output(data={}, bucket_ids=())
    done = await service.processors.execution.complete(worker, run.id, [elsewhere, nowhere], COST)
    first, second = [await service.state.blobs.get(ana, id) for id in done.output_blob_ids]
    assert (first.schema_id, first.bucket_ids) == ("style-analysis-v1", ("bucket-notes",))
    assert second.bucket_ids == ()


async def test_a_run_completed_twice_makes_its_blobs_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    again = await service.processors.execution.complete(worker, run.id, [PROSE, PROSE], Cost())
    assert again == done
    assert len(service.state.made) == 1
    assert len(await list_events(service.store, "processor.completed")) == 1


async def test_a_run_completed_by_several_at_once_is_completed_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    at_the_same_time = asyncio.Barrier(4)

    async def meet() -> None:
        await at_the_same_time.wait()

    service.state.before_create = meet
    done = await asyncio.gather(
        *(service.processors.execution.complete(worker, run.id, [PROSE], COST) for _ in range(4))
    )
    assert {one.status for one in done} == {"completed"}
    assert {one.output_blob_ids for one in done} == {(derived_blob_id(run.id, 0),)}
    assert len(service.state.made) == 1
    assert len(await list_events(service.store, "processor.completed")) == 1


async def test_a_run_cancelled_during_its_work_makes_nothing(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.runs.cancel(ana, run.id)
    with pytest.raises(Conflict):
        await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert service.state.made == []
    assert (await service.processors.runs.get(ana, run.id)).status == "cancelled"


async def test_a_run_whose_output_is_being_stored_can_no_longer_be_cancelled(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)

    async def cancel() -> None:
        with pytest.raises(Conflict):
            await service.processors.runs.cancel(ana, run.id)

    service.state.before_create = cancel
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert done.status == "completed"
    assert await list_events(service.store, "processor.cancelled") == []


async def test_an_output_that_does_not_fit_leaves_the_run_running(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    with pytest.raises(Invalid):
        await service.processors.execution.complete(worker, run.id, [Output(data=MISFIT)], COST)
    now = await service.processors.runs.get(ana, run.id)
    assert (now.status, now.output_blob_ids) == ("running", ())
    assert (await service.processors.runs.cancel(ana, run.id)).status == "cancelled"


async def test_a_run_that_makes_nothing_may_be_cancelled_until_it_is_complete(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    done, cancelled = await asyncio.gather(
        service.processors.execution.complete(worker, run.id, [], Cost()),
        service.processors.runs.cancel(ana, run.id),
        return_exceptions=True,
    )
    ended = await service.processors.runs.get(ana, run.id)
    assert ended in (done, cancelled)
    assert sum(isinstance(one, Conflict) for one in (done, cancelled)) == 1


@pytest.mark.parametrize("status", sorted(ENDED))
def test_an_ended_run_takes_no_further_step(status: Status) -> None:
    asked = Run(
        id="run-1",
        user_id="user-ana",
        processor_id="text-expansion",
        processor_version="1.0.0",
        blob_id="blob-1",
        blob_revision=1,
        requested_at=NOON,
    )
    steps: list[Callable[[Run], Run]] = [
        lambda run: lifecycle.claim(run, NOON),
        lifecycle.release,
        lambda run: lifecycle.begin_storing(run, (), NOON),
        lambda run: lifecycle.complete(run, (), NOON),
        lambda run: lifecycle.refuse(run, "no", NOON),
        lambda run: lifecycle.fail(run, "no", NOON),
        lambda run: lifecycle.fail_attempt(run, "no"),
        lambda run: lifecycle.cancel(run, NOON),
    ]
    for step in steps:
        assert step(asked).revision > asked.revision
        with pytest.raises(Conflict):
            step(replace(asked, status=status))


async def test_an_output_that_collides_is_worth_another_attempt(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)

    async def collide() -> None:
        raise Conflict

    service.state.before_create = collide
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert (await service.processors.runs.get(ana, run.id)).status == "running"


async def test_a_run_may_make_so_much_and_no_more(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    with pytest.raises(Invalid) as refusal:
        await service.processors.execution.complete(worker, run.id, [PROSE] * (MAX_OUTPUTS + 1), COST)
    assert refusal.value.errors[0].path == "/outputs"
    assert (service.state.made, await service.processors.runs.get(ana, run.id)) == ([], run)
    done = await service.processors.execution.complete(worker, run.id, [PROSE] * MAX_OUTPUTS, COST)
    assert len(done.output_blob_ids) == MAX_OUTPUTS


async def test_a_run_may_make_nothing(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    done = await service.processors.execution.complete(worker, run.id, [], COST)
    assert (done.status, done.output_blob_ids) == ("completed", ())


# --- refuse and fail ---


async def test_a_refused_run_says_why_and_is_no_dead_letter(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    refused = await service.processors.execution.refuse(worker, run.id, "Too short to expand.")
    assert (refused.status, refused.error, refused.finished_at) == ("refused", "Too short to expand.", NOON)
    (told,) = await list_events(service.store, "processor.refused.text-expansion")
    assert told.data["error"] == "Too short to expand."
    assert await service.processors.execution.refuse(worker, run.id, "Too short to expand.") == refused
    assert len(await list_events(service.store, "processor.refused.text-expansion")) == 1
    assert (await service.processors.dead_letters.list(ana)).items == ()
    assert [m for m in await list_messages(service.store) if m.subject.startswith("reyna.dead.")] == []


async def test_a_failed_attempt_is_noted_and_the_run_goes_on(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    noted = await service.processors.execution.fail(worker, run.id, "The model was away.", final=False)
    assert (noted.status, noted.error, noted.finished_at) == ("running", "The model was away.", None)
    assert (await service.processors.dead_letters.list(ana)).items == ()
    assert await list_events(service.store, "processor.failed") == []
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert (done.status, done.error) == ("completed", None)


async def test_a_run_that_failed_for_good_is_kept(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.claim(worker, run.id)
    failed = await service.processors.execution.fail(worker, run.id, "The model was away.", final=True)
    assert (failed.status, failed.error) == ("failed", "The model was away.")
    assert len(await list_events(service.store, "processor.failed.text-expansion")) == 1
    (letter,) = (await service.processors.dead_letters.list(ana)).items
    assert (letter.attempts, letter.run_id) == (2, run.id)
    assert await service.processors.execution.fail(worker, run.id, "again", final=True) == failed


async def test_a_run_that_ended_one_way_does_not_end_another_way(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.runs.cancel(ana, run.id)
    for asked in (
        service.processors.execution.refuse(worker, run.id, "no"),
        service.processors.execution.fail(worker, run.id, "no", final=True),
        service.processors.execution.fail(worker, run.id, "no", final=False),
    ):
        with pytest.raises(Conflict):
            await asked
    assert (await service.processors.runs.get(ana, run.id)).status == "cancelled"
    assert (await service.processors.dead_letters.list(ana)).items == ()


async def test_an_output_of_a_schema_that_was_not_registered_is_refused(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    undeclared = Output(data={}, schema_id="style-analysis-v1")
    with pytest.raises(Invalid) as refusal:
        await service.processors.execution.complete(worker, run.id, [Output(data={}), undeclared], COST)
    assert refusal.value.errors[0].path == "/outputs/1"
    assert service.state.made == []
    assert (await service.processors.runs.get(ana, run.id)).status == "running"


async def test_a_run_is_claimed_together_with_its_blob_as_it_is_now(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    run = await service.request_run(ana, blob)
    changed = service.state.keep(replace(blob, revision=2))
    claimed = await service.processors.execution.claim(await service.worker_of(run), run.id)
    assert (claimed.status, claimed.blob) == ("running", changed)
    elsewhere = await service.new_copy().execution.claim(await service.worker_of(run), run.id)
    assert elsewhere.blob == changed


async def test_a_run_is_claimed_also_when_its_blob_cannot_be_read(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    service.state.outages = 1
    claimed = await service.processors.execution.claim(await service.worker_of(run), run.id)
    assert (claimed.status, claimed.blob) == ("running", None)
