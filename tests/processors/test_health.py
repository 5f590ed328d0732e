"""How a processor does, from what was heard of it."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden
from reyna.domain.event import Event
from reyna.domain.processor import Beat, Health
from reyna.processors.health import REMEMBERED, Vitals, percentile
from tests.processors.around import Service
from tests.processors.neighbours import NOON

WORKER = Caller(user_id="house", kind="processor", processor_id="text-expansion")
BEAT = Beat(processor_id="text-expansion", worker_id="worker-1")


def event(action: str, run: str = "run-1", *, at: float = 0) -> Event:
    facts = {"run_id": run, "processor": "text-expansion", "blob_id": "blob-1"}
    told = Event.now(f"processor.{action}.text-expansion", Caller(user_id="user-ana"), facts)
    return replace(told, time=NOON + timedelta(seconds=at))


def heard(*told: Event) -> Health:
    vitals = Vitals()
    for one in told:
        vitals.hear_event(one)
    return vitals.health("text-expansion", NOON)


async def test_a_worker_lives_until_it_has_been_silent_for_45_seconds(service: Service, ana: Caller) -> None:
    assert (await service.verbs.health(ana, "text-expansion")).live_workers == 0
    await service.verbs.beat(WORKER, BEAT)
    service.clock.pass_by(44)
    await service.verbs.beat(WORKER, replace(BEAT, worker_id="worker-2"))
    assert (await service.verbs.health(ana, "text-expansion")).live_workers == 2
    service.clock.pass_by(1)
    health = await service.verbs.health(ana, "text-expansion")
    assert (health.live_workers, health.last_beat) == (1, NOON + timedelta(seconds=44))


async def test_a_beat_is_passed_on_to_every_copy(service: Service) -> None:
    await service.verbs.beat(WORKER, BEAT)
    assert service.notices.told == [("reyna.beat.text-expansion", msgspec.json.encode(BEAT))]


async def test_a_user_does_not_beat_for_a_worker(service: Service, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await service.verbs.beat(ana, BEAT)


def test_a_processor_nothing_was_heard_of_has_no_rates() -> None:
    assert heard() == Health(live_workers=0, last_beat=None, queue_length=0, success_rate=None, p50=None, p95=None)


def test_what_is_requested_and_neither_started_nor_cancelled_waits() -> None:
    assert heard(event("requested", "run-1"), event("requested", "run-2")).queue_length == 2
    assert heard(event("requested"), event("started")).queue_length == 0
    assert heard(event("requested"), event("cancelled")).queue_length == 0


def test_what_is_heard_twice_counts_once_in_the_queue() -> None:
    assert heard(event("requested"), event("requested")).queue_length == 1


def test_success_is_what_completed_of_all_that_ended_by_itself() -> None:
    health = heard(
        event("completed", "run-1"),
        event("refused", "run-2"),
        event("failed", "run-3"),
        event("completed", "run-4"),
        event("cancelled", "run-5"),
    )
    assert health.success_rate == 0.5


def test_times_are_from_start_to_completion() -> None:
    told = []
    for seconds in range(1, 101):
        told += [event("started", f"run-{seconds}"), event("completed", f"run-{seconds}", at=seconds)]
    assert (heard(*told).p50, heard(*told).p95) == (50, 95)


def test_a_run_whose_start_was_not_heard_counts_but_has_no_time() -> None:
    health = heard(event("completed"))
    assert (health.success_rate, health.p50) == (1.0, None)


def test_only_the_latest_runs_count() -> None:
    told = [event("failed", f"run-{n}") for n in range(5)]
    told += [event("completed", f"run-{n}") for n in range(REMEMBERED)]
    assert heard(*told).success_rate == 1.0


def test_processors_are_told_apart() -> None:
    vitals = Vitals()
    vitals.hear_event(event("requested"))
    vitals.hear_beat(BEAT, NOON)
    other = vitals.health("style-analyzer", NOON)
    assert (other.queue_length, other.live_workers) == (0, 0)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1.0), (50, 2.0), (75, 3.0), (95, 4.0), (100, 4.0)])
def test_a_percentile_is_a_value_that_was_seen(percent: int, expected: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == expected
