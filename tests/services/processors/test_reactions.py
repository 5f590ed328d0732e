"""The processor service reacts to events, beats and progress in every copy, and routes a blob in one of them."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, Fault, Forbidden, NotSignedIn
from reyna.domain.event import Event, Message
from reyna.domain.processing.lease import Claim
from reyna.domain.processing.processor import Beat, InstanceChange, NewInstance, Processor
from reyna.domain.processing.run import Cost, NewRuns, Output, Run, Work
from reyna.ports.bus import Delivery, ReceivedMessage, StreamPosition
from reyna.ports.store import Delete, Put
from reyna.services.processors.reactions import SETTLE_SECONDS, Reactions
from reyna.services.processors.records import COLLECTIONS, INSTANCES, PROCESSORS
from reyna.services.processors.service import Processors
from reyna.transport.rpc import remote, serve
from tests.services.processors.copies import REDELIVERY_SECONDS, SIGNER, Copies, call_without_delay
from tests.services.processors.neighbours import SchemasStandIn, StateStandIn, a_blob
from tests.services.processors.service_in_memory import expansion

BEAT = Beat(processor_id="text-expansion", worker_id="worker-1")


async def test_a_new_blob_is_routed_once_among_all_copies(copies: Copies, ana: Caller) -> None:
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.publish(blob)
    told = await copies.live.next("processor.requested.text-expansion")
    (run,) = (await copies.processors[1].runs.list(ana)).items
    assert (told.data["run_id"], run.blob_id) == (run.id, blob.id)


@pytest.mark.parametrize("outage", [Fault(), NotSignedIn("This token was not signed here.")])
async def test_a_blob_that_could_not_be_read_for_a_moment_is_routed_all_the_same(
    copies: Copies, ana: Caller, outage: Exception
) -> None:
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    blob = copies.state.keep(a_blob(ana.user_id))
    copies.state.outages, copies.state.outage = 2, outage
    await copies.publish(blob)
    await copies.live.next("processor.requested.text-expansion")
    assert copies.state.outages == 0
    assert len((await copies.processors[0].runs.list(ana)).items) == 1


async def test_a_note_is_worked_on_again_where_its_writer_pauses(copies: Copies, ana: Caller) -> None:
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    for revision in (2, 3, 4):
        blob = copies.state.keep(a_blob(ana.user_id, "blob-note", revision=revision))
        await copies.bus.publish(blob.event("updated", ana).message())
    await copies.live.next("processor.requested.text-expansion")
    await copies.publish(copies.state.keep(a_blob(ana.user_id)))
    await copies.live.next("processor.requested.text-expansion")
    runs = (await copies.processors[0].runs.list(ana, blob_id="blob-note")).items
    assert [run.blob_revision for run in runs] == [4]


@pytest.mark.parametrize("switched_on", [False, True])
async def test_a_note_is_waited_for_where_a_processor_takes_it(copies: Copies, ana: Caller, switched_on: bool) -> None:
    if switched_on:
        await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    waited: list[float] = []

    def noting(seconds: float, call: Callable[[], None]) -> asyncio.Handle:
        waited.append(seconds)
        return call_without_delay(seconds, call)

    bus = MemoryBus(later=noting)
    reactions = Reactions(copies.processors[0], bus)
    await reactions.start()
    blob = copies.state.keep(a_blob(ana.user_id, revision=2))
    await bus.publish(blob.event("updated", ana).message())
    if switched_on:
        await copies.live.next("processor.requested.text-expansion")
    await reactions.stop()
    await bus.close()
    assert [seconds for seconds in waited if seconds < REDELIVERY_SECONDS] == [SETTLE_SECONDS] * switched_on


async def test_switching_off_in_one_copy_counts_in_the_other(copies: Copies, ana: Caller) -> None:
    instance = await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    event = copies.state.keep(a_blob(ana.user_id)).event("created", ana)
    assert [await processors.router.has_takers(event) for processors in copies.processors] == [True, True]
    heard = asyncio.Event()
    listening = await copies.bus.listen("reyna.live.*.instance.changed", lambda _: heard.set())
    await copies.processors[0].instances.change(ana, instance.id, InstanceChange(enabled=False))
    await heard.wait()
    await copies.wait_until_received()
    assert [await processors.router.has_takers(event) for processors in copies.processors] == [False, False]
    await listening.stop()


async def test_a_processor_that_registers_anew_in_one_copy_counts_in_the_other(copies: Copies, ana: Caller) -> None:
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    event = copies.state.keep(a_blob(ana.user_id)).event("created", ana)
    assert [await processors.router.has_takers(event) for processors in copies.processors] == [True, True]
    heard = asyncio.Event()
    listening = await copies.bus.listen("reyna.live.*.processor.registered", lambda _: heard.set())
    await copies.processors[0].registry.register(system_caller(), expansion(trigger="manual", version="1.0.1"))
    await heard.wait()
    await copies.wait_until_received()
    assert [await processors.router.has_takers(event) for processors in copies.processors] == [False, False]
    await listening.stop()


async def test_what_one_user_switches_leaves_what_is_known_of_others(copies: Copies, ana: Caller, bo: Caller) -> None:
    known = {user: await copies.processors[1].instance_cache.get(user.user_id) for user in (ana, bo)}
    heard = asyncio.Event()
    listening = await copies.bus.listen("reyna.live.*.instance.changed", lambda _: heard.set())
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    await heard.wait()
    await copies.wait_until_received()
    assert await copies.processors[1].instance_cache.get(bo.user_id) is known[bo]
    assert await copies.processors[1].instance_cache.get(ana.user_id) is not known[ana]
    await listening.stop()


async def test_what_cannot_be_read_does_not_hold_up_what_comes_after(copies: Copies, ana: Caller) -> None:
    await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    nonsense = Event.now("blob.created.text-input-v1", ana, {"blob_id": None})
    with capture_logs() as lines:
        for number, body in enumerate([b"not JSON", nonsense.message().body]):
            await copies.bus.publish(Message(f"event-{number}", "reyna.event.user-ana.blob.created.x", body))
        await copies.publish(copies.state.keep(a_blob(ana.user_id)))
        await copies.live.next("processor.requested.text-expansion")
    assert [line["event"] for line in lines] == ["event cannot be read"] * 2


async def test_a_run_goes_from_the_bus_to_its_result_with_the_token_it_carries(copies: Copies, ana: Caller) -> None:
    handed: asyncio.Queue[Work] = asyncio.Queue()

    async def take(delivery: Delivery) -> None:
        handed.put_nowait(msgspec.json.decode(delivery.body, type=Work))

    serving = await serve(copies.processors[0], "processors", "1.0.0", copies.bus, SIGNER)
    taking = await copies.bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.*", take)
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.processors[1].runs.request(ana, NewRuns(processor_id="text-expansion", blob_ids=(blob.id,)))
    work = await handed.get()
    worker = SIGNER.verify(work.token)
    far = remote(Processors, "processors", copies.bus, lambda _: work.token)
    claimed = await far.execution.claim(worker, work.run_id)
    assert isinstance(claimed, Run)
    done = await far.execution.complete(
        worker, work.run_id, [Output(data={"expanded": "The mighty vessel"})], Cost(model="m")
    )
    assert (done.status, done.cost.model) == ("completed", "m")
    assert (await copies.live.next("processor.completed.text-expansion")).data["run_id"] == work.run_id
    with pytest.raises(Forbidden):
        await far.execution.claim(worker, "run-another")
    forged = remote(Processors, "processors", copies.bus, lambda _: work.token[:-1])
    with pytest.raises(NotSignedIn):
        await forged.execution.claim(worker, work.run_id)
    await taking.stop()
    await serving.stop()


async def test_a_beat_is_heard_by_every_copy(copies: Copies, ana: Caller) -> None:
    worker = Caller(user_id="house", kind="processor", processor_id="text-expansion")
    await copies.processors[0].registry.record_beat(worker, BEAT)
    await copies.bus.publish_ephemeral("reyna.beat.text-expansion", msgspec.json.encode(BEAT))
    await copies.wait_until_received()
    for processors in copies.processors:
        assert (await processors.registry.health(ana, "text-expansion")).live_workers == 1


async def test_a_beat_that_cannot_be_read_is_passed_over(copies: Copies, ana: Caller) -> None:
    await copies.bus.publish_ephemeral("reyna.beat.text-expansion", b"thump")
    await copies.wait_until_received()
    assert (await copies.processors[0].registry.health(ana, "text-expansion")).live_workers == 0


async def test_every_copy_knows_the_queue(copies: Copies, ana: Caller) -> None:
    for reactions in copies.reactions:
        await reactions.wait_until_caught_up()
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.processors[0].runs.request(ana, NewRuns(processor_id="text-expansion", blob_ids=(blob.id,)))
    await copies.live.next("processor.requested.text-expansion")
    await copies.wait_until_received()
    for processors in copies.processors:
        assert (await processors.registry.health(ana, "text-expansion")).queue_length == 1


async def test_progress_says_nothing_about_health(copies: Copies, ana: Caller) -> None:
    with capture_logs() as lines:
        await copies.bus.publish_ephemeral(
            "reyna.live.user-ana.processor.started.text-expansion", b'{"run_id": "run-1"}'
        )
        await copies.wait_until_received()
    assert lines == []


async def test_every_copy_shows_how_far_a_run_is(copies: Copies, ana: Caller) -> None:
    blob = copies.state.keep(a_blob(ana.user_id))
    asked = NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
    (run,) = await copies.processors[0].runs.request(ana, asked)
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="text-expansion", run_id=run.id)
    await copies.processors[0].execution.claim(worker, run.id)
    subject = "reyna.live.user-ana.processor.progress.text-expansion"
    told = {"run_id": run.id, "processor": "text-expansion", "blob_id": blob.id, "progress": 0.4, "text": "The mighty"}
    with capture_logs() as lines:
        for body in (msgspec.json.encode(told), b'{"run_id": 7}'):
            await copies.bus.publish_ephemeral(subject, body)
        await copies.wait_until_received()
    for processors in copies.processors:
        shown = await processors.runs.get(ana, run.id)
        assert (shown.progress, shown.text) == (0.4, "The mighty")
    assert {line["event"] for line in lines} == {"progress cannot be read"}


async def test_every_copy_shows_a_run_that_is_retried_from_its_start(copies: Copies, ana: Caller) -> None:
    for reactions in copies.reactions:
        await reactions.wait_until_caught_up()
    blob = copies.state.keep(a_blob(ana.user_id))
    asked = NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
    (run,) = await copies.processors[0].runs.request(ana, asked)
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="text-expansion", run_id=run.id)
    await copies.processors[0].execution.claim(worker, run.id)
    told = {"run_id": run.id, "processor": "text-expansion", "blob_id": blob.id, "progress": 0.4, "text": "The mighty"}
    await copies.bus.publish_ephemeral(
        "reyna.live.user-ana.processor.progress.text-expansion", msgspec.json.encode(told)
    )
    await copies.wait_until_received()
    await copies.processors[0].runs.cancel(ana, run.id)
    await copies.live.next("processor.cancelled.text-expansion")
    await copies.processors[0].runs.retry(ana, run.id)
    await copies.live.next("processor.requested.text-expansion")
    await copies.processors[0].execution.claim(worker, run.id)
    await copies.wait_until_received()
    for processors in copies.processors:
        shown = await processors.runs.get(ana, run.id)
        assert (shown.status, shown.progress, shown.text) == ("running", 0.0, None)


async def test_a_copy_that_starts_later_knows_what_happened_before(copies: Copies, ana: Caller) -> None:
    blobs = [copies.state.keep(a_blob(ana.user_id)) for _ in range(3)]
    asked = NewRuns(processor_id="text-expansion", blob_ids=tuple(blob.id for blob in blobs))
    first, *_ = await copies.processors[0].runs.request(ana, asked)
    await copies.processors[0].runs.cancel(ana, first.id)
    await copies.live.next("processor.cancelled.text-expansion")
    late = Processors(copies.relay, copies.state, SchemasStandIn(), SIGNER, copies.bus, clock=copies.clock)
    reactions = Reactions(late, copies.bus)
    await reactions.start()
    await reactions.wait_until_caught_up()
    assert (await late.registry.health(ana, "text-expansion")).queue_length == 2
    await reactions.stop()


class PausedBus(MemoryBus):
    """A bus whose replay begins and ends when a test allows it."""

    def __init__(self) -> None:
        super().__init__(later=call_without_delay)
        self.may_begin, self.replayed, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def position(self) -> StreamPosition:
        await self.may_begin.wait()
        return await super().position()

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[ReceivedMessage]:
        async for heard in super().replay(subject, after=after, until=until):
            yield heard
        self.replayed.set()
        await self.may_end.wait()


async def test_what_happens_while_the_past_is_read_is_known_once(ana: Caller) -> None:
    bus = PausedBus()
    processors = Processors(MemoryStore(COLLECTIONS), StateStandIn(), SchemasStandIn(), SIGNER, bus)
    await processors.registry.register(system_caller(), expansion())
    reactions = Reactions(processors, bus)

    async def publish(action: str, run_id: str) -> None:
        facts = {"run_id": run_id, "processor": "text-expansion", "blob_id": "blob-1"}
        await bus.publish(Event.now(f"processor.{action}.text-expansion", ana, facts).message())

    await publish("failed", "run-before")
    await reactions.start()
    await publish("completed", "run-before-the-replay")
    bus.may_begin.set()
    await bus.replayed.wait()
    await publish("completed", "run-during-the-replay")
    bus.may_end.set()
    await reactions.wait_until_caught_up()
    assert (await processors.registry.health(ana, "text-expansion")).success_rate == 2 / 3
    await reactions.stop()


async def test_a_run_that_is_held_elsewhere_while_the_past_is_read_is_known(ana: Caller) -> None:
    bus = PausedBus()
    processors = Processors(MemoryStore(COLLECTIONS), StateStandIn(), SchemasStandIn(), SIGNER, bus)
    reactions = Reactions(processors, bus)
    await reactions.start()
    facts = {"run_id": "run-1", "processor": "text-expansion", "blob_id": "blob-1", "held": True}
    await bus.publish(Event.now("processor.requested.text-expansion", ana, facts).message())
    bus.may_begin.set()
    await bus.replayed.wait()
    bus.may_end.set()
    await reactions.wait_until_caught_up()
    assert processors.queues.processors_with_held_runs() == ["text-expansion"]
    await reactions.stop()
    await processors.admission.stop()


async def test_the_open_runs_of_a_processor_end_although_the_copy_that_removed_it_was_killed(
    copies: Copies, ana: Caller, bo: Caller
) -> None:
    own: dict[str, Processor] = {}
    runs: dict[str, Run] = {}
    for user in (ana, bo):
        own[user.user_id] = await copies.processors[0].registry.register(user, expansion("own"))
        blob = copies.state.keep(a_blob(user.user_id))
        new = NewRuns(processor_id="own", blob_ids=(blob.id,))
        runs[user.user_id] = (await copies.processors[0].runs.request(user, new))[0]
    claimed = await copies.processors[0].leases.claim(ana, "own", Claim(worker="worker-1", version="1.0.0"))
    assert claimed is not None
    removed = own[ana.user_id].event("removed", ana).message()
    await copies.relay.write(Delete(PROCESSORS, ana.user_id, "own"), messages=[removed])
    told = await copies.live.next("processor.cancelled.own")
    assert told.data["run_id"] == runs[ana.user_id].id
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="own", run_id=claimed.run.id)
    with pytest.raises(Conflict):
        await copies.processors[1].execution.complete(worker, claimed.run.id, [], Cost(), None, "worker-1")
    assert (await copies.processors[1].runs.get(bo, runs[bo.user_id].id)).status == "requested"


async def test_the_waiting_runs_of_an_instance_end_although_the_copy_that_switched_it_off_was_killed(
    copies: Copies, ana: Caller
) -> None:
    instance = await copies.processors[0].instances.create(ana, NewInstance(processor_id="text-expansion"))
    await copies.publish(copies.state.keep(a_blob(ana.user_id)))
    await copies.live.next("processor.requested.text-expansion")
    off = replace(instance, enabled=False, revision=instance.revision + 1)
    message = off.event("changed", ana).message()
    await copies.relay.write(Put(INSTANCES, off, expects=instance.revision), messages=[message])
    await copies.live.next("processor.cancelled.text-expansion")
    (run,) = (await copies.processors[1].runs.list(ana)).items
    assert run.status == "cancelled"
