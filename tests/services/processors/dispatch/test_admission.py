"""Held runs are admitted in fair order, each exactly once, whatever happens to the copies of the service."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import Message
from reyna.domain.processing.processor import Beat
from reyna.domain.processing.run import RUN_SUBJECTS, Cost, NewRuns, Run, Work
from reyna.ports.store import Step
from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.dispatch.queues import DispatchNotice
from reyna.services.processors.dispatch.recovery import UNCONFIRMED_SECONDS, DispatchRecovery
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.service import Processors
from tests.services.processors.neighbours import TurnTakingStore, a_blob, caller_of, list_events
from tests.services.processors.service_in_memory import Service

TEXT_EXPANSION = "text-expansion"


class WorkStore(TurnTakingStore):
    """A store that keeps the work that was written for workers at hand, and is away for the next `outages` writes."""

    def __init__(self) -> None:
        super().__init__(COLLECTIONS)
        self.work: list[Work] = []
        self.outages = 0

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        if self.outages:
            self.outages -= 1
            raise Fault
        await super().write(*steps, messages=messages)
        runs = [message.body for message in messages if message.subject.startswith(RUN_SUBJECTS)]
        self.work.extend(msgspec.json.decode(body, type=Work) for body in runs)


def work_of(service: Service) -> list[Work]:
    """Returns the work that was handed to workers so far."""
    assert isinstance(service.store, WorkStore)
    return service.store.work


@pytest.fixture
async def queued() -> Service:
    """The service as it is installed: a run is handed out when there is a worker for it."""
    return await a_service()


async def a_service(policy: DispatchPolicy | None = None, **registration: object) -> Service:
    service = Service(store=WorkStore(), policy=policy or DispatchPolicy())
    await service.register(TEXT_EXPANSION, **registration)
    return service


async def add_worker(service: Service, parallel: int, worker_id: str = "worker-1") -> None:
    for copy in copies_of(service):
        copy.worker_health.record_beat(Beat(processor_id=TEXT_EXPANSION, worker_id=worker_id, parallel=parallel))
    await fill(service.processors)


def copies_of(service: Service) -> list[Processors]:
    return [service.processors]


async def fill(processors: Processors) -> None:
    processors.admission.fill_soon(TEXT_EXPANSION)
    await processors.admission.wait_until_filled()


async def request(service: Service, user: Caller, count: int, priority: str = "bulk") -> list[Run]:
    blobs = [service.state.keep(a_blob(user.user_id)) for _ in range(count)]
    runs: list[Run] = []
    for start in range(0, count, 1_000):
        ids = tuple(blob.id for blob in blobs[start : start + 1_000])
        new = NewRuns(processor_id=TEXT_EXPANSION, blob_ids=ids, priority=priority)  # type: ignore[arg-type]
        runs.extend(await service.processors.runs.request(user, new))
    await service.processors.admission.wait_until_filled()
    return runs


class Hands:
    """The hands of workers: they take the work that was published, and end it."""

    def __init__(self, service: Service, processors: Processors | None = None) -> None:
        self._service, self._processors = service, processors or service.processors
        self._taken = 0
        self._at_work: list[Work] = []

    async def take_new(self) -> list[Work]:
        """Returns the work that was published since, claimed."""
        new = work_of(self._service)[self._taken :]
        self._taken += len(new)
        for work in new:
            await self._processors.execution.claim(caller_of(work), work.run_id, "worker-1")
        self._at_work.extend(new)
        return new

    async def end(self, work: Work) -> None:
        self._service.clock.pass_by(1)
        self._at_work.remove(work)
        await self._processors.execution.complete(caller_of(work), work.run_id, [], Cost())
        await self._processors.admission.wait_until_filled()

    async def fail(self, work: Work) -> None:
        self._at_work.remove(work)
        await self._processors.execution.fail(caller_of(work), work.run_id, "It broke.", True, "worker-1")
        await self._processors.admission.wait_until_filled()

    def drop(self, work: Work) -> None:
        self._at_work.remove(work)

    async def end_all(self) -> list[str]:
        """Ends everything, one run after the other, and returns the users in the order of their starts."""
        users: list[str] = []
        await self.take_new()
        while self._at_work:
            users.append(self._at_work[0].user_id)
            await self.end(self._at_work[0])
            await self.take_new()
        return users


async def test_bo_waits_for_one_run_while_ana_has_ten_thousand(queued: Service, ana: Caller, bo: Caller) -> None:
    await add_worker(queued, parallel=1)
    hands = Hands(queued)
    await request(queued, ana, 10_000)
    (first,) = await hands.take_new()
    (bos,) = await request(queued, bo, 1)
    assert bos.held
    await hands.end(first)
    (second,) = await hands.take_new()
    assert second.run_id == bos.id
    await hands.end(second)
    (third,) = await hands.take_new()
    assert third.user_id == ana.user_id


async def test_every_run_of_many_users_ends_in_fair_order(queued: Service) -> None:
    await add_worker(queued, parallel=4)
    users = [Caller(user_id=f"user-{number:04}") for number in range(200)]
    for user in users:
        await request(queued, user, 5)
    order = await Hands(queued).end_all()
    assert Counter(order) == Counter({user.user_id: 5 for user in users})
    for number in range(1, 5):  # nobody is a round ahead of another, but for those that started before the rest came
        assert max(Counter(order[: number * 200]).values()) <= number + 4
    assert queued.processors.queues.processors_with_held_runs() == []


async def test_a_weight_gives_a_user_more_turns(ana: Caller, bo: Caller) -> None:
    service = await a_service(DispatchPolicy(weights={bo.user_id: 3.0}))
    await add_worker(service, parallel=1)
    await request(service, ana, 40)
    await request(service, bo, 40)
    order = await Hands(service).end_all()
    assert 25 <= Counter(order[:40])[bo.user_id] <= 31
    assert len(order) == 80


async def test_an_interactive_run_goes_before_older_bulk_runs_of_its_user(queued: Service, ana: Caller) -> None:
    await add_worker(queued, parallel=1)
    await request(queued, ana, 300)
    hands = Hands(queued)
    (first,) = await hands.take_new()
    (urgent,) = await request(queued, ana, 1, "interactive")
    await hands.end(first)
    assert [work.run_id for work in await hands.take_new()] == [urgent.id]


async def test_one_blob_is_interactive_and_several_are_bulk(queued: Service, ana: Caller) -> None:
    blobs = [queued.state.keep(a_blob(ana.user_id)).id for _ in range(3)]
    for ids, priority in ((blobs[:1], "interactive"), (blobs[1:], "bulk")):
        runs = await queued.processors.runs.request(ana, NewRuns(processor_id=TEXT_EXPANSION, blob_ids=tuple(ids)))
        assert {run.priority for run in runs} == {priority}


async def test_memory_stays_small_however_many_runs_are_held(queued: Service, ana: Caller) -> None:
    await request(queued, ana, 2_000)
    held = queued.processors.queues.queue(TEXT_EXPANSION).held[ana.user_id]
    assert held.has_more
    order = await Hands(queued).end_all()
    assert len(order) == 2_000


async def test_a_processor_is_never_at_work_more_often_than_it_says(ana: Caller, bo: Caller) -> None:
    service = await a_service(max_concurrency=2)
    await add_worker(service, parallel=8)
    hands = Hands(service)
    await request(service, ana, 10)
    await request(service, bo, 10)
    waiting = await hands.take_new()
    assert len(waiting) == 2
    await hands.end(waiting[0])
    assert len(await hands.take_new()) == 1
    assert len(await hands.end_all()) == 19


async def test_a_user_is_held_to_their_own_limit(ana: Caller, bo: Caller) -> None:
    service = await a_service(DispatchPolicy(max_concurrency=1))
    await add_worker(service, parallel=8)
    hands = Hands(service)
    await request(service, ana, 5)
    await request(service, bo, 5)
    assert [work.user_id for work in await hands.take_new()] == [ana.user_id, bo.user_id]
    assert len(await hands.end_all()) == 10


@pytest.mark.parametrize("limited", ["user", "processor"])
async def test_a_rate_limit_holds_runs_back_instead_of_refusing_them(ana: Caller, limited: str) -> None:
    policy = DispatchPolicy(max_runs_per_minute=60) if limited == "user" else None
    service = await a_service(policy, **({"max_runs_per_minute": 60} if limited == "processor" else {}))
    await add_worker(service, parallel=1_000)
    runs = await request(service, ana, 20)
    assert len(work_of(service)) == 6
    service.clock.pass_by(5)
    await fill(service.processors)
    assert 9 <= len(work_of(service)) <= 11
    for _ in range(5):
        service.clock.pass_by(5)
        await fill(service.processors)
    assert {work.run_id for work in work_of(service)} == {run.id for run in runs}


async def test_a_held_run_can_be_cancelled_and_asked_for_again(queued: Service, ana: Caller) -> None:
    runs = await request(queued, ana, 3)
    cancelled = await queued.processors.runs.cancel(ana, runs[2].id)
    assert (cancelled.status, cancelled.held) == ("cancelled", False)
    again = await queued.processors.runs.retry(ana, runs[2].id)
    assert (again.status, again.held) == ("requested", True)
    order = await Hands(queued).end_all()
    assert len(order) == 3
    assert {run.status for run in (await queued.processors.runs.list(ana)).items} == {"completed"}


async def test_a_run_that_waits_for_its_next_attempt_leaves_its_place_to_others(
    queued: Service, ana: Caller, bo: Caller
) -> None:
    await add_worker(queued, parallel=1)
    hands = Hands(queued)
    await request(queued, ana, 1)
    await request(queued, bo, 1)
    (work,) = await hands.take_new()
    await queued.processors.execution.fail(caller_of(work), work.run_id, "The model is away.", False, "worker-1")
    await queued.processors.execution.release(caller_of(work), work.run_id, "worker-1")
    await queued.processors.admission.wait_until_filled()
    assert [work.user_id for work in await hands.take_new()] == [bo.user_id]


async def test_failed_replayed_and_cancelled_runs_make_room(queued: Service, ana: Caller) -> None:
    await add_worker(queued, parallel=1)
    hands, runs = Hands(queued), await request(queued, ana, 4)
    (first,) = await hands.take_new()
    await hands.fail(first)
    (letter,) = (await queued.processors.dead_letters.list(ana)).items
    assert (await queued.processors.dead_letters.replay(ana, letter.id)).held
    (second,) = await hands.take_new()
    await queued.processors.runs.cancel(ana, second.run_id)
    await queued.processors.admission.wait_until_filled()
    assert len(await hands.take_new()) == 1
    hands.drop(second)
    assert len(await hands.end_all()) == 3
    ends = {run.id: run.status for run in (await queued.processors.runs.list(ana)).items}
    assert ends == {run.id: "cancelled" if run.id == second.run_id else "completed" for run in runs}


# --- several copies, crashes and outages ---


async def test_two_copies_admit_each_run_once(queued: Service, ana: Caller) -> None:
    runs = await request(queued, ana, 40)
    other = queued.new_copy()
    await load(queued, other)
    for copy in (queued.processors, other):
        copy.worker_health.record_beat(Beat(processor_id=TEXT_EXPANSION, worker_id="worker-1", parallel=100))
        copy.admission.fill_soon(TEXT_EXPANSION)
    await asyncio.gather(queued.processors.admission.wait_until_filled(), other.admission.wait_until_filled())
    work = work_of(queued)
    assert sorted(one.run_id for one in work) == sorted(run.id for run in runs)


async def load(service: Service, processors: Processors) -> DispatchRecovery:
    recovery = processors.recovery(MemoryBus())
    await recovery.load()
    await processors.admission.wait_until_filled()
    return recovery


async def test_a_new_copy_goes_on_where_the_killed_one_stopped(queued: Service, ana: Caller, bo: Caller) -> None:
    await request(queued, ana, 200)
    await request(queued, bo, 3)
    survivor = queued.new_copy()
    await load(queued, survivor)
    assert len(work_of(queued)) == 1  # one is in flight, as before
    order = await Hands(queued, survivor).end_all()
    assert Counter(order) == Counter({ana.user_id: 200, bo.user_id: 3})
    assert bo.user_id in order[:3]


async def test_a_run_whose_end_nobody_heard_of_does_not_block_the_rest(queued: Service, ana: Caller) -> None:
    await request(queued, ana, 2)
    deaf, other = queued.processors, queued.new_copy()
    (work,) = await Hands(queued).take_new()
    await other.execution.complete(caller_of(work), work.run_id, [], Cost())
    await other.admission.wait_until_filled()
    queued.clock.pass_by(UNCONFIRMED_SECONDS)
    await deaf.recovery(MemoryBus()).sweep()
    await deaf.admission.wait_until_filled()
    assert len(work_of(queued)) == 2


async def test_what_another_copy_admitted_counts(queued: Service, ana: Caller) -> None:
    await add_worker(queued, parallel=2)
    for number in range(2):
        queued.processors.queues.record_admission(DispatchNotice(f"run-{number}", ana.user_id, TEXT_EXPANSION))
    (run,) = await request(queued, ana, 1)
    assert run.held


async def test_a_run_that_could_not_be_admitted_is_admitted_later(ana: Caller) -> None:
    store = WorkStore()
    service = Service(store=store, policy=DispatchPolicy())
    await service.register()
    runs = await request(service, ana, 2)
    store.outages = 1
    await add_worker(service, parallel=2)
    assert len(store.work) == 1
    await fill(service.processors)
    assert {work.run_id for work in store.work} == {run.id for run in runs}


async def test_a_request_that_fails_takes_no_place(ana: Caller) -> None:
    store = WorkStore()
    service = Service(store=store, policy=DispatchPolicy())
    await service.register()
    blob = service.state.keep(a_blob(ana.user_id))
    store.outages = 1
    with pytest.raises(Fault):
        await service.request_run(ana, blob)
    assert not (await service.request_run(ana, blob)).held


# --- several revisions of one blob ---


async def test_a_newer_revision_supersedes_a_run_that_has_not_started(queued: Service, ana: Caller, bo: Caller) -> None:
    await request(queued, bo, 1)
    blob = queued.state.keep(a_blob(ana.user_id, revision=2))
    older = await queued.request_run(ana, blob)
    newer = await queued.request_run(ana, queued.state.keep(replace(blob, revision=3)))
    ended = await queued.processors.runs.get(ana, older.id)
    assert (ended.status, ended.error) == (
        "cancelled",
        "Revision 3 of the same blob is processed instead of revision 2.",
    )
    (event,) = await list_events(queued.store, "processor.cancelled")
    assert (event.data["run_id"], event.data["error"]) == (older.id, ended.error)
    assert (await queued.processors.runs.get(ana, newer.id)).status == "requested"


async def test_a_run_at_work_is_not_superseded_and_says_what_it_read(service: Service, ana: Caller) -> None:
    blob = service.state.keep(a_blob(ana.user_id, revision=2))
    worker, older = await service.claim_run(ana, blob)
    newer_worker, newer = await service.claim_run(ana, service.state.keep(replace(blob, revision=3)))
    await service.processors.execution.complete(newer_worker, newer.id, [], Cost(), 3)
    late = await service.processors.execution.complete(worker, older.id, [], Cost(), 2)
    assert (late.status, late.blob_revision) == ("completed", 2)


async def test_other_blobs_processors_and_users_are_not_superseded(service: Service, ana: Caller, bo: Caller) -> None:
    await service.register("style-analysis")
    blob = service.state.keep(a_blob(ana.user_id, "blob-same", revision=2))
    others = [
        await service.request_run(bo, service.state.keep(a_blob(bo.user_id, "blob-same", revision=2))),
        await service.request_run(ana, service.state.keep(a_blob(ana.user_id, revision=2))),
        *await service.processors.runs.request(ana, NewRuns(processor_id="style-analysis", blob_ids=(blob.id,))),
    ]
    await service.request_run(ana, service.state.keep(replace(blob, revision=3)))
    for run, user in zip(others, (bo, ana, ana), strict=True):
        assert (await service.processors.runs.get(user, run.id)).status == "requested"
