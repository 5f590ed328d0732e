"""Switching an instance off: its runs that have not started are cancelled at once."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.processing.processor import InstanceChange, NewInstance
from reyna.domain.processing.run import Run
from tests.services.processors.neighbours import a_blob, list_events
from tests.services.processors.service_in_memory import Service


async def route_new_blob(service: Service, user: Caller) -> list[Run]:
    blob = service.state.keep(a_blob(user.user_id))
    return await service.processors.router.route(blob.event("created", user))


@pytest.mark.parametrize("way", ["switched off", "deleted"])
async def test_off_means_off_for_what_has_not_started(service: Service, ana: Caller, bo: Caller, way: str) -> None:
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion"))
    await service.processors.instances.create(bo, NewInstance(processor_id="text-expansion"))
    (waiting,), (running,), (bos,) = [await route_new_blob(service, user) for user in (ana, ana, bo)]
    by_hand = await service.request_run(ana)
    await service.processors.execution.claim(await service.worker_of(running), running.id)
    if way == "deleted":
        await service.processors.instances.delete(ana, made.id)
    else:
        await service.processors.instances.change(ana, made.id, InstanceChange(enabled=False))

    statuses = {run.id: run.status for run in (await service.processors.runs.list(ana)).items}
    assert statuses == {waiting.id: "cancelled", running.id: "running", by_hand.id: "requested"}
    assert (waiting.instance_id, by_hand.instance_id) == (made.id, None)
    (told,) = await list_events(service.store, "processor.cancelled")
    assert (told.userid, told.data["run_id"]) == (ana.user_id, waiting.id)
    assert (await service.processors.runs.get(bo, bos.id)).status == "requested"


async def test_a_copy_that_has_not_heard_of_it_requests_nothing(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion"))
    other = service.new_copy()
    await other.instance_cache.get(ana.user_id)
    await service.processors.instances.change(ana, made.id, InstanceChange(enabled=False))
    blob = service.state.keep(a_blob(ana.user_id))
    assert await other.router.route(blob.event("created", ana)) == []


async def test_a_run_that_is_requested_again_by_hand_stays(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion"))
    (run,) = await route_new_blob(service, ana)
    await service.processors.instances.change(ana, made.id, InstanceChange(enabled=False))
    await service.processors.runs.retry(ana, run.id)
    assert await service.processors.waiting_runs.cancel(ana, made.id, "text-expansion") == 0
    assert (await service.processors.runs.get(ana, run.id)).status == "requested"


async def test_what_is_switched_on_again_keeps_its_runs(service: Service, ana: Caller) -> None:
    made = await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion"))
    for enabled in (False, True):
        await service.processors.instances.change(ana, made.id, InstanceChange(enabled=enabled))
    (run,) = await route_new_blob(service, ana)
    assert await service.processors.waiting_runs.cancel(ana, made.id, "text-expansion") == 0  # told of it late
    assert (await service.processors.runs.get(ana, run.id)).status == "requested"
