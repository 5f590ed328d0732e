"""Asking for runs, calling them off, and what became of those that were given up."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMuch
from reyna.domain.run import Cost, DeadLetter, NewRuns, Run
from tests.processors.around import Service
from tests.processors.neighbours import MISFIT, NOON, a_blob, events, handed_out, messages, pass_of


def expand(*blob_ids: str, **other: object) -> NewRuns:
    return replace(NewRuns(processor_id="text-expansion", blob_ids=blob_ids), **other)


# --- asking ---


async def test_a_run_is_requested_told_and_handed_out_in_this_order(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id, revision=3))
    (run,) = await service.verbs.request_runs(ana, expand(blob.id, settings={"style": "noir"}))
    assert (run.status, run.blob_id, run.blob_revision) == ("requested", blob.id, 3)
    assert (run.processor_version, run.requested_at) == ("1.0.0", NOON)
    event, work = (await messages(service.store))[-2:]
    assert event.subject == "reyna.event.user-ana.processor.requested.text-expansion"
    assert (work.subject, work.id) == ("reyna.run.text-expansion.user-ana", f"{run.id}.0")
    (handed,) = await handed_out(service.store)
    assert (handed.run_id, handed.blob_id, handed.settings) == (run.id, blob.id, {"style": "noir"})


async def test_a_worker_is_handed_a_pass_for_this_user_and_run_alone(service: Service, ana: Caller) -> None:
    run = await service.requested(ana)
    (work,) = await handed_out(service.store)
    assert pass_of(work) == Caller(user_id=ana.user_id, kind="processor", processor_id="text-expansion", run_id=run.id)


async def test_a_device_knows_the_run_it_asked_for_by_its_origin(service: Service, ana: Caller) -> None:
    await service.requested(replace(ana, origin="phone:7"))
    (told,) = await events(service.store, "processor.requested")
    assert told.origin == "phone:7"


async def test_every_fitting_blob_of_a_bucket_is_run(service: Service, ana: Caller) -> None:
    wanted = {service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-a",))).id for _ in range(250)}
    service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-a",), schema_id="expanded-text-v1"))
    service.state.keep(a_blob(ana.user_id, bucket_ids=("bucket-b",)))
    runs = await service.verbs.request_runs(ana, expand(bucket_id="bucket-a"))
    assert {run.blob_id for run in runs} == wanted


async def test_an_empty_bucket_gives_no_runs(service: Service, ana: Caller) -> None:
    assert await service.verbs.request_runs(ana, expand(bucket_id="bucket-a")) == []


async def test_a_blob_named_twice_is_run_once(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    assert len(await service.verbs.request_runs(ana, expand(blob.id, blob.id))) == 1


async def test_one_blob_that_cannot_be_run_stops_the_whole_request(service: Service, ana: Caller, bo: Caller) -> None:
    fine = service.state.keep(a_blob(ana.user_id))
    other = service.state.keep(a_blob(ana.user_id, schema_id="expanded-text-v1"))
    with pytest.raises(Invalid) as refusal:
        await service.verbs.request_runs(ana, expand(fine.id, other.id))
    assert refusal.value.errors[0].path == "/blob_ids/1"
    assert refusal.value.errors[0].expected == "text-input-v1"
    bos = service.state.keep(a_blob(bo.user_id))
    trashed = service.state.keep(a_blob(ana.user_id, trashed_at=NOON))
    for gone in (bos, trashed):
        with pytest.raises(NotFound) as missing:
            await service.verbs.request_runs(ana, expand(fine.id, gone.id))
        assert missing.value.errors[0].path == "/blob_ids/1"
    assert (await service.verbs.runs(ana)).items == ()
    assert await handed_out(service.store) == []


@pytest.mark.parametrize("new", [expand(), expand("blob-1", bucket_id="bucket-a")])
async def test_a_request_names_blobs_or_a_bucket(service: Service, ana: Caller, new: NewRuns) -> None:
    with pytest.raises(Invalid):
        await service.verbs.request_runs(ana, new)


async def test_a_request_has_a_size(service: Service, ana: Caller) -> None:
    with pytest.raises(TooMuch):
        await service.verbs.request_runs(ana, expand(*(f"blob-{number}" for number in range(1_001))))


async def test_a_request_names_a_registered_processor_and_fitting_settings(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id))
    with pytest.raises(NotFound):
        await service.verbs.request_runs(ana, expand(blob.id, processor_id="nobody"))
    with pytest.raises(Invalid) as refusal:
        await service.verbs.request_runs(ana, expand(blob.id, settings={"ratio": 99}))
    assert refusal.value.errors[0].path == "/settings/ratio"


async def test_a_worker_does_not_request_runs_for_its_user(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    for asked in (
        service.verbs.request_runs(worker, expand(run.blob_id)),
        service.verbs.cancel_run(worker, run.id),
        service.verbs.retry_run(worker, run.id),
        service.verbs.replay_dead(worker, "dead-1"),
        service.verbs.discard_dead(worker, "dead-1"),
    ):
        with pytest.raises(Forbidden):
            await asked


# --- looking ---


async def test_runs_are_listed_newest_first_and_only_ones_own(service: Service, ana: Caller, bo: Caller) -> None:
    runs = []
    for _ in range(5):
        service.clock.pass_by(1)
        runs.append(await service.requested(ana))
    await service.requested(bo)
    first = await service.verbs.runs(ana, limit=3)
    rest = await service.verbs.runs(ana, limit=3, cursor=first.next_cursor)
    assert [*first.items, *rest.items] == runs[::-1]
    assert rest.next_cursor is None


async def test_runs_requested_together_are_paged_without_a_gap(service: Service, ana: Caller) -> None:
    blobs = [service.state.keep(a_blob(ana.user_id)) for _ in range(5)]
    runs = await service.verbs.request_runs(ana, expand(*(blob.id for blob in blobs)))
    seen: list[Run] = []
    cursor = None
    while len(seen) < 5:
        page = await service.verbs.runs(ana, limit=2, cursor=cursor)
        seen.extend(page.items)
        cursor = page.next_cursor
    assert {run.id for run in seen} == {run.id for run in runs}
    assert cursor is None


async def test_runs_are_found_by_what_they_are_about(service: Service, ana: Caller) -> None:
    one, two = await service.requested(ana), await service.requested(ana)
    await service.verbs.cancel_run(ana, one.id)
    assert [run.id for run in (await service.verbs.runs(ana, status="cancelled")).items] == [one.id]
    assert [run.id for run in (await service.verbs.runs(ana, blob_id=two.blob_id)).items] == [two.id]
    assert (await service.verbs.runs(ana, processor_id="style-analyzer")).items == ()
    with pytest.raises(Invalid):
        await service.verbs.runs(ana, cursor="nonsense")
    with pytest.raises(Invalid):
        await service.verbs.runs(ana, limit=201)


async def test_another_users_run_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    run = await service.requested(ana)
    for verb in (service.verbs.run, service.verbs.cancel_run, service.verbs.retry_run):
        with pytest.raises(NotFound):
            await verb(bo, run.id)
    assert (await service.verbs.run(ana, run.id)).status == "requested"


# --- calling off ---


async def test_a_run_is_cancelled_before_or_during_its_work(service: Service, ana: Caller) -> None:
    waiting = await service.requested(ana)
    _, running = await service.claimed(ana)
    for run in (waiting, running):
        cancelled = await service.verbs.cancel_run(ana, run.id)
        assert (cancelled.status, cancelled.finished_at) == ("cancelled", NOON)
    assert len(await events(service.store, "processor.cancelled.text-expansion")) == 2


async def test_an_ended_run_cannot_be_cancelled(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.complete(worker, run.id, [], Cost())
    with pytest.raises(Conflict) as refusal:
        await service.verbs.cancel_run(ana, run.id)
    assert refusal.value.facts["current"].status == "completed"
    assert await events(service.store, "processor.cancelled") == []


async def test_a_run_is_cancelled_by_one_of_many_who_try(service: Service, ana: Caller) -> None:
    run = await service.requested(ana)
    tries = await asyncio.gather(*(service.verbs.cancel_run(ana, run.id) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, Run) for one in tries) == 1
    assert sum(isinstance(one, Conflict) for one in tries) == 3


# --- once more ---


async def test_a_run_is_retried_with_the_blob_and_processor_of_now(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    await service.verbs.fail(worker, run.id, "The model was away.", final=True)
    service.state.keep(replace(await service.state.blob(ana, run.blob_id), revision=2))
    await service.registered(version="1.0.1")
    again = await service.verbs.retry_run(ana, run.id)
    assert (again.id, again.status, again.error, again.attempt) == (run.id, "requested", None, 0)
    assert (again.blob_revision, again.processor_version, again.finished_at) == (2, "1.0.1", None)
    assert (await service.verbs.dead(ana)).items == ()


async def test_each_retry_is_handed_out_under_a_name_of_its_own(service: Service, ana: Caller) -> None:
    run = await service.requested(ana)
    for _ in range(3):
        await service.verbs.cancel_run(ana, run.id)
        await service.verbs.retry_run(ana, run.id)
    ids = [message.id for message in await messages(service.store) if message.subject.startswith("reyna.run.")]
    assert len(ids) == len(set(ids)) == 4
    assert all(id.startswith(f"{run.id}.") for id in ids)
    assert len(await events(service.store, "processor.requested")) == 4


async def test_only_what_went_wrong_or_was_called_off_is_retried(service: Service, ana: Caller) -> None:
    worker, run = await service.claimed(ana)
    with pytest.raises(Conflict):
        await service.verbs.retry_run(ana, run.id)
    await service.verbs.complete(worker, run.id, [], Cost())
    with pytest.raises(Conflict):
        await service.verbs.retry_run(ana, run.id)


async def test_a_run_whose_blob_is_gone_cannot_be_retried(service: Service, ana: Caller) -> None:
    run = await service.requested(ana)
    await service.verbs.cancel_run(ana, run.id)
    del service.state.kept[ana.user_id, run.blob_id]
    with pytest.raises(NotFound):
        await service.verbs.retry_run(ana, run.id)


# --- dead letters ---


async def a_dead_letter(service: Service, user: Caller) -> DeadLetter:
    worker, run = await service.claimed(user)
    await service.verbs.refuse(worker, run.id, "Too short to expand.")
    return (await service.verbs.dead(user)).items[0]


async def test_work_that_was_given_up_is_kept_with_its_reason_and_without_its_pass(
    service: Service, ana: Caller, bo: Caller
) -> None:
    letter = await a_dead_letter(service, ana)
    assert (letter.reason, letter.attempts, letter.processor_id) == ("Too short to expand.", 1, "text-expansion")
    assert letter.work.run_id == letter.run_id
    assert letter.work.token == ""
    (told,) = [m for m in await messages(service.store) if m.subject == "reyna.dead.text-expansion.user-ana"]
    assert msgspec.json.decode(told.body, type=DeadLetter) == letter
    assert (await service.verbs.dead(bo)).items == ()


async def test_a_replayed_dead_letter_becomes_a_run_again(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.verbs.replay_dead(ana, letter.id)
    assert (run.id, run.status) == (letter.run_id, "requested")
    assert (await service.verbs.dead(ana)).items == ()


async def test_work_that_is_given_up_again_after_a_replay_is_told_again(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.verbs.replay_dead(ana, letter.id)
    worker = await service.handed(run)
    await service.verbs.claim(worker, run.id, 1)
    await service.verbs.refuse(worker, run.id, "Still too short.")
    assert [kept.reason for kept in (await service.verbs.dead(ana)).items] == ["Still too short."]
    assert len([m for m in await messages(service.store) if m.subject.startswith("reyna.dead.")]) == 2


async def test_a_dead_letter_is_replayed_with_better_data_as_a_new_revision(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.verbs.replay_dead(ana, letter.id, {"content": "Ten words are needed here, so here they are."})
    blob = await service.state.blob(ana, run.blob_id)
    assert (run.blob_revision, blob.revision) == (2, 2)
    assert blob.data["content"].startswith("Ten words")


async def test_a_dead_letter_stays_when_its_new_data_is_refused(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    with pytest.raises(Invalid):
        await service.verbs.replay_dead(ana, letter.id, MISFIT)
    assert (await service.verbs.dead(ana)).items == (letter,)
    assert (await service.verbs.run(ana, letter.run_id)).status == "refused"


async def test_a_discarded_dead_letter_leaves_its_run_as_it_ended(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    await service.verbs.discard_dead(ana, letter.id)
    assert (await service.verbs.dead(ana)).items == ()
    assert (await service.verbs.run(ana, letter.run_id)).status == "refused"
    assert (await service.verbs.retry_run(ana, letter.run_id)).status == "requested"


async def test_another_users_dead_letter_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    with pytest.raises(NotFound):
        await service.verbs.replay_dead(bo, letter.id)
    with pytest.raises(NotFound):
        await service.verbs.discard_dead(bo, letter.id)
    assert (await service.verbs.dead(ana)).items == (letter,)
