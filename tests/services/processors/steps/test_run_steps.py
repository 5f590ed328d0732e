"""The stored steps of runs: kept for a later attempt and for a retry, and deleted when nobody needs them."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, RunningElsewhere, TooLarge
from reyna.domain.processing.run import Cost, Output, RetryOptions, Run
from reyna.ports.store import Put
from reyna.services.processors.records import STEPS
from tests.services.processors.service_in_memory import Service

COST = Cost(model="small", input_tokens=10, output_tokens=3)
FROM_START = RetryOptions(from_start=True)
SAME_VERSION = RetryOptions(version="same")


@pytest.fixture
async def at_work(service: Service, ana: Caller) -> tuple[Caller, Run]:
    return await service.claim_run(ana)


async def count_steps(service: Service, user: Caller) -> int:
    return await service.store.count(STEPS, user.user_id)


async def fail_and_retry(service: Service, ana: Caller, run: Run, options: RetryOptions) -> Caller:
    """Returns the worker that has claimed the run after its retry."""
    worker = await service.worker_of(run)
    await service.processors.execution.fail(worker, run.id, "broke", final=True)
    await service.processors.runs.retry(ana, run.id, options)
    worker = await service.worker_of(run)
    await service.processors.execution.claim(worker, run.id, version="1.0.0")
    return worker


async def test_a_finished_step_is_found_with_its_cost(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    stored = await service.processors.steps.put(worker, run.id, "chapter 1 ü?", {"text": "…"}, COST)
    assert await service.processors.steps.get(worker, run.id, "chapter 1 ü?") == stored
    assert await service.processors.steps.get(ana, run.id, "chapter 1 ü?") == stored
    assert (stored.result, stored.cost) == ({"text": "…"}, COST)


async def test_of_two_results_under_one_name_the_first_counts(service: Service, at_work: Any) -> None:
    worker, run = at_work
    put = service.processors.steps.put
    stored = await asyncio.gather(*(put(worker, run.id, "one", number) for number in range(5)))
    assert len({step.result for step in stored}) == 1


async def test_many_steps_that_finish_at_once_are_all_stored(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    await asyncio.gather(*(service.processors.steps.put(worker, run.id, f"step {n}", n) for n in range(50)))
    assert await count_steps(service, ana) == 50


async def test_only_the_worker_of_the_run_stores_and_only_its_user_reads(
    service: Service, ana: Caller, bo: Caller, at_work: Any
) -> None:
    worker, run = at_work
    await service.processors.steps.put(worker, run.id, "one", 1)
    other, _ = await service.claim_run(ana)
    for stranger in (ana, bo, other):
        with pytest.raises(Forbidden):
            await service.processors.steps.put(stranger, run.id, "two", 2)
    with pytest.raises(Forbidden):
        await service.processors.steps.get(other, run.id, "one")
    with pytest.raises(NotFound):
        await service.processors.steps.get(bo, run.id, "one")


async def test_what_cannot_be_stored_is_refused(service: Service, at_work: Any) -> None:
    worker, run = at_work
    put = service.processors.steps.put
    for name in ("", " ", "n" * 201, "a\nb", "..", "a/b"):
        with pytest.raises(Invalid):
            await put(worker, run.id, name, 1)
    with pytest.raises(Invalid):
        await put(worker, run.id, "nul", "\0")
    with pytest.raises(TooLarge, match="step 'large'"):
        await put(worker, run.id, "large", "x" * (4 * 1024 * 1024))


async def test_a_run_that_has_ended_stores_no_step(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    await service.processors.runs.cancel(ana, run.id)
    with pytest.raises(Conflict):
        await service.processors.steps.put(worker, run.id, "one", 1)


async def test_the_steps_of_a_completed_run_are_deleted(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    for number in range(3):
        await service.processors.steps.put(worker, run.id, f"step {number}", number)
    await service.processors.execution.complete(worker, run.id, [Output(data={"expanded": "x"})], COST)
    assert await count_steps(service, ana) == 0


async def test_a_retry_keeps_the_finished_steps(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    await service.processors.steps.put(worker, run.id, "one", 1)
    worker = await fail_and_retry(service, ana, run, RetryOptions())
    assert (await service.processors.steps.get(worker, run.id, "one")).result == 1


async def test_a_retry_from_the_start_repeats_them(service: Service, ana: Caller, at_work: Any) -> None:
    worker, run = at_work
    await service.processors.steps.put(worker, run.id, "one", 1)
    worker = await fail_and_retry(service, ana, run, FROM_START)
    with pytest.raises(NotFound):
        await service.processors.steps.get(worker, run.id, "one")
    assert (await service.processors.steps.put(worker, run.id, "one", 2)).result == 2


async def test_steps_of_another_version_or_another_revision_of_the_blob_do_not_count(
    service: Service, ana: Caller, at_work: Any
) -> None:
    worker, run = at_work
    await service.processors.steps.put(worker, run.id, "one", 1)
    with pytest.raises(NotFound):
        await service.processors.steps.get(worker, run.id, "one", blob_revision=2)
    await service.processors.execution.claim(worker, run.id, "worker-2", version="2.0.0")
    with pytest.raises(NotFound):
        await service.processors.steps.get(worker, run.id, "one")


async def test_a_retry_with_the_same_version_waits_for_a_worker_of_it(
    service: Service, ana: Caller, at_work: Any
) -> None:
    worker, run = at_work
    await service.processors.execution.fail(worker, run.id, "broke", final=True)
    await service.register(version="2.0.0")
    waiting = await service.processors.runs.retry(ana, run.id, SAME_VERSION)
    assert (waiting.processor_version, waiting.waiting) == ("1.0.0", "Waits for a worker of version 1.0.0.")
    worker = await service.worker_of(run)
    for version in ("2.0.0", None):
        with pytest.raises(RunningElsewhere, match=r"version 1\.0\.0"):
            await service.processors.execution.claim(worker, run.id, "worker-2", version)
    claimed = await service.processors.execution.claim(worker, run.id, "worker-1", "1.0.0")
    assert (claimed.status, claimed.waiting, claimed.processor_version) == ("running", None, "1.0.0")


async def test_a_retry_with_the_newest_version_is_done_by_whatever_worker_there_is(
    service: Service, ana: Caller, at_work: Any
) -> None:
    worker, run = at_work
    await service.processors.execution.fail(worker, run.id, "broke", final=True)
    await service.register(version="2.0.0")
    again = await service.processors.runs.retry(ana, run.id)
    assert (again.processor_version, again.waiting, again.required_version) == ("2.0.0", None, None)


async def test_steps_that_a_crash_left_behind_and_old_ones_are_deleted_within_the_hour(
    service: Service, ana: Caller
) -> None:
    processors = service.processors
    first, done = await service.claim_run(ana)
    second, failed = await service.claim_run(ana)
    for worker, run in ((first, done), (second, failed)):
        await processors.steps.put(worker, run.id, "one", 1)
    await processors.execution.complete(first, done.id, [Output(data={"expanded": "x"})], COST)
    (left,) = await service.store.find(STEPS, ana.user_id)
    await service.store.write(Put(STEPS, replace(left, id="step-left", run_id=done.id)))
    await processors.execution.fail(second, failed.id, "broke", final=True)
    assert await processors.step_retention.delete_expired() == 1
    assert await service.store.find(STEPS, ana.user_id) == [left]
    service.clock.pass_by(31 * 24 * 3600)
    assert await processors.step_retention.delete_expired() == 1
    assert await count_steps(service, ana) == 0
