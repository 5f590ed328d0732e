"""Leases: a run of a user's own processor is taken by one worker at a time, and never lost."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound, RunningElsewhere
from reyna.domain.processing.lease import (
    LEASE,
    Claim,
    ClaimedRun,
    LeaseBeat,
    WorkFailure,
    WorkProgress,
)
from reyna.domain.processing.run import Cost, NewRuns, Output, RetryOptions, Run
from reyna.services.processors.work.work_signals import ends_topic
from tests.services.processors.neighbours import a_blob, list_events, list_work
from tests.services.processors.service_in_memory import Service, expansion

CLAIM = Claim(worker="worker-1", version="1.0.0")
OTHER = Claim(worker="worker-2", version="1.0.0")
OUTPUTS = [Output(data={"expanded": "x"})]


def worker_of(claimed: ClaimedRun) -> Caller:
    run = claimed.run
    return Caller(user_id=run.user_id, kind="processor", processor_id=run.processor_id, run_id=run.id)


async def request(service: Service, user: Caller) -> Run:
    """Requests a run of the user's own processor, which is registered if it is not."""
    await service.processors.registry.register(user, expansion("own"))
    blob = service.state.keep(a_blob(user.user_id))
    return (await service.processors.runs.request(user, NewRuns(processor_id="own", blob_ids=(blob.id,))))[0]


async def claim(service: Service, user: Caller, claim: Claim = CLAIM) -> ClaimedRun:
    claimed = await service.processors.leases.claim(user, "own", claim)
    assert claimed is not None
    return claimed


async def test_the_oldest_run_is_handed_out_with_its_blob_and_a_token(service: Service, ana: Caller) -> None:
    first = await request(service, ana)
    service.clock.pass_by(1)
    second = await request(service, ana)
    claimed = await claim(service, ana)
    assert (claimed.run.id, claimed.run.status, claimed.run.attempt) == (first.id, "running", 1)
    assert (claimed.run.worker_id, claimed.blob.id) == ("worker-1", first.blob_id)
    assert claimed.lease_ends_at == service.clock() + LEASE
    assert (await claim(service, ana, OTHER)).run.id == second.id
    assert await service.processors.leases.claim(ana, "own", CLAIM) is None
    assert await list_work(service.store) == []
    done = await service.processors.execution.complete(worker_of(claimed), first.id, OUTPUTS, Cost())
    assert (done.status, len(done.output_blob_ids)) == ("completed", 1)
    assert len(await list_events(service.store, "processor.started")) == 2


async def test_nobody_else_claims_a_run(service: Service, ana: Caller, bo: Caller) -> None:
    run = await request(service, ana)
    with pytest.raises(NotFound):
        await service.processors.leases.claim(bo, "own", CLAIM)
    claimed = await claim(service, ana)
    for stranger in (ana, bo, replace(worker_of(claimed), run_id="run-other")):
        with pytest.raises(Forbidden):
            await service.processors.leases.beat(stranger, run.id, LeaseBeat())
    with pytest.raises(Forbidden):
        await service.processors.leases.claim(worker_of(claimed), "own", CLAIM)
    with pytest.raises(Forbidden):
        await service.processors.leases.claim(ana, "text-expansion", CLAIM)


async def test_of_two_workers_that_race_one_gets_the_run(service: Service, ana: Caller) -> None:
    await request(service, ana)
    claims = [replace(CLAIM, worker=f"worker-{number}") for number in range(8)]
    claimed = await asyncio.gather(*(service.processors.leases.claim(ana, "own", one) for one in claims))
    assert len([one for one in claimed if one is not None]) == 1


async def test_beats_keep_a_run_and_their_end_gives_it_back(service: Service, ana: Caller) -> None:
    await request(service, ana)
    claimed = await claim(service, ana)
    for _ in range(4):
        service.clock.pass_by(40)
        state = await service.processors.leases.beat(worker_of(claimed), claimed.run.id, LeaseBeat(worker="worker-1"))
        assert (state.status, state.cancelled) == ("running", False)
        assert await service.processors.leases.claim(ana, "own", OTHER) is None
    service.clock.pass_by(46)
    again = await claim(service, ana, OTHER)
    assert (again.run.id, again.run.attempt, again.run.worker_id) == (claimed.run.id, 2, "worker-2")
    with pytest.raises(RunningElsewhere):
        await service.processors.leases.beat(worker_of(claimed), claimed.run.id, LeaseBeat(worker="worker-1"))
    with pytest.raises(RunningElsewhere):
        failure = WorkFailure(reason="late", worker="worker-1")
        await service.processors.leases.fail(worker_of(claimed), claimed.run.id, failure)


async def test_a_worker_that_dies_each_time_without_a_word_ends_in_a_dead_letter(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    for attempt in range(1, 6):
        assert (await claim(service, ana)).run.attempt == attempt
        service.clock.pass_by(46)
    assert await service.processors.leases.claim(ana, "own", CLAIM) is None
    failed = await service.processors.runs.get(ana, run.id)
    assert (failed.status, failed.error) == ("failed", "Its worker stopped responding.")
    (letter,) = (await service.processors.dead_letters.list(ana)).items
    assert (letter.run_id, letter.attempts) == (run.id, 5)
    await service.processors.dead_letters.replay(ana, letter.id)
    assert (await claim(service, ana)).run.id == run.id


async def test_a_failed_attempt_is_repeated_with_growing_delays_and_then_given_up(
    service: Service, ana: Caller
) -> None:
    run = await request(service, ana)
    for seconds in (1, 5, 30, 120):
        claimed = await claim(service, ana)
        again = await service.processors.leases.fail(worker_of(claimed), run.id, WorkFailure(reason="broke"))
        assert (again.status, again.error, again.worker_id) == ("running", "broke", None)
        service.clock.pass_by(seconds - 0.5)
        assert await service.processors.leases.claim(ana, "own", CLAIM) is None
        service.clock.pass_by(0.5)
    claimed = await claim(service, ana)
    failed = await service.processors.leases.fail(worker_of(claimed), run.id, WorkFailure(reason="broke"))
    assert (failed.status, failed.failures) == ("failed", 4)
    assert [letter.reason for letter in (await service.processors.dead_letters.list(ana)).items] == ["broke"]


async def test_postponing_is_no_failure_and_a_final_failure_is_the_last(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    for _ in range(10):
        claimed = await claim(service, ana)
        await service.processors.leases.fail(worker_of(claimed), run.id, WorkFailure(reason="wait", retry_after=30))
        assert await service.processors.leases.claim(ana, "own", CLAIM) is None
        service.clock.pass_by(30)
    claimed = await claim(service, ana)
    assert (claimed.run.failures, claimed.run.postponements) == (0, 10)
    failed = await service.processors.leases.fail(worker_of(claimed), run.id, WorkFailure(reason="no", final=True))
    assert failed.status == "failed"


async def test_a_cancelled_run_tells_its_worker_at_once(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    claimed = await claim(service, ana)
    worker, beat = worker_of(claimed), LeaseBeat(worker="worker-1", wait_seconds=8)
    waiting = asyncio.create_task(service.processors.leases.beat(worker, run.id, beat))
    await asyncio.sleep(0)
    await service.processors.runs.cancel(ana, run.id)
    while not waiting.done():
        service.processors.work_signals.notify(ends_topic(ana.user_id, "own"))
        await asyncio.sleep(0)
    state = await waiting
    assert (state.status, state.cancelled, state.ended) == ("cancelled", True, True)
    assert (await service.processors.leases.progress(worker, run.id, WorkProgress(progress=0.5))).cancelled
    with pytest.raises(Conflict):
        await service.processors.execution.complete(worker, run.id, OUTPUTS, Cost())
    assert await service.processors.leases.claim(ana, "own", CLAIM) is None


async def test_a_waiting_worker_is_woken_by_the_request(service: Service, ana: Caller) -> None:
    await service.processors.registry.register(ana, expansion("own"))
    waiting = asyncio.create_task(service.processors.leases.wait(ana, "own", "1.0.0", 3600))
    await asyncio.sleep(0)
    await request(service, ana)
    while not waiting.done():
        service.processors.work_signals.record_subject(f"reyna.live.{ana.user_id}.processor.requested.own")
        await asyncio.sleep(0)
    await waiting


async def test_progress_is_shown_on_the_users_devices(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    claimed = await claim(service, ana)
    state = await service.processors.leases.progress(
        worker_of(claimed), run.id, WorkProgress(progress=0.4, text="The mighty vessel")
    )
    assert not state.cancelled
    subject, body = service.bus.published[-1]
    assert subject == f"reyna.live.{ana.user_id}.processor.progress.own"
    assert b"The mighty vessel" in body


async def test_a_run_for_another_version_is_left_for_a_worker_of_it(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    claimed = await claim(service, ana)
    await service.processors.leases.fail(worker_of(claimed), run.id, WorkFailure(reason="broke", final=True))
    await service.processors.runs.retry(ana, run.id, RetryOptions(version="same"))
    newer: Any = replace(CLAIM, version="2.0.0")
    assert await service.processors.leases.claim(ana, "own", newer) is None
    assert (await claim(service, ana)).run.id == run.id


async def test_a_run_whose_blob_is_gone_is_refused(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    service.state.kept.clear()
    assert await service.processors.leases.claim(ana, "own", CLAIM) is None
    assert (await service.processors.runs.get(ana, run.id)).status == "refused"


async def test_a_beat_of_a_run_that_ended_otherwise_does_not_call_it_cancelled(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    worker = worker_of(await claim(service, ana))
    await service.processors.execution.complete(worker, run.id, OUTPUTS, Cost(), worker_id="worker-1")
    for state in (
        await service.processors.leases.beat(worker, run.id, LeaseBeat(worker="worker-1", wait_seconds=8)),
        await service.processors.leases.progress(worker, run.id, WorkProgress(progress=0.5)),
    ):
        assert (state.status, state.cancelled, state.ended) == ("completed", False, True)


async def test_a_worker_that_lost_its_run_cannot_end_that_of_another(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    late = worker_of(await claim(service, ana))
    service.clock.pass_by(46)
    await claim(service, ana, OTHER)
    published = len(service.bus.published)
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.complete(late, run.id, OUTPUTS, Cost(), worker_id="worker-1")
    with pytest.raises(RunningElsewhere):
        await service.processors.execution.refuse(late, run.id, "not for me", "worker-1")
    with pytest.raises(RunningElsewhere):
        progress = WorkProgress(progress=0.9, text="an older text", worker="worker-1")
        await service.processors.leases.progress(late, run.id, progress)
    assert len(service.bus.published) == published
    assert (await service.processors.runs.get(ana, run.id)).status == "running"
    assert service.state.made == []
    done = await service.processors.execution.complete(late, run.id, OUTPUTS, Cost(), worker_id="worker-2")
    assert done.status == "completed"
