"""How a processor does, from what was heard of it."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest

from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Forbidden
from reyna.domain.event import Event
from reyna.domain.processing.processor import Beat, Health
from reyna.services.processors.metrics import ProcessorMetrics
from reyna.services.processors.worker_health import MAX_ENDED_RUNS, WorkerHealth, percentile
from tests.services.processors.neighbours import NOON, Clock
from tests.services.processors.service_in_memory import Service

WORKER = Caller(user_id="house", kind="processor", processor_id="text-expansion")
BEAT = Beat(processor_id="text-expansion", worker_id="worker-1")


def event(action: str, run: str = "run-1", *, at: float = 0) -> Event:
    facts = {"run_id": run, "processor": "text-expansion", "blob_id": "blob-1"}
    event = Event.now(f"processor.{action}.text-expansion", Caller(user_id="user-ana"), facts)
    return replace(event, time=NOON + timedelta(seconds=at))


def health_after(*events: Event) -> Health:
    worker_health = WorkerHealth()
    for one in events:
        worker_health.record_event(one)
    return worker_health.health_of("text-expansion")


async def test_a_worker_lives_until_it_has_been_silent_for_45_seconds(service: Service, ana: Caller) -> None:
    assert (await service.processors.registry.health(ana, "text-expansion")).live_workers == 0
    await service.processors.registry.record_beat(WORKER, BEAT)
    service.clock.pass_by(44)
    await service.processors.registry.record_beat(WORKER, replace(BEAT, worker_id="worker-2"))
    assert (await service.processors.registry.health(ana, "text-expansion")).live_workers == 2
    service.clock.pass_by(1)
    health = await service.processors.registry.health(ana, "text-expansion")
    assert (health.live_workers, health.last_beat) == (1, NOON + timedelta(seconds=44))


@pytest.mark.parametrize("seconds", [-3600, 365 * 24 * 3600])
async def test_a_worker_lives_whatever_happens_to_the_clock(service: Service, ana: Caller, seconds: float) -> None:
    await service.processors.registry.record_beat(WORKER, BEAT)
    service.clock.set_by(seconds)
    assert (await service.processors.registry.health(ana, "text-expansion")).live_workers == 1
    service.clock.pass_by(45)
    assert (await service.processors.registry.health(ana, "text-expansion")).live_workers == 0


async def test_a_beat_is_passed_on_to_every_copy(service: Service) -> None:
    await service.processors.registry.record_beat(WORKER, BEAT)
    assert service.bus.published == [("reyna.beat.text-expansion", msgspec.json.encode(BEAT))]


async def test_a_user_does_not_beat_for_a_worker(service: Service, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await service.processors.registry.record_beat(ana, BEAT)


def test_a_processor_nothing_was_heard_of_has_no_rates() -> None:
    assert health_after() == Health(
        live_workers=0, last_beat=None, queue_length=0, success_rate=None, p50=None, p95=None
    )


def test_what_is_requested_and_neither_started_nor_cancelled_waits() -> None:
    assert health_after(event("requested", "run-1"), event("requested", "run-2")).queue_length == 2
    assert health_after(event("requested"), event("started")).queue_length == 0
    assert health_after(event("requested"), event("cancelled")).queue_length == 0


def test_what_is_heard_twice_counts_once_in_the_queue() -> None:
    assert health_after(event("requested"), event("requested")).queue_length == 1


def test_success_is_what_completed_of_all_that_ended_by_itself() -> None:
    health = health_after(
        event("completed", "run-1"),
        event("refused", "run-2"),
        event("failed", "run-3"),
        event("cancelled", "run-4"),
    )
    assert health.success_rate == 0.5


def test_a_clock_that_goes_back_during_a_run_makes_no_negative_times() -> None:
    health = health_after(event("started", at=3600), event("completed", at=1))
    assert (health.success_rate, health.p50) == (1.0, None)


def test_times_are_from_start_to_completion() -> None:
    events = []
    for seconds in range(1, 101):
        events += [event("started", f"run-{seconds}"), event("completed", f"run-{seconds}", at=seconds)]
    assert (health_after(*events).p50, health_after(*events).p95) == (50, 95)


def test_a_run_whose_start_was_not_heard_counts_but_has_no_time() -> None:
    health = health_after(event("completed"))
    assert (health.success_rate, health.p50) == (1.0, None)


def test_the_runs_that_ended_in_the_last_full_minute_are_counted() -> None:
    clock = Clock()
    health = WorkerHealth(clock, lambda: clock.elapsed)
    for number, seconds in enumerate((0, 30, 59, 60)):
        health.record_event(event("completed", f"run-{number}", at=seconds))
    assert health.health_of("text-expansion").runs_per_minute == 0
    clock.pass_by(60)
    assert health.health_of("text-expansion").runs_per_minute == 3


async def test_the_reasons_of_failures_are_those_of_the_users_own_runs(
    service: Service, ana: Caller, bo: Caller
) -> None:
    for number, (user, reason) in enumerate(
        ((ana, "Broke (fault-01a)."), (ana, "Broke (fault-02b)."), (bo, "The model of bo is away."))
    ):
        failed = event("failed", f"run-{number}")
        facts = failed.data | {"error": reason}
        service.processors.worker_health.record_event(replace(failed, userid=user.user_id, data=facts))
    registry = service.processors.registry
    assert (await registry.health(ana, "text-expansion")).failures == {"Broke.": 2}
    assert (await registry.health(bo, "text-expansion")).failures == {"The model of bo is away.": 1}
    assert (await registry.health(system_caller(), "text-expansion")).failures == {
        "Broke.": 2,
        "The model of bo is away.": 1,
    }


def test_prometheus_is_told_of_workers_waiting_runs_and_outcomes() -> None:
    health, registry = WorkerHealth(), CollectorRegistry()
    registry.register(ProcessorMetrics(health))
    health.record_beat(BEAT)
    for one in (event("requested", "run-0"), event("failed", "run-1"), event("completed", "run-2")):
        health.record_event(one)
    told = generate_latest(registry).decode()
    assert 'reyna_processor_live_workers{processor="text-expansion"} 1.0' in told
    assert 'reyna_processor_waiting_runs{processor="text-expansion"} 1.0' in told
    assert 'reyna_processor_runs_total{outcome="failed",processor="text-expansion"} 1.0' in told


def test_only_the_latest_runs_count() -> None:
    events = [event("failed", f"run-{n}") for n in range(5)]
    events += [event("completed", f"run-{n}") for n in range(MAX_ENDED_RUNS)]
    assert health_after(*events).success_rate == 1.0


def test_processors_are_told_apart() -> None:
    worker_health = WorkerHealth()
    worker_health.record_event(event("requested"))
    worker_health.record_beat(BEAT)
    other = worker_health.health_of("style-analyzer")
    assert (other.queue_length, other.live_workers) == (0, 0)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1.0), (50, 2.0), (75, 3.0), (95, 4.0), (100, 4.0)])
def test_a_percentile_is_a_value_that_was_seen(percent: int, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == expected
