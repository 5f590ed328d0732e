"""The lifecycle of a run: each function returns its next state, or raises Conflict when the run is past it."""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.errors import Conflict, RunningElsewhere
from reyna.domain.ids import derive_id
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import ENDED, DeadLetter, Priority, RetryOptions, Run, Work
from reyna.services.processors.models.model_setting import chosen_model, split_model

STORING: Final = "The output of this run is being stored at this moment."
PURGED: Final = "Its note was deleted for good."
STORING_SECONDS: Final = 30.0  # after which no write that stores outputs is under way any more
RETRYABLE: Final = frozenset({"failed", "refused", "cancelled"})


class OutputsUnsettled(Conflict):
    """The outputs of this run are being stored, or were; until that is settled, it does not end otherwise."""


def request(
    id: str,
    processor: Processor,
    blob: Blob,
    settings: dict[str, Any],
    now: datetime,
    priority: Priority,
    model: str | None = None,
    *,
    depth: int = 1,
    instance_id: str | None = None,
) -> Run:
    """Returns the requested run; `model` comes before the one of the settings."""
    setting, own_settings = split_model(processor, settings)
    return Run(
        id=id,
        user_id=blob.user_id,
        processor_id=processor.id,
        processor_version=processor.version,
        processor_scope=processor.scope,
        blob_id=blob.id,
        blob_revision=blob.revision,
        settings=own_settings,
        model=chosen_model(model or setting),
        lease_ends_at=now if processor.scope == "user" else None,
        priority=priority,
        instance_id=instance_id,
        depth=depth,
        requested_at=now,
    )


def refuse_request(run: Run, reason: str) -> Run:
    """Returns a new run that ends before it begins."""
    return replace(run, status="refused", error=reason, finished_at=run.requested_at)


def request_again(run: Run, processor: Processor, blob: Blob, options: RetryOptions, now: datetime) -> Run:
    """Returns the same run requested again, with the blob as it is now and the version that the options name.

    Its finished steps count again where the version and the blob are the same, unless it begins from the start.
    """
    check_may_be_retried(run)
    required = run.processor_version if options.version == "same" else None
    return _next(
        run,
        status="requested",
        processor_version=required or processor.version,
        processor_scope=processor.scope,
        required_version=required,
        waiting=required and f"Waits for a worker of version {required}.",
        step_series=run.step_series + options.from_start,
        lease_ends_at=now if processor.scope == "user" else None,
        failures=0,
        postponements=0,
        blob_revision=blob.revision,
        attempt=0,
        progress=0.0,
        error=None,
        output_blob_ids=(),
        worker_id=None,
        held=False,
        instance_id=None,  # it is requested by hand: switching the instance off does not cancel it
        requested_at=now,
        started_at=None,
        finished_at=None,
    )


def admit(run: Run) -> Run:
    """Returns the held run as one that is handed to workers."""
    check_open(run)
    return _next(run, held=False)


def claim(run: Run, now: datetime, worker_id: str | None = None, version: str | None = None) -> Run:
    """Returns the run at work by a worker of this version, one attempt further.

    A running one may be claimed again, since its message comes again when its worker is lost; by the worker that holds
    it, that is the same attempt, asked for twice. Its progress goes on from where it was: what the user sees never
    falls.
    """
    check_open(run)
    check_settled(run)
    is_held = worker_id is not None and run.worker_id == worker_id
    return _next(
        run,
        status="running",
        attempt=run.attempt if is_held else run.attempt + 1,
        worker_id=worker_id,
        processor_version=version or run.processor_version,
        waiting=None,
        held=False,
        started_at=run.started_at or now,
    )


def release(run: Run, reason: str | None = None) -> Run:
    """Returns the run without a worker, until it is delivered again."""
    check_open(run)
    return _next(run, worker_id=None, waiting=reason)


def begin_storing(run: Run, output_blob_ids: tuple[str, ...], now: datetime, blob_revision: int | None = None) -> Run:
    """Returns the run marked with the blobs that are about to be stored, derived from this revision.

    From here on it completes with them or is found to have stored nothing; it does not end otherwise, so that a run
    that ended otherwise leaves no blob behind. A lease does not end before that is known.
    """
    check_open(run)
    if run.output_blob_ids and run.output_blob_ids != output_blob_ids:
        raise OutputsUnsettled(STORING, current=run)
    known_at = now + timedelta(seconds=STORING_SECONDS)
    return _next(
        run,
        output_blob_ids=output_blob_ids,
        storing_since=now,
        lease_ends_at=None if run.lease_ends_at is None else max(run.lease_ends_at, known_at),
        blob_revision=blob_revision or run.blob_revision,
    )


def abandon_storing(run: Run) -> Run:
    """Returns the run without the mark, since nothing was stored."""
    return _next(run, output_blob_ids=(), storing_since=None)


def complete(run: Run, output_blob_ids: tuple[str, ...], now: datetime, blob_revision: int | None = None) -> Run:
    check_open(run)
    return _next(
        run,
        status="completed",
        progress=1.0,
        error=None,
        output_blob_ids=output_blob_ids,
        storing_since=None,
        blob_revision=blob_revision or run.blob_revision,
        finished_at=now,
    )


def refuse(run: Run, reason: str, now: datetime) -> Run:
    check_open(run)
    check_settled(run)
    return _next(run, status="refused", error=reason, finished_at=now)


def fail(run: Run, reason: str, now: datetime) -> Run:
    check_open(run)
    check_settled(run)
    return _next(run, status="failed", error=reason, finished_at=now)


def fail_attempt(run: Run, reason: str) -> Run:
    """Returns the run with the reason noted, still running: another attempt follows."""
    check_open(run)
    check_settled(run)
    return _next(run, error=reason)


def cancel(run: Run, now: datetime) -> Run:
    check_open(run)
    check_settled(run)
    return _next(run, status="cancelled", held=False, waiting=None, finished_at=now)


def purge(run: Run, now: datetime) -> Run:
    """Returns the run marked as one whose blob was purged; an open one is cancelled."""
    if run.status in ENDED:
        return _next(run, content_purged=True)
    return replace(cancel(run, now), content_purged=True, error=PURGED)


def supersede(run: Run, newer_revision: int, now: datetime) -> Run:
    """Returns the run cancelled in favour of one that was requested for a newer revision of its blob."""
    check_open(run)
    reason = f"Revision {newer_revision} of the same blob is processed instead of revision {run.blob_revision}."
    return _next(run, status="cancelled", error=reason, held=False, finished_at=now)


def check_open(run: Run) -> None:
    """Raises Conflict for a run that has ended."""
    if run.status in ENDED:
        raise Conflict(f"This run has ended: it is {run.status}.", current=run)


def check_settled(run: Run) -> None:
    """Raises OutputsUnsettled for an open run whose outputs may be stored."""
    if run.output_blob_ids:
        raise OutputsUnsettled(STORING, current=run)


def check_version(run: Run, version: str | None) -> None:
    """Raises RunningElsewhere when the run waits for a worker of another version."""
    if run.required_version not in (None, version):
        raise RunningElsewhere(f"This run waits for a worker of version {run.required_version}.", current=run)


def check_may_be_retried(run: Run) -> None:
    """Raises Conflict unless the run has failed, was refused or was cancelled."""
    if run.status not in RETRYABLE:
        raise Conflict(f"Only a failed, refused or cancelled run can be retried; it is {run.status}.", current=run)


def work_of(run: Run, token: str) -> Work:
    return Work(
        run_id=run.id,
        user_id=run.user_id,
        processor_id=run.processor_id,
        blob_id=run.blob_id,
        blob_revision=run.blob_revision,
        settings=run.settings,
        model=run.model,
        token=token,
    )


def dead_letter_id(run_id: str) -> str:
    """Returns the id of the run's dead letter, of which it has at most one at a time."""
    return derive_id("dead", run_id)


def dead_letter_of(run: Run, reason: str, now: datetime) -> DeadLetter:
    return DeadLetter(
        id=dead_letter_id(run.id),
        user_id=run.user_id,
        processor_id=run.processor_id,
        run_id=run.id,
        reason=reason,
        attempts=run.attempt,
        work=work_of(run, token=""),
        run_revision=run.revision,
        created_at=now,
    )


def _next(run: Run, **changes: Any) -> Run:
    return replace(run, revision=run.revision + 1, **changes)
