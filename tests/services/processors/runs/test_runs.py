"""Runs are requested, listed, cancelled and retried by their user."""

import asyncio

import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.processing.run import Cost, NewRuns, Run
from tests.services.processors.neighbours import (
    NOON,
    OvertakenStore,
    a_blob,
    caller_of,
    list_events,
    list_messages,
    list_work,
)
from tests.services.processors.service_in_memory import Service


def expand(*blob_ids: str, **other: object) -> NewRuns:
    return replace(NewRuns(processor_id="text-expansion", blob_ids=blob_ids), **other)


async def test_a_run_is_requested_announced_and_handed_out_in_this_order(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id, revision=3))
    (run,) = await service.processors.runs.request(ana, expand(blob.id, settings={"style": "noir"}))
    assert (run.status, run.blob_id, run.blob_revision) == ("requested", blob.id, 3)
    assert (run.processor_version, run.requested_at) == ("1.0.0", NOON)
    event, work = (await list_messages(service.store))[-2:]
    assert event.subject == "reyna.event.user-ana.processor.requested.text-expansion"
    assert (work.subject, work.id) == ("reyna.run.text-expansion.user-ana", f"{run.id}.0")
    (handed,) = await list_work(service.store)
    assert (handed.run_id, handed.blob_id, handed.settings) == (run.id, blob.id, {"style": "noir"})


async def test_a_worker_is_handed_a_token_for_this_user_and_run_alone(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    (work,) = await list_work(service.store)
    assert caller_of(work) == Caller(
        user_id=ana.user_id, kind="processor", processor_id="text-expansion", run_id=run.id
    )


async def test_a_device_knows_the_run_it_asked_for_by_its_origin(service: Service, ana: Caller) -> None:
    await service.request_run(replace(ana, origin="phone:7"))
    (told,) = await list_events(service.store, "processor.requested")
    assert told.origin == "phone:7"


async def test_every_fitting_blob_of_a_bucket_is_run(service: Service, ana: Caller) -> None:
    wanted = {service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-a",))).id for _ in range(250)}
    service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-a",), schema_id="expanded-text-v1"))
    service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-b",)))
    runs = await service.processors.runs.request(ana, expand(bucket_id="bucket-a"))
    assert {run.blob_id for run in runs} == wanted


async def test_an_empty_bucket_gives_no_runs(service: Service, ana: Caller) -> None:
    assert await service.processors.runs.request(ana, expand(bucket_id="bucket-a"), key="try-1") == []
    service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-a",)))
    assert await service.processors.runs.request(ana, expand(bucket_id="bucket-a"), key="try-1") == []
    assert len(await service.processors.runs.request(ana, expand(bucket_id="bucket-a"), key="try-2")) == 1


async def test_a_blob_named_twice_is_run_once(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    assert len(await service.processors.runs.request(ana, expand(blob.id, blob.id))) == 1


async def test_one_blob_that_cannot_be_run_stops_the_whole_request(service: Service, ana: Caller, bo: Caller) -> None:
    fine = service.state.keep(a_blob(ana.user_id))
    other = service.state.keep(a_blob(ana.user_id, schema_id="expanded-text-v1"))
    with pytest.raises(Invalid) as refusal:
        await service.processors.runs.request(ana, expand(fine.id, other.id))
    assert refusal.value.errors[0].path == "/blob_ids/1"
    assert refusal.value.errors[0].expected == "text-input-v1"
    bos = service.state.keep(a_blob(bo.user_id))
    trashed = service.state.keep(a_blob(ana.user_id, trashed_at=NOON))
    for gone in (bos, trashed):
        with pytest.raises(NotFound) as missing:
            await service.processors.runs.request(ana, expand(fine.id, gone.id))
        assert missing.value.errors[0].path == "/blob_ids/1"
    assert (await service.processors.runs.list(ana)).items == ()
    assert await list_work(service.store) == []


@pytest.mark.parametrize("new", [expand(), expand("blob-1", bucket_id="bucket-a")])
async def test_a_request_names_blobs_or_a_bucket(service: Service, ana: Caller, new: NewRuns) -> None:
    with pytest.raises(Invalid):
        await service.processors.runs.request(ana, new)


async def test_a_request_has_a_size(service: Service, ana: Caller) -> None:
    with pytest.raises(TooMuch):
        await service.processors.runs.request(ana, expand(*(f"blob-{number}" for number in range(1_001))))


async def test_a_request_names_a_registered_processor_and_fitting_settings(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    with pytest.raises(NotFound):
        await service.processors.runs.request(ana, expand(blob.id, processor_id="nobody"))
    with pytest.raises(Invalid) as refusal:
        await service.processors.runs.request(ana, expand(blob.id, settings={"ratio": 99}))
    assert refusal.value.errors[0].path == "/settings/ratio"


async def test_a_worker_does_not_request_runs_for_its_user(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    for asked in (
        service.processors.runs.request(worker, expand(run.blob_id)),
        service.processors.runs.cancel(worker, run.id),
        service.processors.runs.retry(worker, run.id),
        service.processors.dead_letters.replay(worker, "dead-1"),
        service.processors.dead_letters.discard(worker, "dead-1"),
    ):
        with pytest.raises(Forbidden):
            await asked


async def test_runs_are_listed_newest_first_and_only_ones_own(service: Service, ana: Caller, bo: Caller) -> None:
    runs = []
    for _ in range(5):
        service.clock.pass_by(1)
        runs.append(await service.request_run(ana))
    await service.request_run(bo)
    first = await service.processors.runs.list(ana, limit=3)
    rest = await service.processors.runs.list(ana, limit=3, cursor=first.next_cursor)
    assert [*first.items, *rest.items] == runs[::-1]
    assert rest.next_cursor is None


async def test_runs_requested_together_are_paged_without_a_gap(service: Service, ana: Caller) -> None:
    blobs = [service.state.keep(a_blob(ana.user_id)) for _ in range(5)]
    runs = await service.processors.runs.request(ana, expand(*(blob.id for blob in blobs)))
    seen: list[Run] = []
    cursor = None
    while len(seen) < 5:
        page = await service.processors.runs.list(ana, limit=2, cursor=cursor)
        seen.extend(page.items)
        cursor = page.next_cursor
    assert {run.id for run in seen} == {run.id for run in runs}
    assert cursor is None


async def test_runs_are_found_by_what_they_are_about(service: Service, ana: Caller) -> None:
    one, two = await service.request_run(ana), await service.request_run(ana)
    await service.processors.runs.cancel(ana, one.id)
    assert [run.id for run in (await service.processors.runs.list(ana, status="cancelled")).items] == [one.id]
    assert [run.id for run in (await service.processors.runs.list(ana, blob_id=two.blob_id)).items] == [two.id]
    assert (await service.processors.runs.list(ana, processor_id="style-analyzer")).items == ()
    with pytest.raises(Invalid):
        await service.processors.runs.list(ana, cursor="nonsense")
    with pytest.raises(Invalid):
        await service.processors.runs.list(ana, limit=201)


async def test_another_users_run_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    run = await service.request_run(ana)
    for verb in (service.processors.runs.get, service.processors.runs.cancel, service.processors.runs.retry):
        with pytest.raises(NotFound):
            await verb(bo, run.id)
    assert (await service.processors.runs.get(ana, run.id)).status == "requested"


async def test_a_run_is_cancelled_before_or_during_its_work(service: Service, ana: Caller) -> None:
    waiting = await service.request_run(ana)
    _, running = await service.claim_run(ana)
    for run in (waiting, running):
        cancelled = await service.processors.runs.cancel(ana, run.id)
        assert (cancelled.status, cancelled.finished_at) == ("cancelled", NOON)
    assert len(await list_events(service.store, "processor.cancelled.text-expansion")) == 2


async def test_an_ended_run_cannot_be_cancelled(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.complete(worker, run.id, [], Cost())
    with pytest.raises(Conflict) as refusal:
        await service.processors.runs.cancel(ana, run.id)
    assert refusal.value.facts["current"].status == "completed"
    assert await list_events(service.store, "processor.cancelled") == []


async def test_a_run_is_cancelled_by_one_of_many_who_try(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    tries = await asyncio.gather(
        *(service.processors.runs.cancel(ana, run.id) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, Run) for one in tries) == 1
    assert sum(isinstance(one, Conflict) for one in tries) == 3


async def test_a_run_is_retried_with_the_blob_and_processor_of_now(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.fail(worker, run.id, "The model was away.", final=True)
    service.state.keep(replace(await service.state.blobs.get(ana, run.blob_id), revision=2))
    await service.register(version="1.0.1")
    again = await service.processors.runs.retry(ana, run.id)
    assert (again.id, again.status, again.error, again.attempt) == (run.id, "requested", None, 0)
    assert (again.blob_revision, again.processor_version, again.finished_at) == (2, "1.0.1", None)
    assert (await service.processors.dead_letters.list(ana)).items == ()


async def test_each_retry_is_handed_out_under_a_name_of_its_own(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    for _ in range(3):
        await service.processors.runs.cancel(ana, run.id)
        await service.processors.runs.retry(ana, run.id)
    ids = [message.id for message in await list_messages(service.store) if message.subject.startswith("reyna.run.")]
    assert len(ids) == len(set(ids)) == 4
    assert all(id.startswith(f"{run.id}.") for id in ids)
    assert len(await list_events(service.store, "processor.requested")) == 4


async def test_only_what_went_wrong_or_was_called_off_is_retried(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    with pytest.raises(Conflict):
        await service.processors.runs.retry(ana, run.id)
    await service.processors.execution.complete(worker, run.id, [], Cost())
    with pytest.raises(Conflict):
        await service.processors.runs.retry(ana, run.id)


async def test_a_run_that_is_not_retried_is_refused_for_that_even_when_its_blob_is_gone(
    service: Service, ana: Caller
) -> None:
    worker, run = await service.claim_run(ana)
    await service.processors.execution.complete(worker, run.id, [], Cost())
    del service.state.kept[ana.user_id, run.blob_id]
    with pytest.raises(Conflict):
        await service.processors.runs.retry(ana, run.id)


async def test_a_run_that_is_overtaken_again_and_again_stays_as_it_is(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    with pytest.raises(Conflict):
        await Service(store=OvertakenStore(service.store)).processors.runs.cancel(ana, run.id)
    assert (await service.processors.runs.get(ana, run.id)) == run


async def test_a_run_whose_blob_is_gone_cannot_be_retried(service: Service, ana: Caller) -> None:
    run = await service.request_run(ana)
    await service.processors.runs.cancel(ana, run.id)
    del service.state.kept[ana.user_id, run.blob_id]
    with pytest.raises(NotFound):
        await service.processors.runs.retry(ana, run.id)
