"""What a worker may do with the run it was handed, and what comes of doing it twice."""

import asyncio

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from reyna.domain.run import Cost, Output, derived_id
from tests.processors.around import Service
from tests.processors.neighbours import MISFIT, NOON, a_blob, events, messages

COST = Cost(model="small", input_tokens=12, output_tokens=60)
PROSE = Output(data={"expanded": "The mighty vessel"})


# --- claim ---


async def test_a_claimed_run_is_running(service: Service, ana: Caller) -> None:
    _, run = await service.claimed(ana)
    assert (run.status, run.attempt, run.started_at) == ("running", 1, NOON)
    assert await service.verbs.run(ana, run.id) == run


async def test_a_run_that_is_delivered_again_is_claimed_again_but_starts_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    service.clock.pass_by(30)
    again = await service.verbs.claim(worker, run.id, 2)
    assert (again.status, again.attempt, again.started_at) == ("running", 2, NOON)
    assert len(await events(service.store, "processor.started.text-expansion")) == 1


async def test_a_retried_run_starts_anew(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.fail(worker, run.id, "The model was away.", final=True)
    await service.verbs.retry_run(ana, run.id)
    service.clock.pass_by(60)
    again = await service.verbs.claim(worker, run.id, 1)
    assert again.started_at == service.clock.now
    assert len(await events(service.store, "processor.started.text-expansion")) == 2


async def test_an_ended_run_cannot_be_claimed(service: Service, ana: Caller) -> None:
    run = await service.requested(ana)
    worker = await service.handed(run)
    await service.verbs.cancel_run(ana, run.id)
    with pytest.raises(Conflict):
        await service.verbs.claim(worker, run.id, 1)


async def test_a_run_obeys_only_its_own_pass(service: Service, ana: Caller, bo: Caller) -> None:
    worker, run = await service.claimed(ana)
    other, _ = await service.claimed(ana)
    for caller in (ana, bo, other, replace(worker, kind="user"), replace(worker, run_id=None)):
        for asked in (
            service.verbs.claim(caller, run.id, 1),
            service.verbs.complete(caller, run.id, [PROSE], COST),
            service.verbs.refuse(caller, run.id, "no"),
            service.verbs.fail(caller, run.id, "no", final=True),
        ):
            with pytest.raises(Forbidden):
                await asked
    with pytest.raises(NotFound):
        await service.verbs.claim(replace(worker, user_id=bo.user_id), run.id, 1)
    assert await service.verbs.run(ana, run.id) == run


# --- complete ---


async def test_a_completed_run_has_made_a_blob_beside_its_source(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-chapter",), revision=4))
    worker, run = await service.claimed(ana, source)
    service.clock.pass_by(2)
    done = await service.verbs.complete(worker, run.id, [PROSE], COST)
    assert (done.status, done.cost, done.progress, done.finished_at) == ("completed", COST, 1.0, service.clock.now)
    assert done.output_blob_ids == (derived_id(run.id, 0),)
    made = await service.state.blob(ana, done.output_blob_ids[0])
    assert (made.processor_id, made.schema_id) == ("text-expansion", "expanded-text-v1")
    assert (made.parent_id, made.parent_revision) == (source.id, 4)
    assert made.bucket_ids == ("bucket-chapter",)
    assert service.state.made[0][0] == worker
    (told,) = await events(service.store, "processor.completed.text-expansion")
    assert told.data == {
        "run_id": run.id,
        "processor": "text-expansion",
        "blob_id": source.id,
        "output_blob_ids": list(done.output_blob_ids),
    }


async def test_what_was_made_of_a_newer_revision_than_was_asked_for_says_so(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, revision=4))
    worker, run = await service.claimed(ana, source)
    done = await service.verbs.complete(worker, run.id, [PROSE], COST, 6)
    assert done.blob_revision == 6
    assert (await service.state.blob(ana, done.output_blob_ids[0])).parent_revision == 6


async def test_an_output_may_choose_its_schema_and_buckets(service: Service, ana: Caller) -> None:
    source = service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-chapter",)))
    worker, run = await service.claimed(ana, source)
    elsewhere = Output(data={}, schema_id="style-analysis-v1", bucket_ids=("bucket-notes",))
    nowhere = Output(data={}, bucket_ids=())
    done = await service.verbs.complete(worker, run.id, [elsewhere, nowhere], COST)
    first, second = [await service.state.blob(ana, id) for id in done.output_blob_ids]
    assert (first.schema_id, first.bucket_ids) == ("style-analysis-v1", ("bucket-notes",))
    assert second.bucket_ids == ()


async def test_a_run_completed_twice_makes_its_blobs_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    done = await service.verbs.complete(worker, run.id, [PROSE], COST)
    again = await service.verbs.complete(worker, run.id, [PROSE, PROSE], Cost())
    assert again == done
    assert len(service.state.made) == 1
    assert len(await events(service.store, "processor.completed")) == 1


async def test_a_run_completed_by_several_at_once_is_completed_once(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    at_the_same_time = asyncio.Barrier(4)

    async def meet() -> None:
        await at_the_same_time.wait()

    service.state.before_create = meet
    done = await asyncio.gather(*(service.verbs.complete(worker, run.id, [PROSE], COST) for _ in range(4)))
    assert {one.status for one in done} == {"completed"}
    assert {one.output_blob_ids for one in done} == {(derived_id(run.id, 0),)}
    assert len(service.state.made) == 1
    assert len(await events(service.store, "processor.completed")) == 1


async def test_a_run_cancelled_during_its_work_makes_nothing(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.cancel_run(ana, run.id)
    with pytest.raises(Conflict):
        await service.verbs.complete(worker, run.id, [PROSE], COST)
    assert service.state.made == []
    assert (await service.verbs.run(ana, run.id)).status == "cancelled"


async def test_a_run_whose_output_is_being_stored_can_no_longer_be_cancelled(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)

    async def cancel() -> None:
        with pytest.raises(Conflict):
            await service.verbs.cancel_run(ana, run.id)

    service.state.before_create = cancel
    done = await service.verbs.complete(worker, run.id, [PROSE], COST)
    assert done.status == "completed"
    assert await events(service.store, "processor.cancelled") == []


async def test_an_output_that_does_not_fit_leaves_the_run_running(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    with pytest.raises(Invalid):
        await service.verbs.complete(worker, run.id, [Output(data=MISFIT)], COST)
    now = await service.verbs.run(ana, run.id)
    assert (now.status, now.output_blob_ids) == ("running", ())
    assert (await service.verbs.cancel_run(ana, run.id)).status == "cancelled"


async def test_a_run_goes_on_where_a_fault_left_it(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)

    async def break_down() -> None:
        if service.state.made:
            raise Fault

    service.state.before_create = break_down
    with pytest.raises(Fault):
        await service.verbs.complete(worker, run.id, [PROSE, PROSE], COST)
    service.state.before_create = None
    await service.verbs.claim(worker, run.id, 2)
    done = await service.verbs.complete(worker, run.id, [PROSE, PROSE], COST)
    assert done.output_blob_ids == (derived_id(run.id, 0), derived_id(run.id, 1))
    assert len(service.state.made) == 2


async def test_an_output_that_collides_is_worth_another_attempt(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)

    async def collide() -> None:
        raise Conflict

    service.state.before_create = collide
    with pytest.raises(Fault):
        await service.verbs.complete(worker, run.id, [PROSE], COST)
    assert (await service.verbs.run(ana, run.id)).status == "running"


async def test_a_run_may_make_nothing(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    done = await service.verbs.complete(worker, run.id, [], COST)
    assert (done.status, done.output_blob_ids) == ("completed", ())


# --- refuse and fail ---


async def test_a_refused_run_says_why_and_is_kept(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    refused = await service.verbs.refuse(worker, run.id, "Too short to expand.")
    assert (refused.status, refused.error, refused.finished_at) == ("refused", "Too short to expand.", NOON)
    (told,) = await events(service.store, "processor.refused.text-expansion")
    assert told.data["error"] == "Too short to expand."
    assert len((await service.verbs.dead(ana)).items) == 1
    assert await service.verbs.refuse(worker, run.id, "Too short to expand.") == refused
    assert len([m for m in await messages(service.store) if m.subject.startswith("reyna.dead.")]) == 1


async def test_a_failed_attempt_is_noted_and_the_run_goes_on(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    noted = await service.verbs.fail(worker, run.id, "The model was away.", final=False)
    assert (noted.status, noted.error, noted.finished_at) == ("running", "The model was away.", None)
    assert (await service.verbs.dead(ana)).items == ()
    assert await events(service.store, "processor.failed") == []
    done = await service.verbs.complete(worker, run.id, [PROSE], COST)
    assert (done.status, done.error) == ("completed", None)


async def test_a_run_that_failed_for_good_is_kept(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.claim(worker, run.id, 5)
    failed = await service.verbs.fail(worker, run.id, "The model was away.", final=True)
    assert (failed.status, failed.error) == ("failed", "The model was away.")
    assert len(await events(service.store, "processor.failed.text-expansion")) == 1
    (letter,) = (await service.verbs.dead(ana)).items
    assert (letter.attempts, letter.run_id) == (5, run.id)
    assert await service.verbs.fail(worker, run.id, "again", final=True) == failed


async def test_a_run_that_ended_one_way_does_not_end_another_way(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.cancel_run(ana, run.id)
    for asked in (
        service.verbs.refuse(worker, run.id, "no"),
        service.verbs.fail(worker, run.id, "no", final=True),
        service.verbs.fail(worker, run.id, "no", final=False),
    ):
        with pytest.raises(Conflict):
            await asked
    assert (await service.verbs.run(ana, run.id)).status == "cancelled"
    assert (await service.verbs.dead(ana)).items == ()
