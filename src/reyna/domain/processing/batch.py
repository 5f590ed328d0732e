"""Batches: the runs of one request, with their overall progress."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.event import Event
from reyna.domain.ids import new_id
from reyna.domain.processing.pipeline import NewPipelineRuns, Pipeline, PipelineStage
from reyna.domain.processing.run import OPEN, NewRuns, Priority, Run, Status, batch_position

BatchStatus = Literal["running", "completed", "failed", "cancelled"]
RUN_STATUSES: Final[tuple[Status, ...]] = get_args(Status)
UNFINISHED: Final = (*sorted(OPEN), "waiting")  # what a run of a batch can be while the batch has not ended


class RunBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one request: of one processor, or of the stages of a pipeline.

    `status` is `running` until the last run has ended: then `failed` when a run has failed, else `completed`.
    `pipeline_id` and `name` are those of a saved pipeline, as it was at the time.
    """

    id: str
    user_id: str
    stages: tuple[PipelineStage, ...]
    pipeline_id: str | None = None
    name: str | None = None
    bucket_id: str | None = None
    priority: Priority = "interactive"
    status: BatchStatus = "running"
    revision: int = 1
    requested_at: datetime
    finished_at: datetime | None = None

    @property
    def last_stage(self) -> int:
        return len(self.stages) - 1

    def first_events(self, caller: Caller) -> list[Event]:
        """Returns the events of a new batch; one with nothing to run has ended already."""
        begun = self.event("requested", caller)
        return [begun] if self.status == "running" else [begun, self.event("completed", caller)]

    def event(self, action: Literal["requested", "completed", "failed", "cancelled"], caller: Caller) -> Event:
        facts: dict[str, Any] = {
            "batch_id": self.id,
            "pipeline_id": self.pipeline_id,
            "name": self.name,
            "processors": [stage.processor_id for stage in self.stages],
            "status": self.status,
            "revision": self.revision,
        }
        return Event.now(f"batch.{action}", caller, facts, about=self.id)


class SkippedBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that went no further in a batch: it is not for the stage `stage` (0 is the first one), with the reason."""

    id: str
    user_id: str
    batch_id: str
    stage: int
    blob_id: str
    reason: str
    revision: int = 1
    skipped_at: datetime


class StageProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The number of runs of one stage by their status, and of the blobs that it skipped."""

    processor_id: str
    requested: int = 0
    running: int = 0
    completed: int = 0
    refused: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0

    @property
    def ended(self) -> int:
        return self.completed + self.refused + self.failed + self.cancelled + self.skipped

    @property
    def total(self) -> int:
        return self.ended + self.requested + self.running


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The overall progress of a batch, 0 to 1, and that of each stage.

    A run that has not ended counts as one run in each later stage, since nobody knows yet how many it leads to.
    """

    fraction: float
    stages: tuple[StageProgress, ...]


class WatchedBatch(RunBatch, frozen=True, kw_only=True):
    """A batch with its progress."""

    progress: BatchProgress


def new_batch(
    caller: Caller,
    stages: tuple[PipelineStage, ...],
    priority: Priority,
    bucket_id: str | None,
    now: datetime,
    pipeline: Pipeline | None = None,
) -> RunBatch:
    """Returns a new batch of these stages, under the name of the saved pipeline if they are of one."""
    return RunBatch(
        id=new_id("batch"),
        user_id=caller.user_id,
        stages=stages,
        pipeline_id=pipeline.id if pipeline else None,
        name=pipeline.name if pipeline else None,
        bucket_id=bucket_id,
        priority=priority,
        requested_at=now,
    )


def progress_of(batch: RunBatch, runs: Mapping[str, int], skipped: Mapping[int, int]) -> BatchProgress:
    """Returns the progress from the number of runs by their position in the batch, and of skipped blobs by stage."""
    stages, unadvanced = [], []
    for number, stage in enumerate(batch.stages):
        counts = {status: runs.get(batch_position(number, status), 0) for status in RUN_STATUSES}
        waiting = runs.get(batch_position(number, "waiting"), 0)  # completed, and not handed to the next stage yet
        counts["completed"] += waiting
        stages.append(StageProgress(processor_id=stage.processor_id, **counts, skipped=skipped.get(number, 0)))
        unadvanced.append(waiting)
    return BatchProgress(fraction=_fraction(stages, unadvanced), stages=tuple(stages))


def _fraction(stages: Sequence[StageProgress], unadvanced: Sequence[int]) -> float:
    ended = expected = under_way = 0
    for stage, waiting in zip(stages, unadvanced, strict=True):
        total = stage.total + under_way
        ended, expected = ended + stage.ended, expected + total
        under_way = total - stage.ended + waiting
    return 1.0 if not expected else round(ended / expected, 4)


class RequestedRuns(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of a request, and the batch that they belong to; a run on a single blob of one processor is in none."""

    items: tuple[Run, ...] = ()
    next_cursor: None = None
    batch_id: str | None = None


class RunRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs to start now: of a processor, of processors one after the other, or of a saved pipeline."""

    processor_id: str | None = None
    pipeline: tuple[str, ...] = ()
    pipeline_id: str | None = None
    blob_ids: tuple[str, ...] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}
    model: str | None = None
    priority: Priority | None = None

    def parse(self) -> NewRuns | NewPipelineRuns:
        """Raises Invalid unless it names one of the three."""
        named = [bool(self.processor_id), bool(self.pipeline), bool(self.pipeline_id)]
        if named.count(True) != 1:
            raise Invalid.at("/processor_id", "say which processor", expected="processor_id, pipeline or pipeline_id")
        common: dict[str, Any] = {
            field: getattr(self, field) for field in ("blob_ids", "bucket_id", "settings", "model", "priority")
        }
        if self.processor_id:
            return NewRuns(processor_id=self.processor_id, **common)
        return NewPipelineRuns(pipeline=self.pipeline, pipeline_id=self.pipeline_id, **common)
