"""Two copies of the service bring a batch on by its events, each step once."""

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.processing.pipeline import NewPipelineRuns
from reyna.domain.processing.run import Cost, Output
from reyna.services.processors.pipelines.batch_reactions import BatchReactions, is_of_no_batch
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.service import Processors
from reyna.storage.outbox.relay import Relay
from reyna.transport.rpc import Signer
from tests.services.processors.copies import LiveEvents
from tests.services.processors.neighbours import Clock, SchemasStandIn, StateStandIn, a_blob
from tests.services.processors.pipelines.chain import ANALYSIS, EXPANSION
from tests.services.processors.service_in_memory import expansion

SIGNER = Signer(b"only for tests, thirty-two bytes")


async def test_a_batch_is_brought_on_by_the_events_of_its_runs(ana: Caller) -> None:
    bus, state, clock, live = MemoryBus(), StateStandIn(), Clock(), LiveEvents()
    relay = Relay(MemoryStore(COLLECTIONS), bus)
    await relay.start()
    copies = [Processors(relay, state, SchemasStandIn(), SIGNER, bus, clock=clock) for _ in range(2)]
    reactions = [BatchReactions(copy.batch_advance, copy.batches, bus) for copy in copies]
    listening = [await bus.listen("reyna.live.*.>", live.receive)]
    one = copies[0]
    await one.registry.register(system_caller(), expansion())
    analysis = expansion(ANALYSIS, input_schemas=("expanded-text-v1",), output_schema="style-analysis-v1")
    await one.registry.register(system_caller(), analysis)
    for each in reactions:
        await each.start()

    blob = state.keep(a_blob(ana.user_id))
    requested = await one.batches.request(ana, NewPipelineRuns(pipeline=(EXPANSION, ANALYSIS), blob_ids=(blob.id,)))
    for processor_id, data in ((EXPANSION, {"expanded": "one"}), (ANALYSIS, {"style": "plain"})):
        told = await live.next(f"processor.requested.{processor_id}")
        run_id = str(told.data["run_id"])
        worker = Caller(user_id=ana.user_id, kind="processor", processor_id=processor_id, run_id=run_id)
        await one.execution.claim(worker, run_id)
        await one.execution.complete(worker, run_id, [Output(data=data)], Cost())
    ended = await live.next("batch.completed")
    assert ended.data["batch_id"] == requested.batch_id
    assert len((await copies[1].runs.list(ana, batch_id=requested.batch_id)).items) == 2

    for subscription in [*reactions, *listening, relay]:
        await subscription.stop()
    await bus.close()


def test_the_event_of_a_run_in_no_batch_is_ignored_without_reading_it() -> None:
    assert is_of_no_batch(b'{"data":{"run_id":"run-1"}}')
    assert not is_of_no_batch(b'{"data":{"run_id":"run-1","batch_id":"batch-1"}}')
