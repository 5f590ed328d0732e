"""The records of the state service, its collections, and the fields by which they are queried."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import force_setattr

from reyna.domain.blob import AuthorKind, Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import microseconds_of
from reyna.domain.placement import Placement
from reyna.ports.store import Collection
from reyna.services.state.files.file_records import FILE_COLLECTIONS
from reyna.services.state.templates.template_records import TEMPLATE_COLLECTIONS
from reyna.services.state.transfer.imports.task import TASKS
from reyna.storage.idempotency import idempotency_collection

Kind = Literal["blob", "bucket"]
ActName = Literal[
    "create_bucket",
    "copy_bucket",
    "change_bucket",
    "move_bucket",
    "place_blob",
    "take_out",
    "trash_blob",
    "trash_bucket",
    "restore_blob",
    "restore_bucket",
    "bulk",
    "use_template",
]


class StoredRevision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A revision that is not the present one, as it is stored (`revisions.py` says how it is read).

    `packed` is its JSON, compressed; `against` is the number of the revision with which it was, 0 for none: without
    `packed`, it is the same as that one. `data` is there as it is in what was kept before revisions were compressed.
    """

    id: str
    user_id: str
    blob_id: str
    number: int
    data: Any = msgspec.UNSET
    packed: bytes = b""
    against: int = 0
    size: int
    schema_id: str = ""
    schema_version: str
    author: str
    author_kind: AuthorKind
    conflict: bool = False
    revision: int = 1
    created_at: datetime


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """The name that a user gave a revision; its `id` is the revision's own."""

    id: str
    user_id: str
    blob_id: str
    number: int
    name: str
    revision: int = 1
    created_at: datetime


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that could not be upgraded, and why; it is as it was."""

    blob_id: str
    message: str


class UpgradeTask(msgspec.Struct, frozen=True, kw_only=True):
    """All blobs of one schema on their way to a later major of it.

    `total` is how many there were when it was asked for, and at the end how many it came to; `errors` are the first 20
    of the `failed`; `error` says why it failed as a whole. `reached` is the place of the last blob that it came to.
    """

    id: str
    user_id: str
    from_: str = msgspec.field(name="from")
    to: str
    status: Literal["requested", "running", "completed", "failed", "cancelled"] = "requested"
    total: int
    done: int = 0
    failed: int = 0
    errors: tuple[Failure, ...] = ()
    error: str | None = None
    reached: str | None = None
    revision: int = 1
    created_at: datetime
    finished_at: datetime | None = None

    def event(self, action: Literal["requested", "completed", "failed", "cancelled"], caller: Caller) -> Event:
        facts: dict[str, Any] = {
            "upgrade_id": self.id,
            "from": self.from_,
            "to": self.to,
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
        }
        if self.error is not None:
            facts["error"] = self.error
        return Event.now(f"upgrade.{action}", caller, facts, about=self.id)


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """One per user: its revision is the counter that every change passes through which could tangle the tree."""

    id: str = "tree"
    user_id: str
    revision: int = 1


class TrashUnit(msgspec.Struct, frozen=True, kw_only=True):
    """One act of trashing: `item_id` was trashed by itself; `bucket_count` and `blob_count` went, itself included.

    Once it is `purging`, nothing of it comes back.
    """

    id: str
    user_id: str
    kind: Kind
    item_id: str
    bucket_count: int
    blob_count: int
    trashed_at: datetime
    trashed_by: str
    purging: bool = False
    number: int = 0  # where it comes in the order of all that its user did
    revision: int = 1

    def __post_init__(self) -> None:
        if not self.number:  # written before it was kept
            force_setattr(self, "number", microseconds_of(self.trashed_at))


class Fields(msgspec.Struct, frozen=True, kw_only=True, tag="fields"):
    """Some fields of a bucket as they were before an act and as they are after it."""

    bucket_id: str
    before: dict[str, Any]
    after: dict[str, Any]


class Placing(msgspec.Struct, frozen=True, kw_only=True, tag="placing"):
    """A placement before an act and after it; None where there is none."""

    before: Placement | None
    after: Placement | None


class Trashing(msgspec.Struct, frozen=True, kw_only=True, tag="trashing"):
    """An item sent to the trash (`out`) or brought back from it, with all that bears the same `trash_id`.

    A bucket that is created comes back from the trash, so to speak: undoing it sends it there. `before` and `after`
    are the item's parent and rank where the act changed them; `blob_ids` are the blobs that were brought back.
    """

    trash_id: str
    kind: Kind
    item_id: str
    out: bool
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    blob_ids: tuple[str, ...] = ()


Change = Fields | Placing | Trashing


class ActPart(msgspec.Struct, frozen=True, kw_only=True):
    """One of several changes that were made as one."""

    act: ActName
    name: str | None = None
    change: Change


class Several(msgspec.Struct, frozen=True, kw_only=True, tag="several"):
    """Changes made as one, in their order."""

    parts: tuple[ActPart, ...]


UNDO_SKIPPED: Final = 0
REDO_SKIPPED: Final = 1


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One structural change, by which it can be undone and done again.

    `number` says where it comes in the order of all that its user did, `undone` where its undoing does, if it is
    undone. One that was passed over has an `undone` before all: `UNDO_SKIPPED` when it is not to be undone any more,
    `REDO_SKIPPED` when it is not to be done again any more.
    """

    id: str
    user_id: str
    number: int
    act: ActName
    name: str | None = None  # of the bucket that it is about
    change: Change | Several
    by: str
    undone: int | None = None
    revision: int = 1
    created_at: datetime


BLOBS: Final = Collection(
    "state.blobs",
    Blob,
    (
        *("schema_id", "processor_id", "parent_id", "created_at", "trashed_at", "trash_id", "data_revision", "size"),
        *("sequence", "folded_name"),
    ),
)
REVISIONS: Final = Collection("state.revisions", StoredRevision, ("blob_id", "number", "conflict"))
NAMES: Final = Collection("state.names", Name, ("blob_id", "number"))
UPGRADES: Final = Collection("state.upgrades", UpgradeTask, ("created_at",))
BUCKETS: Final = Collection(
    "state.buckets", Bucket, ("type", "parent_bucket_id", "rank", "name", "trashed_at", "trash_id", "folded_name")
)
PLACEMENTS: Final = Collection(
    "state.placements", Placement, ("bucket_id", "blob_id", "rank", "trashed_at", "trash_id")
)
TREES: Final = Collection("state.trees", Tree)
TRASH: Final = Collection("state.trash", TrashUnit, ("item_id", "trashed_at", "purging", "number"))
JOURNAL: Final = Collection("state.journal", Act, ("number", "undone"))
REQUESTS: Final = idempotency_collection("state.requests")
COLLECTIONS: Final = (
    *(BLOBS, REVISIONS, NAMES, UPGRADES, BUCKETS, PLACEMENTS, TREES, TRASH, JOURNAL, REQUESTS),
    *FILE_COLLECTIONS,
    *TEMPLATE_COLLECTIONS,
    TASKS,
)
