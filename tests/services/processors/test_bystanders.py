"""One user, one worker or one record does not get in the way of the others, and what is purged is gone."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import Blob
from reyna.domain.caller import Caller, system_caller
from reyna.domain.event import Message
from reyna.domain.processing.lease import Claim
from reyna.domain.processing.processor import Beat
from reyna.domain.processing.prompts.prompt import CountedPart, NewPrompts, RunPrompt
from reyna.domain.processing.run import Cost, NewRuns, Output, Run
from reyna.ports.store import Step
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.service import Processors
from reyna.storage.decorator import StoreDecorator
from tests.services.processors.copies import SIGNER, Copies
from tests.services.processors.neighbours import SchemasStandIn, a_blob
from tests.services.processors.service_in_memory import expansion

BEAT = Beat(processor_id="text-expansion", worker_id="worker-1")


@pytest.mark.parametrize("purged", ["the note", "what was made of it"])
async def test_what_runs_have_kept_of_a_text_goes_when_it_is_purged(
    copies: Copies, ana: Caller, bo: Caller, purged: str
) -> None:
    service, kept = copies.processors[0], dict[str, tuple[Run, Blob, Blob]]()
    await service.registry.register(ana, expansion("own"))
    await service.registry.register(bo, expansion("own"))
    for user in (ana, bo):
        blob = copies.state.keep(a_blob(user.user_id))
        (run,) = await service.runs.request(user, NewRuns(processor_id="own", blob_ids=(blob.id,)))
        claimed = await service.leases.claim(user, "own", Claim(worker="worker-1", version="1.0.0"))
        assert claimed is not None
        worker = Caller(user_id=user.user_id, kind="processor", processor_id="own", run_id=run.id)
        part = CountedPart(text="The ship sails.", source="note", tokens=4, characters=15)
        prompt = RunPrompt(number=1, state="sent", parts=(part,), max_tokens=10, temperature=0.5, input_tokens=4)
        await service.prompts.put(worker, run.id, NewPrompts(attempt_id="attempt-1", prompts=(prompt,)))
        await service.steps.put(worker, run.id, "first", "The ship sails on.", Cost(), blob.revision)
        output = Output(data={"original": "x", "expanded": "The ship sails on."})
        done = await service.execution.complete(worker, run.id, [output], Cost(), None, "worker-1")
        kept[user.user_id] = done, blob, copies.state.kept[user.user_id, done.output_blob_ids[0]]
    run, note, made = kept[ana.user_id]
    gone = note if purged == "the note" else made
    await copies.bus.publish(gone.event("purged", ana).message())
    for reactions in copies.reactions:  # a reaction that has begun comes to its end
        await reactions.stop()
    assert (await service.prompts.get(ana, run.id)).items == ()
    assert len((await service.prompts.get(bo, kept[bo.user_id][0].id)).items) == 1


async def test_a_beat_counts_for_the_processor_of_its_subject_alone(copies: Copies) -> None:
    await copies.bus.publish_ephemeral("reyna.beat.shouting", msgspec.json.encode(BEAT))
    await copies.wait_until_received()
    assert copies.processors[0].worker_health.health_of("text-expansion").live_workers == 0
    await copies.bus.publish_ephemeral("reyna.beat.text-expansion", msgspec.json.encode(BEAT))
    await copies.wait_until_received()
    assert copies.processors[0].worker_health.health_of("text-expansion").live_workers == 1


async def test_a_user_whose_runs_cannot_be_read_does_not_hold_up_the_others(copies: Copies, ana: Caller) -> None:
    class Broken(StoreDecorator):
        def __init__(self, below: MemoryStore) -> None:
            super().__init__(below)
            self.find = self._find

        async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
            await self._below.write(*steps, messages=messages)

        async def _find(self, collection: Any, user_id: str, *args: Any, **kwargs: Any) -> Any:
            if user_id == "user-aaa":
                raise ValueError("a record that cannot be read")
            return await self._below.find(collection, user_id, *args, **kwargs)

    store = Broken(MemoryStore(COLLECTIONS))
    processors = Processors(store, copies.state, SchemasStandIn(), SIGNER, copies.bus, clock=copies.clock)
    await processors.registry.register(system_caller(), expansion())
    for user_id in (ana.user_id, "user-aaa"):  # the first one is handed out at once
        blob = copies.state.keep(a_blob(user_id))
        await processors.runs.request(
            Caller(user_id=user_id), NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
        )
    copy = Processors(store, copies.state, SchemasStandIn(), SIGNER, copies.bus, clock=copies.clock)
    await copy.recovery(copies.bus).load()
    assert [notice.user_id for notice in copy.queues.list_unconfirmed(-1.0, 10)] == [ana.user_id]
    await processors.admission.stop()
    await copy.admission.stop()
