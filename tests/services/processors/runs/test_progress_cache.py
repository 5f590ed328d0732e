"""How far a run is, for whoever asks instead of listening."""

from typing import Any

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.processing.run import Cost, Output
from reyna.services.processors.runs.progress_cache import MAX_CACHED_BYTES
from tests.services.processors.runs.test_execution import PROSE
from tests.services.processors.service_in_memory import Service


def told(run_id: str, progress: float, text: str | None = None) -> bytes:
    return msgspec.json.encode({"run_id": run_id, "blob_id": "blob-1", "progress": progress, "text": text})


async def seen(service: Service, user: Caller, run_id: str) -> tuple[float, str | None]:
    run = await service.processors.runs.get(user, run_id)
    (listed,) = (await service.processors.runs.list(user)).items
    assert (listed.progress, listed.text) == (run.progress, None)
    return run.progress, run.text


async def test_a_run_shows_its_progress_and_the_text_so_far(service: Service, ana: Caller, bo: Caller) -> None:
    _, run = await service.claim_run(ana)
    assert await seen(service, ana, run.id) == (0.0, None)
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.4, "The mighty"))
    assert await seen(service, ana, run.id) == (0.4, "The mighty")
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.6, "The mighty vessel"))
    assert await seen(service, ana, run.id) == (0.6, "The mighty vessel")


async def test_progress_sent_to_another_user_changes_nothing(service: Service, ana: Caller, bo: Caller) -> None:
    _, run = await service.claim_run(ana)
    service.processors.progress.record_report(bo.user_id, told(run.id, 0.4, "The mighty"))
    assert await seen(service, ana, run.id) == (0.0, None)


async def test_progress_never_falls(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.6, "The mighty vessel"))
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.2, "The"))
    assert await seen(service, ana, run.id) == (0.6, "The")
    await service.processors.execution.fail(worker, run.id, "The model was away.", final=False)
    await service.processors.execution.claim(worker, run.id)
    assert (await service.new_copy().runs.get(ana, run.id)).progress == 0.6


@pytest.mark.parametrize("end", ["refused", "failed", "cancelled"])
async def test_a_run_that_ended_otherwise_keeps_how_far_it_came(service: Service, ana: Caller, end: str) -> None:
    worker, run = await service.claim_run(ana)
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.6, "The mighty vessel"))
    ends: dict[str, Any] = {
        "refused": lambda: service.processors.execution.refuse(worker, run.id, "no"),
        "failed": lambda: service.processors.execution.fail(worker, run.id, "no", final=True),
        "cancelled": lambda: service.processors.runs.cancel(ana, run.id),
    }
    ended = await ends[end]()
    assert ended.progress == 0.6
    service.processors.progress.record_event(ended.event(ended.status, ana))
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.9, "too late"))
    assert await seen(service, ana, run.id) == (0.6, None)
    again = await service.processors.runs.retry(ana, run.id)
    await service.processors.execution.claim(await service.worker_of(again), run.id)
    assert await seen(service, ana, run.id) == (0.0, None)
    service.processors.progress.record_event(again.event("requested", ana))
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.1, "anew"))
    assert await seen(service, ana, run.id) == (0.1, "anew")


async def test_a_completed_run_is_at_its_end(service: Service, ana: Caller) -> None:
    worker, run = await service.claim_run(ana)
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.6, "The mighty vessel"))
    await service.processors.execution.complete(worker, run.id, [PROSE, Output(data={"content": "more"})], Cost())
    service.processors.progress.record_report(ana.user_id, told(run.id, 0.9, "too late"))
    assert await seen(service, ana, run.id) == (1.0, None)


async def test_the_oldest_progress_is_forgotten_first(service: Service, ana: Caller) -> None:
    _, run = await service.claim_run(ana)
    board, long = service.processors.progress, "x" * (MAX_CACHED_BYTES // 10)
    board.record_report(ana.user_id, told(run.id, 0.1, "short"))
    for number in range(9):
        board.record_report(ana.user_id, told(f"run-{number}", 0.5, long))
    assert board.with_text(run).text == "short"
    board.record_report(ana.user_id, told("run-9", 0.5, long))
    assert board.with_text(run).text is None
    board.record_event(Event.now("processor.completed.text-expansion", ana, {"run_id": "run-9"}))
    board.record_report(ana.user_id, told(run.id, 0.2, "again"))
    assert board.with_text(run).text == "again"
