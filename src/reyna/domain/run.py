"""One processor at work on one blob."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import named_after

Status = Literal["requested", "running", "completed", "refused", "failed", "cancelled"]
ENDED: Final = frozenset({"completed", "refused", "failed", "cancelled"})
RUN_SUBJECTS: Final = "reyna.run"
DEAD_SUBJECTS: Final = "reyna.dead"


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`progress` is 0 to 1; `error` says why it was refused or failed, in words for the user."""

    id: str
    user_id: str
    processor_id: str
    processor_version: str
    blob_id: str
    blob_revision: int
    status: Status = "requested"
    attempt: int = 0
    progress: float = 0.0
    error: str | None = None
    output_blob_ids: tuple[str, ...] = ()
    cost: Cost = Cost()
    settings: dict[str, Any] = {}
    revision: int = 1
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    def event(
        self, action: Literal["requested", "started", "completed", "refused", "failed", "cancelled"], caller: Caller
    ) -> Event:
        facts: dict[str, Any] = {"run_id": self.id, "processor": self.processor_id, "blob_id": self.blob_id}
        if self.output_blob_ids:
            facts["output_blob_ids"] = self.output_blob_ids
        if self.error is not None:
            facts["error"] = self.error
        return Event.now(f"processor.{action}.{self.processor_id}", caller, facts, about=self.id)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is handed: which run on which blob, and the pass it acts for the user with."""

    run_id: str
    user_id: str
    processor_id: str
    blob_id: str
    blob_revision: int
    settings: dict[str, Any] = {}
    token: str  # a signed caller of this user, this processor and this run


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Work that was given up, and why; it is kept until it is replayed or discarded. Its `work` carries no token."""

    id: str
    user_id: str
    processor_id: str
    run_id: str
    reason: str
    attempts: int
    work: Work
    revision: int = 1
    created_at: datetime

    def discarded(self, caller: Caller) -> Event:
        facts = {"run_id": self.run_id, "processor": self.processor_id, "blob_id": self.work.blob_id}
        return Event.now(f"processor.discarded.{self.processor_id}", caller, facts, about=self.run_id)


def derived_id(run_id: str, output: int) -> str:
    """Same run, same output, same id: a second delivery collides instead of making a second blob."""
    return named_after("blob", run_id, output)


class NewRuns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Run now, on these blobs or on every fitting blob of a bucket, whatever the instances say."""

    processor_id: str
    blob_ids: tuple[str, ...] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One blob that a run made; without `schema_id` the processor's own, without `bucket_ids` the source's buckets."""

    data: Any
    schema_id: str | None = None
    bucket_ids: tuple[str, ...] | None = None
