"""What the service hears over the bus, and what it says there."""

import asyncio
from collections.abc import AsyncIterator, Callable

import msgspec
import pytest
from structlog.testing import capture_logs

from reyna.adapters.memory import MemoryStore
from reyna.adapters.memory_bus import MemoryBus
from reyna.domain.blob import Blob
from reyna.domain.caller import Caller, house
from reyna.domain.errors import Forbidden, NotSignedIn
from reyna.domain.event import DECODER, Event, Message
from reyna.domain.processor import Beat, InstanceChange, NewInstance
from reyna.domain.run import Cost, NewRuns, Output, Run, Work
from reyna.ports import Delivery, Heard, Position
from reyna.processors.reactions import Reactions
from reyna.processors.records import COLLECTIONS
from reyna.processors.service import Processors
from reyna.relay import Relay
from reyna.rpc import Signer, remote, serve
from tests.processors.around import expansion
from tests.processors.neighbours import Clock, SchemasStandIn, StateStandIn, a_blob

SIGNER = Signer(b"only for tests, thirty-two bytes")
PATIENCE = 30.0  # seconds, as the port promises
BEAT = Beat(processor_id="text-expansion", worker_id="worker-1")


class Ear:
    """Listens to the live events, and waits for the one that is asked for."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[Event] = asyncio.Queue()

    def hear(self, heard: Heard) -> None:
        self._heard.put_nowait(DECODER.decode(heard.body))

    async def next(self, type: str) -> Event:
        while (event := await self._heard.get()).type != type:
            pass
        return event


def soon(seconds: float, call: Callable[[], None]) -> asyncio.Handle:
    """A second delivery comes at once; what is taken for lost only after its time."""
    loop = asyncio.get_running_loop()
    return loop.call_soon(call) if seconds < PATIENCE else loop.call_later(seconds, call)


class Copies:
    """Two copies of the service on one bus and one store."""

    def __init__(self) -> None:
        self.bus, self.state, self.clock, self.ear = MemoryBus(later=soon), StateStandIn(), Clock(), Ear()
        self.relay = Relay(MemoryStore(COLLECTIONS), self.bus)
        self.verbs = [self._copy(), self._copy()]
        self.reactions = [Reactions(verbs, self.bus) for verbs in self.verbs]

    def _copy(self) -> Processors:
        return Processors(self.relay, self.state, SchemasStandIn(), SIGNER, self.bus, clock=self.clock)

    async def publish(self, blob: Blob) -> None:
        created = blob.event("created", Caller(user_id=blob.user_id))
        await self.bus.publish(created.message())

    async def all_told(self) -> None:
        """Returns when what was told until now has been heard."""
        heard = asyncio.Event()
        subscription = await self.bus.listen("told", lambda _: heard.set())
        await self.bus.tell("told", b"")
        await heard.wait()
        await subscription.stop()


@pytest.fixture
async def copies() -> AsyncIterator[Copies]:
    copies = Copies()
    await copies.relay.start()
    listening = await copies.bus.listen("reyna.live.*.processor.>", copies.ear.hear)
    await copies.verbs[0].register(house(), expansion())
    for reactions in copies.reactions:
        await reactions.start()
    yield copies
    for reactions in copies.reactions:
        await reactions.stop()
    await listening.stop()
    await copies.relay.stop()
    await copies.bus.close()


async def test_a_new_blob_is_routed_once_among_all_copies(copies: Copies, ana: Caller) -> None:
    await copies.verbs[0].create_instance(ana, NewInstance(processor_id="text-expansion"))
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.publish(blob)
    told = await copies.ear.next("processor.requested.text-expansion")
    (run,) = (await copies.verbs[1].runs(ana)).items
    assert (told.data["run_id"], run.blob_id) == (run.id, blob.id)


async def test_a_blob_that_could_not_be_read_for_a_moment_is_routed_all_the_same(copies: Copies, ana: Caller) -> None:
    await copies.verbs[0].create_instance(ana, NewInstance(processor_id="text-expansion"))
    blob = copies.state.keep(a_blob(ana.user_id))
    copies.state.outages = 2
    await copies.publish(blob)
    await copies.ear.next("processor.requested.text-expansion")
    assert copies.state.outages == 0
    assert len((await copies.verbs[0].runs(ana)).items) == 1


async def test_a_note_is_worked_on_again_where_its_writer_pauses(copies: Copies, ana: Caller) -> None:
    await copies.verbs[0].create_instance(ana, NewInstance(processor_id="text-expansion"))
    for revision in (2, 3, 4):
        blob = copies.state.keep(a_blob(ana.user_id, "blob-note", revision=revision))
        await copies.bus.publish(blob.event("updated", ana).message())
    await copies.ear.next("processor.requested.text-expansion")
    await copies.publish(copies.state.keep(a_blob(ana.user_id)))
    await copies.ear.next("processor.requested.text-expansion")
    runs = (await copies.verbs[0].runs(ana, blob_id="blob-note")).items
    assert [run.blob_revision for run in runs] == [4]


async def test_a_note_that_no_processor_takes_is_not_waited_for(copies: Copies, ana: Caller) -> None:
    waited: list[float] = []

    def noting(seconds: float, call: Callable[[], None]) -> asyncio.Handle:
        waited.append(seconds)
        return soon(seconds, call)

    bus = MemoryBus(later=noting)
    reactions = Reactions(copies.verbs[0], bus)
    await reactions.start()
    blob = copies.state.keep(a_blob(ana.user_id, revision=2))
    await bus.publish(blob.event("updated", ana).message())
    await reactions.stop()
    await bus.close()
    assert [seconds for seconds in waited if seconds < PATIENCE] == []


async def test_switching_off_in_one_copy_counts_in_the_other(copies: Copies, ana: Caller) -> None:
    instance = await copies.verbs[0].create_instance(ana, NewInstance(processor_id="text-expansion"))
    event = copies.state.keep(a_blob(ana.user_id)).event("created", ana)
    assert [await verbs.router.concerns_anyone(event) for verbs in copies.verbs] == [True, True]
    heard = asyncio.Event()
    listening = await copies.bus.listen("reyna.live.*.instance.changed", lambda _: heard.set())
    await copies.verbs[0].change_instance(ana, instance.id, InstanceChange(enabled=False))
    await heard.wait()
    await copies.all_told()
    assert [await verbs.router.concerns_anyone(event) for verbs in copies.verbs] == [False, False]
    await listening.stop()


async def test_what_cannot_be_read_does_not_hold_up_what_comes_after(copies: Copies, ana: Caller) -> None:
    await copies.verbs[0].create_instance(ana, NewInstance(processor_id="text-expansion"))
    nonsense = Event.now("blob.created.text-input-v1", ana, {"blob_id": None})
    with capture_logs() as lines:
        for number, body in enumerate([b"not JSON", nonsense.message().body]):
            await copies.bus.publish(Message(f"event-{number}", "reyna.event.user-ana.blob.created.x", body))
        await copies.publish(copies.state.keep(a_blob(ana.user_id)))
        await copies.ear.next("processor.requested.text-expansion")
    assert [line["event"] for line in lines] == ["event cannot be read"] * 2


async def test_a_run_goes_from_the_bus_to_its_result_with_the_pass_it_carries(copies: Copies, ana: Caller) -> None:
    handed: asyncio.Queue[Work] = asyncio.Queue()

    async def take(delivery: Delivery) -> None:
        handed.put_nowait(msgspec.json.decode(delivery.body, type=Work))

    serving = await serve(copies.verbs[0], "processors", "1.0.0", copies.bus, SIGNER)
    taking = await copies.bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.*", take)
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.verbs[1].request_runs(ana, NewRuns(processor_id="text-expansion", blob_ids=(blob.id,)))
    work = await handed.get()
    worker = SIGNER.verify(work.token)
    far = remote(Processors, "processors", copies.bus, lambda _: work.token)
    claimed = await far.claim(worker, work.run_id, 1)
    assert isinstance(claimed, Run)
    done = await far.complete(worker, work.run_id, [Output(data={"expanded": "The mighty vessel"})], Cost(model="m"))
    assert (done.status, done.cost.model) == ("completed", "m")
    assert (await copies.ear.next("processor.completed.text-expansion")).data["run_id"] == work.run_id
    with pytest.raises(Forbidden):
        await far.claim(worker, "run-another", 1)
    forged = remote(Processors, "processors", copies.bus, lambda _: work.token[:-1])
    with pytest.raises(NotSignedIn):
        await forged.claim(worker, work.run_id, 1)
    await taking.stop()
    await serving.stop()


async def test_a_beat_is_heard_by_every_copy(copies: Copies, ana: Caller) -> None:
    worker = Caller(user_id="house", kind="processor", processor_id="text-expansion")
    await copies.verbs[0].beat(worker, BEAT)
    await copies.bus.tell("reyna.beat.text-expansion", msgspec.json.encode(BEAT))
    await copies.all_told()
    for verbs in copies.verbs:
        assert (await verbs.health(ana, "text-expansion")).live_workers == 1


async def test_a_beat_that_cannot_be_read_is_passed_over(copies: Copies, ana: Caller) -> None:
    await copies.bus.tell("reyna.beat.text-expansion", b"thump")
    await copies.all_told()
    assert (await copies.verbs[0].health(ana, "text-expansion")).live_workers == 0


async def test_every_copy_knows_the_queue(copies: Copies, ana: Caller) -> None:
    for reactions in copies.reactions:
        await reactions.caught_up()
    blob = copies.state.keep(a_blob(ana.user_id))
    await copies.verbs[0].request_runs(ana, NewRuns(processor_id="text-expansion", blob_ids=(blob.id,)))
    await copies.ear.next("processor.requested.text-expansion")
    await copies.all_told()
    for verbs in copies.verbs:
        assert (await verbs.health(ana, "text-expansion")).queue_length == 1


async def test_progress_says_nothing_about_health(copies: Copies, ana: Caller) -> None:
    with capture_logs() as lines:
        await copies.bus.tell("reyna.live.user-ana.processor.started.text-expansion", b'{"run_id": "run-1"}')
        await copies.all_told()
    assert lines == []


async def test_a_copy_that_starts_later_knows_what_happened_before(copies: Copies, ana: Caller) -> None:
    blobs = [copies.state.keep(a_blob(ana.user_id)) for _ in range(3)]
    asked = NewRuns(processor_id="text-expansion", blob_ids=tuple(blob.id for blob in blobs))
    first, *_ = await copies.verbs[0].request_runs(ana, asked)
    await copies.verbs[0].cancel_run(ana, first.id)
    await copies.ear.next("processor.cancelled.text-expansion")
    late = Processors(copies.relay, copies.state, SchemasStandIn(), SIGNER, copies.bus, clock=copies.clock)
    reactions = Reactions(late, copies.bus)
    await reactions.start()
    await reactions.caught_up()
    assert (await late.health(ana, "text-expansion")).queue_length == 2
    await reactions.stop()


class HesitantBus(MemoryBus):
    """Says where the stream is, and that a replay is over, only when it is let."""

    def __init__(self) -> None:
        super().__init__(later=soon)
        self.may_begin, self.replayed, self.may_end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def position(self) -> Position:
        await self.may_begin.wait()
        return await super().position()

    async def replay(self, subject: str, *, after: int, until: int) -> AsyncIterator[Heard]:
        async for heard in super().replay(subject, after=after, until=until):
            yield heard
        self.replayed.set()
        await self.may_end.wait()


async def test_what_happens_while_the_past_is_read_is_known_once(ana: Caller) -> None:
    bus = HesitantBus()
    verbs = Processors(MemoryStore(COLLECTIONS), StateStandIn(), SchemasStandIn(), SIGNER, bus)
    await verbs.register(house(), expansion())
    reactions = Reactions(verbs, bus)

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
    await reactions.caught_up()
    assert (await verbs.health(ana, "text-expansion")).success_rate == 2 / 3
    await reactions.stop()
