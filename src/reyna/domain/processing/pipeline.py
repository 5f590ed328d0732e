"""Pipelines: chains of processors that a user saved under a name."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import Id
from reyna.domain.processing.run import Priority

MAX_STAGES: Final = 20  # of one pipeline
MAX_CONDITION_CHARACTERS: Final = 500
Condition = Annotated[str, Meta(min_length=1, max_length=MAX_CONDITION_CHARACTERS)]


class PipelineStage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One processor of a pipeline; it takes what the stage before it makes.

    `when` is a condition on the data of a blob: one for which it is false goes no further. `model` comes before the one
    in the settings.
    """

    processor_id: Id
    settings: dict[str, Any] = {}
    model: Id | None = None
    when: Condition | None = None


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """A chain of processors under a name."""

    id: str
    user_id: str
    name: str
    stages: tuple[PipelineStage, ...]
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def event(self, action: Literal["changed"], caller: Caller, **facts: Any) -> Event:
        about = {"pipeline_id": self.id, "name": self.name, "revision": self.revision}
        return Event.now(f"pipeline.{action}", caller, about | facts, about=self.id)


class NewPipeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pipeline to save."""

    name: str
    stages: tuple[PipelineStage, ...]


class PipelineChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`base_revision` is the revision that the change was made on."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    stages: tuple[PipelineStage, ...] | msgspec.UnsetType = msgspec.UNSET
    base_revision: int | None = None


class NewPipelineRuns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Runs of a pipeline to start now: of the saved one with this id, or of these processors one after the other.

    `settings` holds those of each processor under its id; they replace the settings of its stages. `model` is that of
    all stages.
    """

    pipeline: tuple[str, ...] = ()
    pipeline_id: str | None = None
    blob_ids: tuple[str, ...] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}
    model: str | None = None
    priority: Priority | None = None  # by default interactive for one blob, and bulk for more
