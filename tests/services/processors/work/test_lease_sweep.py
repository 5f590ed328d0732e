"""The sweep of leases: a run whose worker is gone does not stay at work, even if nobody claims."""

import asyncio

import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import DECODER
from reyna.domain.processing.lease import LEASE, LeaseBeat
from reyna.domain.processing.run import Cost
from reyna.services.processors.service import Processors
from reyna.services.processors.work.lease_rules import SILENT_WORKER
from tests.services.processors.neighbours import list_events
from tests.services.processors.service_in_memory import Service
from tests.services.processors.work.test_leases import CLAIM, OUTPUTS, claim, request, worker_of

LEASE_SECONDS = LEASE.total_seconds()


async def claim_until_last(service: Service, user: Caller) -> None:
    """Has workers take the run four times, each of which dies without a word, and a fifth one that holds it."""
    for _ in range(4):
        await claim(service, user)
        service.clock.pass_by(LEASE_SECONDS + 1)
        await service.processors.lease_sweep.sweep()
    await claim(service, user)


async def test_a_run_whose_fifth_worker_dies_ends_although_nobody_claims(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    await claim_until_last(service, ana)
    service.clock.pass_by(LEASE_SECONDS - 1)
    await service.processors.lease_sweep.sweep()
    assert (await service.processors.runs.get(ana, run.id)).status == "running"
    service.clock.pass_by(2)
    await service.processors.lease_sweep.sweep()
    failed = await service.processors.runs.get(ana, run.id)
    assert (failed.status, failed.error, failed.attempt) == ("failed", SILENT_WORKER, 5)
    (letter,) = (await service.processors.dead_letters.list(ana)).items
    assert (letter.run_id, letter.reason, letter.attempts) == (run.id, SILENT_WORKER, 5)
    (event,) = await list_events(service.store, "processor.failed")
    assert event.data["error"] == SILENT_WORKER
    await service.processors.dead_letters.replay(ana, letter.id)
    assert (await claim(service, ana)).run.failures == 0


async def test_a_run_whose_worker_dies_is_given_back_and_wakes_who_waits_for_it(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    await claim(service, ana)
    waiting = asyncio.create_task(service.processors.leases.wait(ana, "own", "1.0.0", 3600))
    await asyncio.sleep(0)
    service.clock.pass_by(LEASE_SECONDS)
    await service.processors.lease_sweep.sweep()
    await waiting
    back = await service.processors.runs.get(ana, run.id)
    assert (back.status, back.worker_id, back.error, back.failures) == ("running", None, SILENT_WORKER, 1)
    again = await claim(service, ana)
    assert (again.run.id, again.run.failures, again.run.attempt) == (run.id, 1, 2)


async def test_a_worker_that_beats_keeps_its_run(service: Service, ana: Caller) -> None:
    await request(service, ana)
    claimed = await claim(service, ana)
    for _ in range(3):
        service.clock.pass_by(LEASE_SECONDS - 1)
        await service.processors.leases.beat(worker_of(claimed), claimed.run.id, LeaseBeat(worker="worker-1"))
        await service.processors.lease_sweep.sweep()
    run = await service.processors.runs.get(ana, claimed.run.id)
    assert (run.worker_id, run.failures) == ("worker-1", 0)
    await service.processors.execution.complete(worker_of(claimed), run.id, OUTPUTS, Cost())
    service.clock.pass_by(LEASE_SECONDS)
    await service.processors.lease_sweep.sweep()
    assert (await service.processors.runs.get(ana, run.id)).status == "completed"


async def test_of_two_copies_that_sweep_at_once_one_ends_the_run(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    other = service.new_copy()
    await claim_until_last(service, ana)
    for event in await list_events(service.store, "processor.started"):
        other.lease_watch.record_event(event)
    service.clock.pass_by(LEASE_SECONDS + 1)
    await asyncio.gather(service.processors.lease_sweep.sweep(), other.lease_sweep.sweep())
    assert (await other.runs.get(ana, run.id)).status == "failed"
    assert len(await list_events(service.store, "processor.failed")) == 1
    assert len((await service.processors.dead_letters.list(ana)).items) == 1


async def test_a_copy_that_hears_of_a_run_ends_it_when_the_one_that_handed_it_out_is_gone(
    service: Service, ana: Caller
) -> None:
    run = await request(service, ana)
    other = service.new_copy()
    claimed = await claim(service, ana)
    (started,) = await list_events(service.store, "processor.started")
    other.lease_watch.record_event(DECODER.decode(started.message().body))
    service.clock.pass_by(LEASE_SECONDS - 5)
    await service.processors.leases.beat(worker_of(claimed), run.id, LeaseBeat(worker="worker-1"))
    for seconds, worker_id in ((6, "worker-1"), (LEASE_SECONDS - 7, "worker-1"), (2, None)):
        service.clock.pass_by(seconds)
        await other.lease_sweep.sweep()
        assert (await other.runs.get(ana, run.id)).worker_id == worker_id


async def load(processors: Processors) -> None:
    recovery = processors.recovery(MemoryBus())
    await recovery.load()
    await recovery.stop()


async def test_after_a_start_workers_have_the_time_of_a_lease_to_beat_again(service: Service, ana: Caller) -> None:
    runs = [await request(service, ana) for _ in range(2)]
    claimed = [await claim(service, ana) for _ in runs]
    service.clock.pass_by(10 * LEASE_SECONDS)
    started_anew = service.new_copy()
    await load(started_anew)
    await started_anew.lease_sweep.sweep()
    held = [(await started_anew.runs.get(ana, run.id)).worker_id for run in runs]
    assert held == ["worker-1", "worker-1"]
    await started_anew.leases.beat(worker_of(claimed[0]), claimed[0].run.id, LeaseBeat(worker="worker-1"))
    service.clock.pass_by(LEASE_SECONDS)
    await started_anew.leases.beat(worker_of(claimed[0]), claimed[0].run.id, LeaseBeat(worker="worker-1"))
    await started_anew.lease_sweep.sweep()
    held = [(await started_anew.runs.get(ana, one.run.id)).worker_id for one in claimed]
    assert held == ["worker-1", None]


async def test_a_run_whose_outputs_are_stored_completes_when_its_worker_is_gone(service: Service, ana: Caller) -> None:
    run = await request(service, ana)
    claimed = await claim(service, ana)

    async def lose_the_answer() -> None:
        raise Fault

    service.state.after_create = lose_the_answer
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker_of(claimed), run.id, OUTPUTS, Cost(), None, "worker-1")
    service.clock.pass_by(LEASE_SECONDS + 1)
    await service.processors.lease_sweep.sweep()
    done = await service.processors.runs.get(ana, run.id)
    assert (done.status, len(done.output_blob_ids), len(service.state.made)) == ("completed", 1, 1)
    assert await service.processors.leases.claim(ana, "own", CLAIM) is None
