"""Dead letters are kept until they are replayed or discarded, in the store and in their stream."""

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.processing.run import DeadLetter
from tests.services.processors.neighbours import (
    MISFIT,
    list_events,
    list_messages,
)
from tests.services.processors.service_in_memory import Service


async def a_dead_letter(service: Service, user: Caller) -> DeadLetter:
    worker, run = await service.claim_run(user)
    await service.processors.execution.fail(worker, run.id, "The model was away.", final=True)
    return (await service.processors.dead_letters.list(user)).items[0]


async def test_work_that_was_given_up_is_kept_with_its_reason_and_without_its_token(
    service: Service, ana: Caller, bo: Caller
) -> None:
    letter = await a_dead_letter(service, ana)
    assert (letter.reason, letter.attempts, letter.processor_id) == ("The model was away.", 1, "text-expansion")
    assert letter.work.run_id == letter.run_id
    assert letter.work.token == ""
    (told,) = [m for m in await list_messages(service.store) if m.subject == "reyna.dead.text-expansion.user-ana"]
    assert msgspec.json.decode(told.body, type=DeadLetter) == letter
    assert (await service.processors.dead_letters.list(bo)).items == ()


async def test_a_replayed_dead_letter_becomes_a_run_again(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.processors.dead_letters.replay(ana, letter.id)
    assert (run.id, run.status) == (letter.run_id, "requested")
    assert (await service.processors.dead_letters.list(ana)).items == ()


async def test_work_that_is_given_up_again_after_a_replay_is_published_again(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.processors.dead_letters.replay(ana, letter.id)
    worker = await service.worker_of(run)
    await service.processors.execution.claim(worker, run.id)
    await service.processors.execution.fail(worker, run.id, "Still away.", final=True)
    (second,) = (await service.processors.dead_letters.list(ana)).items
    assert (second.reason, second.id) == ("Still away.", letter.id)
    assert second.message_id != letter.message_id
    assert len([m for m in await list_messages(service.store) if m.subject.startswith("reyna.dead.")]) == 2


async def test_a_dead_letter_is_replayed_with_better_data_as_a_new_revision(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    run = await service.processors.dead_letters.replay(
        ana, letter.id, {"content": "Ten words are needed here, so here they are."}
    )
    blob = await service.state.blobs.get(ana, run.blob_id)
    assert (run.blob_revision, blob.revision) == (2, 2)
    assert blob.data["content"].startswith("Ten words")


async def test_a_dead_letter_stays_when_its_new_data_is_refused(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    with pytest.raises(Invalid):
        await service.processors.dead_letters.replay(ana, letter.id, MISFIT)
    assert (await service.processors.dead_letters.list(ana)).items == (letter,)
    assert (await service.processors.runs.get(ana, letter.run_id)).status == "failed"


async def test_a_discarded_dead_letter_leaves_its_run_as_it_ended(service: Service, ana: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    await service.processors.dead_letters.discard(ana, letter.id)
    assert (await service.processors.dead_letters.list(ana)).items == ()
    assert (await service.processors.runs.get(ana, letter.run_id)).status == "failed"
    assert (await service.processors.runs.retry(ana, letter.run_id)).status == "requested"


@pytest.mark.parametrize("cause", ["discarded", "replayed"])
async def test_a_letter_that_is_let_go_of_leaves_the_stream_too(service: Service, ana: Caller, cause: str) -> None:
    letter = await a_dead_letter(service, ana)
    if cause == "discarded":
        await service.processors.dead_letters.discard(ana, letter.id)
    else:
        await service.processors.dead_letters.replay(ana, letter.id)
    assert service.bus.removed == [("DEAD", "reyna.dead.text-expansion.user-ana", letter.message_id)]
    (told,) = await list_events(service.store, "processor.discarded")
    assert (told.data["cause"], told.data["dead_id"]) == (cause, letter.id)
    await service.processors.dead_letter_stream.remove_discarded(told)  # what a copy does that was killed in between
    assert service.bus.removed[1] == service.bus.removed[0]


async def test_another_users_dead_letter_is_not_there(service: Service, ana: Caller, bo: Caller) -> None:
    letter = await a_dead_letter(service, ana)
    with pytest.raises(NotFound):
        await service.processors.dead_letters.replay(bo, letter.id)
    with pytest.raises(NotFound):
        await service.processors.dead_letters.discard(bo, letter.id)
    assert (await service.processors.dead_letters.list(ana)).items == (letter,)
