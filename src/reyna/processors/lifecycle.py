"""What may become of a run: each step gives the next run, or refuses because the run is past it."""

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.errors import Conflict
from reyna.domain.ids import named_after
from reyna.domain.processor import Processor
from reyna.domain.run import ENDED, Cost, DeadLetter, Run, Work

RETRIED: Final = frozenset({"failed", "refused", "cancelled"})


def requested(id: str, processor: Processor, blob: Blob, settings: dict[str, Any], now: datetime) -> Run:
    return Run(
        id=id,
        user_id=blob.user_id,
        processor_id=processor.id,
        processor_version=processor.version,
        blob_id=blob.id,
        blob_revision=blob.revision,
        settings=settings,
        requested_at=now,
    )


def requested_again(run: Run, processor: Processor, blob: Blob, now: datetime) -> Run:
    """The same run from the start, with the processor and the blob as they are now."""
    check_retried(run)
    return _next(
        run,
        status="requested",
        processor_version=processor.version,
        blob_revision=blob.revision,
        attempt=0,
        progress=0.0,
        error=None,
        output_blob_ids=(),
        requested_at=now,
        started_at=None,
        finished_at=None,
    )


def check_retried(run: Run) -> None:
    if run.status not in RETRIED:
        raise Conflict(f"Only a failed, refused or cancelled run can be retried; it is {run.status}.", current=run)


def claimed(run: Run, attempt: int, now: datetime) -> Run:
    """At work; a running one may be claimed again, since its message comes again when its worker is lost."""
    _check_open(run)
    return _next(
        run, status="running", attempt=attempt, progress=0.0, output_blob_ids=(), started_at=run.started_at or now
    )


def storing(run: Run, output_blob_ids: tuple[str, ...], blob_revision: int | None = None) -> Run:
    """About to store these blobs, made of this revision: from here on it cannot be cancelled, so that a cancelled run
    has made nothing."""
    _check_open(run)
    return _next(run, output_blob_ids=output_blob_ids, blob_revision=blob_revision or run.blob_revision)


def not_stored(run: Run) -> Run:
    return _next(run, output_blob_ids=())


def completed(run: Run, output_blob_ids: tuple[str, ...], cost: Cost, now: datetime) -> Run:
    _check_open(run)
    return _next(
        run,
        status="completed",
        progress=1.0,
        error=None,
        output_blob_ids=output_blob_ids,
        cost=cost,
        finished_at=now,
    )


def refused(run: Run, reason: str, now: datetime) -> Run:
    _check_open(run)
    return _next(run, status="refused", error=reason, output_blob_ids=(), finished_at=now)


def failed(run: Run, reason: str, now: datetime) -> Run:
    _check_open(run)
    return _next(run, status="failed", error=reason, output_blob_ids=(), finished_at=now)


def stumbled(run: Run, reason: str) -> Run:
    """An attempt failed and another one follows: still running, with the reason noted."""
    _check_open(run)
    return _next(run, error=reason, output_blob_ids=())


def cancelled(run: Run, now: datetime) -> Run:
    _check_open(run)
    if run.output_blob_ids:
        raise Conflict("What this run made is being stored at this moment.", current=run)
    return _next(run, status="cancelled", finished_at=now)


def work(run: Run, token: str) -> Work:
    return Work(
        run_id=run.id,
        user_id=run.user_id,
        processor_id=run.processor_id,
        blob_id=run.blob_id,
        blob_revision=run.blob_revision,
        settings=run.settings,
        token=token,
    )


def dead_id(run_id: str) -> str:
    """A run has at most one dead letter at a time."""
    return named_after("dead", run_id)


def dead_letter(run: Run, reason: str, now: datetime) -> DeadLetter:
    return DeadLetter(
        id=dead_id(run.id),
        user_id=run.user_id,
        processor_id=run.processor_id,
        run_id=run.id,
        reason=reason,
        attempts=run.attempt,
        work=work(run, token=""),
        created_at=now,
    )


def _check_open(run: Run) -> None:
    if run.status in ENDED:
        raise Conflict(f"This run has ended: it is {run.status}.", current=run)


def _next(run: Run, **changes: Any) -> Run:
    return replace(run, revision=run.revision + 1, **changes)
