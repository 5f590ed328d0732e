"""What the state service keeps, and by which fields it can be asked for."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.blob import Blob, Revision
from reyna.domain.bucket import Bucket
from reyna.domain.placement import Placement
from reyna.ports import Collection

Kind = Literal["bucket", "blob"]
ActName = Literal[
    "create_bucket",
    "change_bucket",
    "move_bucket",
    "place_blob",
    "take_out",
    "trash_blob",
    "trash_bucket",
    "restore_blob",
    "restore_bucket",
]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was made for an Idempotency-Key, which is the `id`."""

    id: str
    user_id: str
    made_id: str
    revision: int = 1
    created_at: datetime


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """One per user: its revision is the counter that every change passes through which could tangle the tree."""

    id: str = "tree"
    user_id: str
    revision: int = 1


class Trashed(msgspec.Struct, frozen=True, kw_only=True):
    """One act of trashing: `item_id` was trashed by itself; `bucket_count` and `blob_count` went, itself included."""

    id: str
    user_id: str
    kind: Kind
    item_id: str
    bucket_count: int
    blob_count: int
    trashed_at: datetime
    trashed_by: str
    revision: int = 1


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


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One structural change, by which it can be undone and done again.

    `number` is the microsecond in which it was done, `undone` the one in which it was undone, if it is.
    """

    id: str
    user_id: str
    number: int
    act: ActName
    name: str | None = None  # of the bucket that it is about
    change: Fields | Placing | Trashing
    by: str
    undone: int | None = None
    revision: int = 1
    created_at: datetime


BLOBS: Final = Collection(
    "state.blobs", Blob, ("schema_id", "processor_id", "parent_id", "created_at", "trashed_at", "trash_id")
)
REVISIONS: Final = Collection("state.revisions", Revision, ("blob_id", "number", "conflict"))
BUCKETS: Final = Collection(
    "state.buckets", Bucket, ("type", "parent_bucket_id", "rank", "name", "trashed_at", "trash_id")
)
PLACEMENTS: Final = Collection(
    "state.placements", Placement, ("bucket_id", "blob_id", "rank", "trashed_at", "trash_id")
)
TREES: Final = Collection("state.trees", Tree)
TRASH: Final = Collection("state.trash", Trashed, ("item_id", "trashed_at"))
JOURNAL: Final = Collection("state.journal", Act, ("number", "undone"))
REQUESTS: Final = Collection("state.requests", Request, ("created_at",))
COLLECTIONS: Final = (BLOBS, REVISIONS, BUCKETS, PLACEMENTS, TREES, TRASH, JOURNAL, REQUESTS)
