"""Runs: a processor at work on a blob, and the dead letters of failed ones."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.caller import SYSTEM_USER_ID, Caller, KeyAccess
from reyna.domain.costs.cost import ModelUse, add_uses
from reyna.domain.costs.money import CURRENCY, format_amount
from reyna.domain.event import Event
from reyna.domain.ids import derive_id
from reyna.domain.processing.processor import Scope

Priority = Literal["interactive", "bulk"]
Status = Literal["requested", "running", "completed", "refused", "failed", "cancelled"]
ENDED: Final = frozenset({"completed", "refused", "failed", "cancelled"})
OPEN: Final = frozenset({"requested", "running"})
MAX_BLOBS: Final = 1_000  # of one request
RUN_SUBJECTS: Final = "reyna.run"
DEAD_SUBJECTS: Final = "reyna.dead"


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of the language models of a run. `amount` is null where a price is not known; `models` holds the part
    of each model, and `model` is the last of them."""

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    amount: str | None = None
    currency: str = CURRENCY
    models: tuple[ModelUse, ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`progress` is 0 to 1, and `text`, which is never stored, all that was written so far; `error` says why the run
    was refused, failed or cancelled, in words for the user; `worker_id` is the present or the last worker.
    `processor_scope` is `user` for a run of the user's own processor, `instance_id` the instance that requested
    the run, if one did, and `depth` is 1 on what a user made and one more on the output of each run. `model`
    is that of the user which the run asks, None for that of the installation.

    `required_version` is the only version of the processor that may do it, and `waiting` says in words for the user
    for what it waits. `lease_ends_at` is the moment from which a worker over HTTPS may take the run; null for a run
    that workers take from the stream. Steps count for one `step_series`. `held` is True until the run's turn comes: a
    run is handed to workers only then. Interactive runs of a user go before bulk ones.

    `batch_id` is the batch that it belongs to, if any, and `stage` its stage there, 0 for the first one; `advances` is
    True until its outputs are handed to the next stage, if there is one.

    `limited_to` are the buckets of the API key that requested it, if it is limited to any: the run reads nothing else.

    `content_purged` is True once its blob was purged: nothing more of it is kept.

    `cost` is that of all attempts; `attempt_costs` holds each one's. `has_spending_cap`, which is never stored, tells
    the worker that claims the run that its calls are to be reserved.
    """

    id: str
    user_id: str
    processor_id: str
    processor_version: str
    processor_scope: Scope = "system"
    blob_id: str
    blob_revision: int
    status: Status = "requested"
    attempt: int = 0
    progress: float = 0.0
    text: str | None = None
    error: str | None = None
    output_blob_ids: tuple[str, ...] = ()
    storing_since: datetime | None = None  # set from the moment its outputs are about to be stored
    cost: Cost = Cost()
    attempt_costs: dict[str, tuple[ModelUse, ...]] = {}
    has_spending_cap: bool = False
    settings: dict[str, Any] = {}
    model: str | None = None
    worker_id: str | None = None
    required_version: str | None = None
    waiting: str | None = None
    has_steps: bool = False
    step_series: int = 0
    lease_ends_at: datetime | None = None
    failures: int = 0  # attempts under a lease that failed, or whose worker stopped without a word
    postponements: int = 0
    held: bool = False
    priority: Priority = "interactive"
    instance_id: str | None = None
    depth: int = 1
    batch_id: str | None = None
    stage: int = 0
    advances: bool = False
    limited_to: tuple[str, ...] | None = None
    content_purged: bool = False
    revision: int = 1
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def worker(self) -> Caller:
        """Returns the caller that a worker is in this run: it acts for the user, as far as the run reaches."""
        access = None
        if self.limited_to is not None:
            access = KeyAccess(key_id=self.id, scopes=("admin",), bucket_ids=self.limited_to)
        return Caller(
            user_id=self.user_id, kind="processor", processor_id=self.processor_id, run_id=self.id, access=access
        )

    @property
    def processor_owner_id(self) -> str:
        """Returns the user who owns the processor of this run: its own user, or the system."""
        return self.user_id if self.processor_scope == "user" else SYSTEM_USER_ID

    @property
    def queue_position(self) -> str | None:
        """Returns the text by which the held runs of one user are sorted, after their processor; None once admitted."""
        if not self.held or self.status != "requested":
            return None
        return f"{self.processor_id} {queue_order(self.priority, self.requested_at)}"

    @property
    def batch_position(self) -> str | None:
        """Returns the text under which the run is counted in its batch; None for a run of no batch."""
        if self.batch_id is None:
            return None
        return batch_position(self.stage, "waiting" if self.status == "completed" and self.advances else self.status)

    def event(
        self, action: Literal["requested", "started", "completed", "refused", "failed", "cancelled"], caller: Caller
    ) -> Event:
        facts: dict[str, Any] = {"run_id": self.id, "processor": self.processor_id, "blob_id": self.blob_id}
        if self.output_blob_ids:
            facts["output_blob_ids"] = self.output_blob_ids
        if self.error is not None:
            facts["error"] = self.error
        if self.processor_scope == "user":
            facts["scope"] = self.processor_scope
        if self.held and action == "requested":
            facts |= {"held": True, "priority": self.priority}
        if self.batch_id is not None:
            facts |= {"batch_id": self.batch_id, "stage": self.stage}
        return Event.now(f"processor.{action}.{self.processor_id}", caller, facts, about=self.id)


def cost_of(attempt_costs: Mapping[str, Iterable[ModelUse]]) -> Cost:
    """Returns the cost of a run by what its attempts have used."""
    models = add_uses(*(use for uses in attempt_costs.values() for use in uses))
    is_known = all(use.amount is not None for use in models)
    named = [use.model for use in models if use.model is not None]
    return Cost(
        model=named[-1] if named else None,
        input_tokens=sum(use.input_tokens for use in models),
        output_tokens=sum(use.output_tokens for use in models),
        cached_tokens=sum(use.cached_tokens for use in models),
        amount=format_amount(sum(use.nanos for use in models)) if is_known else None,
        models=models,
    )


class RetryOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a retry: `from_start` repeats its finished steps too; `version` is that of the processor, the one
    that did it before or the newest."""

    from_start: bool = False
    version: Literal["same", "newest"] = "newest"


def batch_position(stage: int, state: str) -> str:
    """Returns the text under which the runs of a stage in this state are counted.

    A completed run is in the state `waiting` until its outputs are handed to the next stage.
    """
    return f"{stage} {state}"


def queue_order(priority: Priority, requested_at: datetime) -> str:
    """Returns a text that sorts the runs of one user and processor: interactive ones first, then the oldest first."""
    moment = requested_at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{0 if priority == 'interactive' else 1} {moment}"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The message that hands a run to a worker, with the run token by which it acts for the user."""

    run_id: str
    user_id: str
    processor_id: str
    blob_id: str
    blob_revision: int
    settings: dict[str, Any] = {}
    model: str | None = None
    token: str  # a signed caller of this user, this processor and this run


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Work that was given up, with the reason; it is stored until it is replayed or discarded. Its `work` has no token.

    `run_revision` tells it from an earlier letter about the same run.
    """

    id: str
    user_id: str
    processor_id: str
    run_id: str
    reason: str
    attempts: int
    work: Work
    run_revision: int = 0
    revision: int = 1
    created_at: datetime

    @property
    def message_id(self) -> str:
        return f"{self.id}.{self.run_revision}"

    @property
    def message_subject(self) -> str:
        return f"{DEAD_SUBJECTS}.{self.processor_id}.{self.user_id}"

    def discarded(self, caller: Caller, *, cause: Literal["discarded", "replayed"] = "discarded") -> Event:
        """Returns the event that removes the letter, with its message in the stream DEAD."""
        facts = {
            "run_id": self.run_id,
            "processor": self.processor_id,
            "blob_id": self.work.blob_id,
            "dead_id": self.id,
            "message_id": self.message_id,
            "cause": cause,
        }
        return Event.now(f"processor.discarded.{self.processor_id}", caller, facts, about=self.run_id)


class KeptLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter that could not be replayed, and why."""

    id: str
    run_id: str
    reason: str


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """The number of replayed dead letters, those that were not, and the number of all that are left."""

    replayed: int
    kept: tuple[KeptLetter, ...] = ()
    left: int = 0


def derived_blob_id(run_id: str, output: int) -> str:
    """Returns the id of an output of a run: a second delivery collides instead of creating a second blob."""
    return derive_id("blob", run_id, output)


class NewRuns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs to start now, on these blobs or on every matching blob of a bucket, whatever the instances say.

    A processor that takes whole buckets has one run on a bucket.
    """

    processor_id: str
    blob_ids: tuple[str, ...] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}
    model: str | None = None
    priority: Priority | None = None  # by default interactive for one blob, and bulk for more

    def resolved_priority(self) -> Priority:
        is_bulk = self.bucket_id is not None or len(self.blob_ids) > 1
        return self.priority or ("bulk" if is_bulk else "interactive")


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One blob that a run made; `schema_id` is by default the processor's, `bucket_ids` those of the source."""

    data: Any
    schema_id: str | None = None
    bucket_ids: tuple[str, ...] | None = None
