"""The record of an import, and its report."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.ports.store import Collection

MAX_NOTES: Final = 200  # that a report lists; all are counted
TaskStatus = Literal["requested", "running", "completed", "failed"]
ImportFormat = Literal["auto", "reyna", "markdown", "obsidian", "docx", "epub", "html"]
NoteKind = Literal["rejected", "skipped", "changed", "renamed", "not_understood", "ignored"]


class ImportNote(msgspec.Struct, frozen=True, kw_only=True):
    """A note about one entry. `rejected` and `skipped` ones are not in the studio; of the others something is different
    from what the source says, or was `not_understood`; `ignored` are files of operating systems and programs."""

    path: str
    what: NoteKind
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of what an import made. `already_there` are blobs that were imported before; `left_out` is how many
    entries are not in the studio; `notes` are the first 200 of `note_count`."""

    format: str
    buckets: int = 0
    blobs: int = 0
    places: int = 0
    revisions: int = 0
    files: int = 0
    schemas: int = 0
    already_there: int = 0
    left_out: int = 0
    bucket_ids: tuple[str, ...] = ()
    notes: tuple[ImportNote, ...] = ()
    note_count: int = 0


class NewImport(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an import: the upload that holds the archive, and the name of the file."""

    upload_id: str
    name: str = ""
    format: ImportFormat = "auto"
    bucket_id: str | None = None
    atomic: bool = False


class TransferTask(msgspec.Struct, frozen=True, kw_only=True):
    """Work in the background; `progress` is the share of it that is done, from 0 to 1. `error` says why it failed."""

    id: str
    kind: Literal["import"]
    status: TaskStatus
    progress: float
    name: str
    format: ImportFormat
    bucket_id: str | None
    atomic: bool
    report: ImportReport | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class ImportTask(msgspec.Struct, frozen=True, kw_only=True):
    """The record of an import. `upload_id` is the upload that holds the archive."""

    id: str
    user_id: str
    kind: Literal["import"] = "import"
    status: TaskStatus = "requested"
    progress: float = 0.0
    name: str
    format: ImportFormat
    bucket_id: str | None
    atomic: bool
    upload_id: str
    number: int  # in the order of its user
    report: ImportReport | None = None
    error: str | None = None
    revision: int = 1
    created_at: datetime
    finished_at: datetime | None = None

    def view(self) -> TransferTask:
        return TransferTask(
            id=self.id,
            kind=self.kind,
            status=self.status,
            progress=self.progress,
            name=self.name,
            format=self.format,
            bucket_id=self.bucket_id,
            atomic=self.atomic,
            report=self.report,
            error=self.error,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )

    def event(self, action: Literal["requested", "completed", "failed"], caller: Caller) -> Event:
        facts: dict[str, Any] = {"task_id": self.id, "kind": self.kind, "name": self.name}
        if self.error is not None:
            facts["error"] = self.error
        return Event.now(f"task.{action}", caller, facts, about=self.id)


TASKS: Final = Collection("state.tasks", ImportTask, ("created_at",))
