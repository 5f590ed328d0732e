"""The outputs of a run are stored together and once, whichever service is killed in the middle."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Invalid, StoringOutputs, TimedOut
from reyna.domain.processing.lease import Claim, WorkFailure
from reyna.domain.processing.run import Cost, NewRuns, Output, Run, derived_blob_id
from reyna.services.processors.runs.lifecycle import STORING_SECONDS
from tests.services.processors.neighbours import MISFIT, a_blob, list_events
from tests.services.processors.service_in_memory import Service

COST = Cost(model="small", input_tokens=12, output_tokens=60)
PROSE = Output(data={"expanded": "The mighty vessel"})


async def break_down() -> None:
    raise Fault("The database is gone.")


async def test_a_wrong_output_among_several_leaves_nothing_stored(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    with pytest.raises(Invalid):
        await service.processors.execution.complete(worker, run.id, [PROSE, PROSE, Output(data=MISFIT)], COST)
    assert service.state.made == []
    assert (await service.processors.runs.get(ana, run.id)).output_blob_ids == ()


async def test_a_run_goes_on_after_a_fault_that_stored_nothing(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    service.state.before_create = break_down
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [PROSE, PROSE], COST)
    service.state.before_create = None
    service.clock.pass_by(STORING_SECONDS)
    again = await service.processors.execution.claim(worker, run.id)
    assert (again.status, again.output_blob_ids) == ("running", ())
    done = await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    assert done.output_blob_ids == (derived_blob_id(run.id, 0),)
    assert len(service.state.made) == 1


async def time_out() -> None:
    raise TimedOut


async def store_late(service: Service, worker: Caller, run: Run, count: int) -> None:
    """The write of outputs that nobody waited for any longer comes to its end."""
    service.state.before_create = None
    prose = NewBlob(processor_id=run.processor_id, schema_id="expanded-text-v1", data=PROSE.data, parent_id=run.blob_id)
    ids = [derived_blob_id(run.id, number) for number in range(count)]
    await service.state.blobs.create_all(worker, [prose] * count, ids, parent_revision=3)


async def store_without_answer(service: Service, worker: Caller, run: Run) -> None:
    """The outputs are stored, and the service that stored them is killed before it says so."""
    service.state.after_create = break_down
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [PROSE, PROSE], COST, 3)
    service.state.after_create = None


async def check_completed_once(service: Service, user: Caller, run: Run) -> None:
    done = await service.processors.runs.get(user, run.id)
    assert (done.status, done.cost.model, done.cost.output_tokens, done.blob_revision) == ("completed", "small", 60, 3)
    assert done.output_blob_ids == (derived_blob_id(run.id, 0), derived_blob_id(run.id, 1))
    assert len(service.state.made) == 2
    assert len(await list_events(service.store, "processor.completed")) == 1
    assert (await service.processors.dead_letters.list(user)).items == ()


@pytest.mark.parametrize("verb", ["claim", "fail", "fail for good", "refuse"])
async def test_a_run_whose_outputs_are_stored_is_complete_whatever_its_worker_says_next(
    service: Service, ana: Caller, verb: str
) -> None:
    worker, run = await service.claim_run(ana)
    await store_without_answer(service, worker, run)
    execution = service.processors.execution
    asked: dict[str, Callable[[], Awaitable[Run]]] = {
        "claim": lambda: execution.claim(worker, run.id, "worker-2"),
        "fail": lambda: execution.fail(worker, run.id, "The answer was lost.", final=False),
        "fail for good": lambda: execution.fail(worker, run.id, "The answer was lost.", final=True),
        "refuse": lambda: execution.refuse(worker, run.id, "The answer was lost."),
    }
    with pytest.raises(Conflict, match="completed"):
        await asked[verb]()
    await check_completed_once(service, ana, run)


VERBS = ["claim", "fail", "fail for good", "refuse", "complete with others"]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_run_does_not_end_otherwise_while_a_stalled_write_may_still_store_its_outputs(
    service: Service, ana: Caller, verb: str
) -> None:
    worker, run = await service.claim_run(ana)
    service.state.before_create = time_out
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [PROSE, PROSE], COST, 3)
    execution = service.processors.execution
    asked: dict[str, Callable[[], Awaitable[Run]]] = {
        "claim": lambda: execution.claim(worker, run.id, "worker-2"),
        "fail": lambda: execution.fail(worker, run.id, "It took too long.", final=False),
        "fail for good": lambda: execution.fail(worker, run.id, "It took too long.", final=True),
        "refuse": lambda: execution.refuse(worker, run.id, "It took too long."),
        "complete with others": lambda: execution.complete(worker, run.id, [PROSE], COST),
    }
    service.clock.pass_by(STORING_SECONDS - 1)
    with pytest.raises(StoringOutputs):
        await asked[verb]()
    await store_late(service, worker, run, 2)
    if verb == "complete with others":
        await asked[verb]()
    else:
        with pytest.raises(Conflict, match="completed"):
            await asked[verb]()
    await check_completed_once(service, ana, run)


async def test_a_lease_outlasts_a_write_that_stalls(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    blob = service.state.keep(a_blob(ana.user_id))
    await service.processors.runs.request(ana, NewRuns(processor_id="shouting", blob_ids=(blob.id,)))
    claim = Claim(worker="worker-1", version="1.0.0")
    claimed = await service.processors.leases.claim(ana, "shouting", claim)
    assert claimed is not None
    run, worker = claimed.run, msgspec.json.decode(claimed.token, type=Caller)
    service.clock.pass_by(44)
    service.state.before_create = time_out
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    with pytest.raises(StoringOutputs):
        await service.processors.leases.fail(worker, run.id, WorkFailure(reason="It took too long.", final=True))
    service.clock.pass_by(2)
    assert await service.processors.leases.claim(ana, "shouting", claim) is None
    await store_late(service, worker, run, 1)
    service.clock.pass_by(STORING_SECONDS)
    assert await service.processors.leases.claim(ana, "shouting", claim) is None
    assert (await service.processors.runs.get(ana, run.id)).status == "completed"


async def test_a_worker_that_completes_again_with_other_outputs_completes_with_the_stored_ones(
    service: Service, ana: Caller
) -> None:
    worker, run = await service.claim_run(ana)
    await store_without_answer(service, worker, run)
    await service.processors.execution.complete(worker, run.id, [PROSE, PROSE, PROSE], Cost())
    await check_completed_once(service, ana, run)


async def test_a_user_who_cancels_a_run_whose_worker_died_while_storing_learns_what_became_of_it(
    service: Service, ana: Caller
) -> None:
    worker, stored = await service.claim_run(ana)
    await store_without_answer(service, worker, stored)
    with pytest.raises(Conflict, match="completed"):
        await service.processors.runs.cancel(ana, stored.id)
    await check_completed_once(service, ana, stored)

    worker, lost = await service.claim_run(ana)
    service.state.before_create = break_down
    with pytest.raises(Fault):
        await service.processors.execution.complete(worker, lost.id, [PROSE], COST)
    with pytest.raises(Conflict, match="being stored"):
        await service.processors.runs.cancel(ana, lost.id)
    service.clock.pass_by(STORING_SECONDS)
    assert (await service.processors.runs.cancel(ana, lost.id)).status == "cancelled"
    assert len(service.state.made) == 2


async def test_a_run_whose_worker_died_while_storing_can_be_cancelled_after_its_next_attempt(
    service: Service, ana: Caller
) -> None:
    worker, run = await service.claim_run(ana)

    async def die() -> None:
        raise RuntimeError("killed")

    service.state.before_create = die
    with pytest.raises(RuntimeError):
        await service.processors.execution.complete(worker, run.id, [PROSE], COST)
    with pytest.raises(Conflict):
        await service.processors.runs.cancel(ana, run.id)
    service.clock.pass_by(STORING_SECONDS)
    stumbled = await service.processors.execution.fail(worker, run.id, "The worker is gone.", final=False)
    assert stumbled.output_blob_ids == ()
    assert (await service.processors.runs.cancel(ana, run.id)).status == "cancelled"
