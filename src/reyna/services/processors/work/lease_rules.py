"""The rules of leases: each function returns the next state of a run that workers take over HTTPS."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.processing.lease import LEASE
from reyna.domain.processing.run import Run
from reyna.ports.bus import retry_delay_seconds
from reyna.services.processors.runs import lifecycle

MAX_POSTPONEMENTS: Final = 50  # after which asking to wait counts as failing
SILENT_WORKER: Final = "Its worker stopped responding."


def is_takeable(run: Run, now: datetime) -> bool:
    """Returns whether a worker may take the run: it is requested or its lease is over."""
    return run.status in ("requested", "running") and run.lease_ends_at is not None and run.lease_ends_at <= now


def lost_its_worker(run: Run) -> bool:
    """Returns whether the attempt under this lease has ended without a word, as far as its end is reached."""
    return run.status == "running" and run.worker_id is not None


def take(run: Run, blob: Blob, now: datetime, worker_id: str, version: str) -> Run:
    """Returns the run held by this worker. A worker that was lost before counts as a failed attempt."""
    failures = run.failures + lost_its_worker(run)
    claimed = lifecycle.claim(replace(run, worker_id=None), now, worker_id, version)
    return replace(claimed, failures=failures, blob_revision=blob.revision, lease_ends_at=now + LEASE)


def return_lost(run: Run) -> Run:
    """Returns the run without the worker that was lost, which counts as a failed attempt; it may be taken at once."""
    lifecycle.check_settled(run)
    return _next(run, error=SILENT_WORKER, worker_id=None, failures=run.failures + 1)


def extend(run: Run, now: datetime) -> Run:
    return _next(run, lease_ends_at=now + LEASE)


def is_exhausted(run: Run, retry_delays: Sequence[float]) -> bool:
    """Returns whether the run has failed too often to be tried again, once its lease is over."""
    return run.failures + lost_its_worker(run) > len(retry_delays)


def postpone(run: Run, reason: str, seconds: float, now: datetime) -> Run | None:
    """Returns the run given back for so many seconds, or None when it has been postponed too often."""
    if run.postponements >= MAX_POSTPONEMENTS:
        return None
    return _given_back(run, reason, seconds, now, postponements=run.postponements + 1)


def fail(run: Run, reason: str, now: datetime, retry_delays: Sequence[float]) -> Run | None:
    """Returns the run given back until its next attempt, or None when that was the last one."""
    failures = run.failures + 1
    if failures > len(retry_delays):
        return None
    return _given_back(run, reason, retry_delay_seconds(failures, retry_delays), now, failures=failures)


def _given_back(run: Run, reason: str, seconds: float, now: datetime, **counts: int) -> Run:
    lifecycle.check_settled(run)
    until = now + timedelta(seconds=seconds)
    return _next(run, error=reason, worker_id=None, lease_ends_at=until, **counts)


def _next(run: Run, **changes: Any) -> Run:
    return replace(run, revision=run.revision + 1, **changes)
