"""A run that this copy has written lately is not read again before the next write, and never written over."""

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.processing.run import Cost
from reyna.services.processors.runs.latest_runs import MAX_KNOWN_RUNS, LatestRuns
from tests.services.processors.neighbours import caller_of, list_work
from tests.services.processors.service_in_memory import Service


async def test_what_another_copy_has_written_is_seen(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    other = service.new_copy()
    await other.runs.cancel(ana, run.id)
    await other.runs.retry(ana, run.id)
    (*_, work) = await list_work(service.store)
    await other.execution.claim(caller_of(work), run.id, "worker-2")
    completed = await service.processors.execution.complete(worker, run.id, [], Cost())
    assert (completed.status, completed.worker_id) == ("completed", "worker-2")
    assert await other.runs.get(ana, run.id) == completed


async def test_only_so_many_runs_are_remembered(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    latest = LatestRuns()
    for number in range(MAX_KNOWN_RUNS + 1):
        latest.record(replace(run, id=f"run-{number}"))
    assert latest.get(ana.user_id, "run-0") is None
    assert latest.get(ana.user_id, f"run-{MAX_KNOWN_RUNS}") is not None
    assert latest.get("user-bo", f"run-{MAX_KNOWN_RUNS}") is None
