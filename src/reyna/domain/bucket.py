"""Buckets: nested containers of any type that their user chooses, such as book, chapter or album."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import force_setattr, replace

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import microseconds_of
from reyna.domain.text.folding import fold


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """`rank` orders it among its siblings; the id lists (first 1,000) and the counts are computed on read."""

    id: str
    user_id: str
    name: str
    type: str
    parent_bucket_id: str | None = None
    rank: str
    child_bucket_ids: tuple[str, ...] = ()
    blob_ids: tuple[str, ...] = ()
    child_count: int = 0
    blob_count: int = 0
    metadata: dict[str, Any] = {}
    revision: int = 1
    number: int = 0  # its position in the order of all records of its user
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None = None
    trash_id: str | None = None  # shared by all records that were trashed together

    def __post_init__(self) -> None:
        if not self.number:  # stored before there were numbers
            force_setattr(self, "number", microseconds_of(self.created_at))

    @property
    def folded_name(self) -> str:
        """The searchable form of its name."""
        return fold(self.name)

    def moved(self, parent_bucket_id: str | None, rank: str) -> "Bucket":
        return replace(
            self, parent_bucket_id=parent_bucket_id, rank=rank, revision=self.revision + 1, updated_at=datetime.now(UTC)
        )

    def changed(self, *, name: str, type: str, metadata: dict[str, Any]) -> "Bucket":
        return replace(
            self, name=name, type=type, metadata=metadata, revision=self.revision + 1, updated_at=datetime.now(UTC)
        )

    def trashed(self, trash_id: str, now: datetime) -> "Bucket":
        return replace(self, trashed_at=now, trash_id=trash_id, updated_at=now, revision=self.revision + 1)

    def restored(self) -> "Bucket":
        now = datetime.now(UTC)
        return replace(self, trashed_at=None, trash_id=None, updated_at=now, revision=self.revision + 1)

    def event(
        self,
        action: Literal["created", "updated", "moved", "trashed", "restored", "purged"],
        caller: Caller,
        **facts: Any,
    ) -> Event:
        return Event.now(
            f"bucket.{action}",
            caller,
            {
                "bucket_id": self.id,
                "parent_bucket_id": self.parent_bucket_id,
                "type": self.type,
                "revision": self.revision,
            }
            | facts,
            about=self.id,
        )


class NewBucket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after` is the sibling before it: null for the first position, left out for the last."""

    name: str
    type: str
    parent_bucket_id: str | None = None
    metadata: dict[str, Any] = {}
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class BucketChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    base_revision: int


class PathBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket on the path to a blob or to another bucket."""

    id: str
    name: str
    type: str


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket in its tree; below the requested depth `children` is empty, and `child_count` is still given."""

    id: str
    name: str
    type: str
    parent_bucket_id: str | None
    rank: str
    revision: int
    child_count: int
    blob_count: int
    children: tuple["Node", ...] = ()
