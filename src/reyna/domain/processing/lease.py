"""Leases: how workers over HTTPS take runs of their user's processors, hold them, and say how they ended."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.costs.spending import Budget
from reyna.domain.processing.run import Cost, Output, Run, Status

LEASE: Final = timedelta(seconds=45)  # without a beat, until another worker may take the run
MAX_CLAIM_WAIT_SECONDS: Final = 30.0
MAX_BEAT_WAIT_SECONDS: Final = 8.0  # a neighbour answers within ten
MAX_RETRY_SECONDS: Final = 7 * 24 * 3600.0
MAX_WORKER_CHARACTERS: Final = 200
MAX_REASON_CHARACTERS: Final = 10_000

WorkerName = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORKER_CHARACTERS)]
Reason = Annotated[str, msgspec.Meta(max_length=MAX_REASON_CHARACTERS)]


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A worker of this name and version asks for a run, and waits up to 30 seconds for one."""

    worker: WorkerName
    version: WorkerName
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_CLAIM_WAIT_SECONDS)] = 0.0


class RunWithBlob(Run, frozen=True, kw_only=True):
    """A run as a worker on NATS claims it, with its blob; null for a blob that could not be read, or a service that
    does not send it."""

    blob: Blob | None = None


class ClaimedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a worker holds until `lease_ends_at`, its blob, and the token with which it acts for the user.

    `budget` is what is left of the user's spending cap, null without one: the worker itself keeps to it.
    """

    run: Run
    blob: Blob
    token: str
    lease_ends_at: datetime
    budget: Budget | None = None


class LeaseBeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A sign of life of the worker that holds the run. With `wait_seconds`, the answer waits for the end of the run."""

    worker: WorkerName | None = None
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_BEAT_WAIT_SECONDS)] = 0.0


class LeaseState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a run for its worker, which stops when the run has `ended`; `cancelled` tells that its user did not
    want it any more."""

    status: Status
    cancelled: bool
    ended: bool = False
    lease_ends_at: datetime | None = None


class WorkProgress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The fraction that is done, and all of the text so far."""

    progress: Annotated[float, msgspec.Meta(ge=0, le=1)]
    text: str | None = None
    worker: WorkerName | None = None


class WorkOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The outputs of a run, what they cost, and the revision of the blob that the worker read, if it is another.

    Of a `worker` that names itself they are taken only while no other worker holds the run.
    """

    outputs: list[Output]
    cost: Cost = Cost()
    blob_revision: int | None = None
    worker: WorkerName | None = None


class WorkRefusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The reason why the blob is not for the processor, in words for the user."""

    reason: Reason
    worker: WorkerName | None = None


class WorkFailure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The reason why the attempt failed. With `retry_after`, the run is only postponed by so many seconds, which is no
    failure; `final`: another attempt would not help."""

    reason: Reason
    retry_after: Annotated[float, msgspec.Meta(ge=0, le=MAX_RETRY_SECONDS)] | None = None
    final: bool = False
    worker: WorkerName | None = None
