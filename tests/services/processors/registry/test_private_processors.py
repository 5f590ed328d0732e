"""Processors that a user registers for themselves."""

import pytest

from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import AlreadyThere, Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.processing.lease import Claim
from reyna.domain.processing.processor import Beat, NewInstance
from reyna.domain.processing.run import Cost, NewRuns, Output, Run
from reyna.domain.requests.idempotency import IdempotencyKey, KeyReused
from reyna.services.processors.registry.registry import MAX_PRIVATE_PROCESSORS
from reyna.services.processors.runs.lifecycle import STORING_SECONDS
from tests.services.processors.neighbours import NOON, a_blob, list_events, list_work
from tests.services.processors.service_in_memory import Service, expansion


async def request_run(service: Service, user: Caller, processor_id: str = "shouting") -> Run:
    blob = service.state.keep(a_blob(user.user_id))
    new = NewRuns(processor_id=processor_id, blob_ids=(blob.id,))
    return (await service.processors.runs.request(user, new))[0]


def worker_of(run: Run) -> Caller:
    return Caller(user_id=run.user_id, kind="processor", processor_id=run.processor_id, run_id=run.id)


async def test_what_a_user_registers_is_there_for_that_user_alone(service: Service, ana: Caller, bo: Caller) -> None:
    made = await service.register_own(ana)
    assert (made.user_id, made.scope) == (ana.user_id, "user")
    told = (await list_events(service.store, "processor.registered"))[-1]
    assert (told.userid, told.data["processor"]) == (ana.user_id, "shouting")
    assert await service.processors.registry.get(ana, "shouting") == made
    assert [one.id for one in (await service.processors.registry.list(ana)).items] == ["shouting", "text-expansion"]
    assert [one.id for one in (await service.processors.registry.list(bo)).items] == ["text-expansion"]
    for verb in (service.processors.registry.get, service.processors.registry.health):
        with pytest.raises(NotFound):
            await verb(bo, "shouting")
    with pytest.raises(NotFound):
        await request_run(service, bo)
    with pytest.raises(NotFound):
        await service.processors.instances.create(bo, NewInstance(processor_id="shouting"))


async def test_two_users_have_a_processor_of_the_same_id(service: Service, ana: Caller, bo: Caller) -> None:
    await service.register_own(ana, version="1.0.0")
    await service.register_own(bo, version="2.0.0", settings_schema=None)
    assert (await service.processors.registry.get(ana, "shouting")).version == "1.0.0"
    assert (await service.processors.registry.get(bo, "shouting")).version == "2.0.0"
    assert (await request_run(service, ana)).processor_version == "1.0.0"
    assert (await request_run(service, bo)).processor_version == "2.0.0"
    await service.processors.registry.delete(bo, "shouting")
    assert (await service.processors.registry.get(ana, "shouting")).version == "1.0.0"


async def test_the_id_of_a_processor_of_the_system_is_refused(service: Service, ana: Caller) -> None:
    with pytest.raises(AlreadyThere, match="belongs to a processor of the system"):
        await service.register_own(ana, "text-expansion")


async def test_the_own_processor_comes_before_one_that_the_system_registers_later(
    service: Service, ana: Caller, bo: Caller
) -> None:
    await service.register_own(ana)
    await service.register("shouting", version="9.0.0")
    assert (await request_run(service, ana)).processor_scope == "user"
    assert (await request_run(service, bo)).processor_version == "9.0.0"
    assert (await service.register_own(ana, version="1.1.0")).scope == "user"
    assert len((await service.processors.registry.list(ana)).items) == 2
    await service.processors.registry.delete(ana, "shouting")
    assert (await request_run(service, ana)).processor_scope == "system"


async def test_private_schemas_are_taken_and_made_by_private_processors_only(service: Service, ana: Caller) -> None:
    service.schemas.keep("diary", scope="user")
    own: dict[str, object] = {"input_schemas": ("diary-v1",), "output_schema": "diary-v1"}
    assert (await service.register_own(ana, "diarist", **own)).input_schemas == ("diary-v1",)
    with pytest.raises(Invalid) as refusal:
        await service.processors.registry.register(system_caller(), expansion("another", **own))
    assert refusal.value.errors[0].path == "/input_schemas/0"


async def test_a_run_of_a_private_processor_is_not_handed_out_by_the_bus(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    run = await request_run(service, ana)
    assert (run.status, run.processor_scope) == ("requested", "user")
    assert await list_work(service.store) == []
    cancelled = await service.processors.runs.cancel(ana, run.id)
    again = await service.processors.runs.retry(ana, cancelled.id)
    assert again.status == "requested"
    assert await list_work(service.store) == []
    assert len(await list_events(service.store, "processor.requested.shouting")) == 2


async def test_a_new_blob_sets_off_a_private_processor_of_its_user(service: Service, ana: Caller, bo: Caller) -> None:
    await service.register_own(ana)
    await service.processors.instances.create(ana, NewInstance(processor_id="shouting", settings={"style": "noir"}))
    for user, expected in ((ana, ["shouting"]), (bo, [])):
        blob = service.state.keep(a_blob(user.user_id))
        runs = await service.processors.router.route(blob.event("created", user))
        assert [run.processor_id for run in runs] == expected


async def test_an_instance_follows_the_next_version_of_its_processor_at_once(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    await service.processors.instances.create(ana, NewInstance(processor_id="shouting"))
    blob = service.state.keep(a_blob(ana.user_id))
    assert len(await service.processors.router.route(blob.event("created", ana))) == 1
    await service.register_own(ana, version="1.1.0", input_schemas=("style-analysis-v1",))
    assert await service.processors.router.route(blob.event("created", ana)) == []


async def test_the_output_of_a_private_run_is_stored_for_its_owner(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    await service.register("shouting", output_schema="style-analysis-v1")
    run = await request_run(service, ana)
    await service.processors.execution.claim(worker_of(run), run.id)
    await service.processors.execution.complete(worker_of(run), run.id, [Output(data={"expanded": "x"})], Cost())
    ((caller, new, _, _),) = service.state.made
    assert (caller.user_id, new.schema_id, new.processor_id) == (ana.user_id, "expanded-text-v1", "shouting")


async def test_a_worker_of_the_system_gets_no_token_for_a_private_run(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    run = await request_run(service, ana)
    with pytest.raises(Forbidden):
        await service.processors.execution.renew_token(
            Caller(user_id="house", kind="processor", processor_id="shouting"), ana.user_id, run.id
        )


async def test_removing_a_processor_drops_its_instances_and_cancels_its_runs(
    service: Service, ana: Caller, bo: Caller
) -> None:
    for user in (ana, bo):
        await service.register_own(user)
        await service.processors.instances.create(user, NewInstance(processor_id="shouting"))
    await service.processors.instances.create(ana, NewInstance(processor_id="text-expansion"))
    waiting, running = await request_run(service, ana), await request_run(service, ana)
    bos, other = await request_run(service, bo), await request_run(service, ana, "text-expansion")
    await service.processors.execution.claim(worker_of(running), running.id)
    await service.processors.registry.delete(ana, "shouting")

    statuses = {run.id: run.status for run in (await service.processors.runs.list(ana)).items}
    assert statuses == {waiting.id: "cancelled", running.id: "cancelled", other.id: "requested"}
    assert {event.data["run_id"] for event in await list_events(service.store, "processor.cancelled")} == {
        waiting.id,
        running.id,
    }
    assert [one.processor_id for one in (await service.processors.instances.list(ana)).items] == ["text-expansion"]
    assert (await list_events(service.store, "instance.changed"))[-1].data["dropped"] is True
    (removed,) = await list_events(service.store, "processor.removed")
    assert (removed.userid, removed.data["processor"]) == (ana.user_id, "shouting")
    with pytest.raises(NotFound):
        await service.processors.registry.delete(ana, "shouting")
    assert (await service.processors.runs.get(bo, bos.id)).status == "requested"
    assert len((await service.processors.instances.list(bo)).items) == 1


async def test_hundreds_of_waiting_runs_are_cancelled_with_their_processor(service: Service, ana: Caller) -> None:
    await service.register_own(ana)
    blobs = tuple(service.state.keep(a_blob(ana.user_id)).id for _ in range(250))
    await service.processors.runs.request(ana, NewRuns(processor_id="shouting", blob_ids=blobs))
    await service.processors.registry.delete(ana, "shouting")
    assert (await service.processors.runs.list(ana, status="requested")).items == ()
    assert len(await list_events(service.store, "processor.cancelled")) == 250


async def test_a_processor_of_the_system_is_not_removed_by_a_user(service: Service, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await service.processors.registry.delete(ana, "text-expansion")
    with pytest.raises(Forbidden):
        await service.processors.registry.delete(system_caller(), "text-expansion")


async def test_a_user_has_so_many_processors_and_no_more(service: Service, ana: Caller, bo: Caller) -> None:
    for number in range(MAX_PRIVATE_PROCESSORS):
        await service.register_own(ana, f"own-{number}")
    with pytest.raises(TooMuch):
        await service.register_own(ana, "one-too-many")
    await service.register_own(ana, "own-0", version="1.0.1")
    await service.register_own(bo, "another")
    await service.processors.registry.delete(ana, "own-1")
    await service.register_own(ana, "one-more")
    assert (await service.store.sums(ana.user_id))["processors"] == MAX_PRIVATE_PROCESSORS


async def test_a_registration_that_is_sent_twice_is_answered_as_the_first_time(service: Service, ana: Caller) -> None:
    registry, key = service.processors.registry, IdempotencyKey("key-1", "fingerprint")
    first = await registry.register(ana, expansion("shouting"), key=key)
    await registry.register(ana, expansion("shouting", version="2.0.0"))
    assert await registry.register(ana, expansion("shouting"), key=key) == first
    assert (await registry.get(ana, "shouting")).version == "2.0.0"
    with pytest.raises(KeyReused):
        await registry.register(ana, expansion("shouting"), key=IdempotencyKey("key-1", "another"))
    unchanged = IdempotencyKey("key-2", "fingerprint")
    for _ in range(2):
        assert (await registry.register(ana, expansion("shouting", version="2.0.0"), key=unchanged)).revision == 2


async def test_the_health_of_a_private_processor_is_its_own(service: Service, ana: Caller, bo: Caller) -> None:
    for user in (ana, bo):
        await service.register_own(user)
    health = service.processors.worker_health
    health.record_beat(Beat(processor_id="shouting", user_id=ana.user_id, worker_id="worker-1"))
    run = await request_run(service, ana)
    for event in await list_events(service.store, "processor.requested"):
        health.record_event(event)
    assert run.requested_at == NOON
    anas, bos = [await service.processors.registry.health(user, "shouting") for user in (ana, bo)]
    assert (anas.live_workers, anas.queue_length) == (1, 1)
    assert (bos.live_workers, bos.queue_length) == (0, 0)


async def test_a_run_of_a_processor_that_is_removed_at_that_moment_is_not_requested(
    service: Service, ana: Caller
) -> None:
    await service.register_own(ana)
    run = await request_run(service, ana)
    await service.processors.registry.delete(ana, "shouting")
    with pytest.raises((NotFound, Conflict)):
        await service.processors.runs.retry(ana, run.id)


async def test_a_run_that_stores_its_output_while_its_processor_is_removed_is_settled_later(
    service: Service, ana: Caller
) -> None:
    processor = await service.register_own(ana)
    blob = service.state.keep(a_blob(ana.user_id))
    (run,) = await service.processors.runs.request(ana, NewRuns(processor_id="shouting", blob_ids=(blob.id,)))
    claimed = await service.processors.leases.claim(ana, "shouting", Claim(worker="worker-1", version="1.0.0"))
    assert claimed is not None
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="shouting", run_id=run.id)

    async def die() -> None:
        raise RuntimeError("killed")

    service.state.before_create = die
    with pytest.raises(RuntimeError):
        await service.processors.execution.complete(worker, run.id, [Output(data={})], Cost(), None, "worker-1")
    await service.processors.registry.delete(ana, processor.id)
    assert (await service.processors.runs.get(ana, run.id)).status == "running"
    assert not await service.processors.removal.clean_up(ana, "shouting")
    service.clock.pass_by(STORING_SECONDS)
    assert await service.processors.removal.clean_up(ana, "shouting")
    assert (await service.processors.runs.get(ana, run.id)).status == "cancelled"
