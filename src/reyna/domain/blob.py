"""One piece of content that fits one versioned schema."""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.event import Event

AuthorKind = Literal["user", "processor", "import", "restore", "upgrade"]


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """`size` is the bytes of `data` as JSON; `bucket_ids`, `derived_ids` and `stale` are computed on read."""

    id: str
    user_id: str
    processor_id: str
    schema_id: str
    schema_version: str
    data: Any
    bucket_ids: tuple[str, ...] = ()
    parent_id: str | None = None
    parent_revision: int | None = None  # the revision of the parent that was used; an older one makes this blob stale
    derived_ids: tuple[str, ...] = ()
    revision: int = 1
    size: int
    stale: bool = False
    created_by: str
    changed_by: str  # who made the current revision
    author_kind: AuthorKind = "user"  # of the current revision
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None = None
    trash_id: str | None = None  # shared by all that went to the trash together

    def changed(self, data: Any, *, size: int, schema_version: str, by: str, author_kind: AuthorKind) -> "Blob":
        return replace(
            self,
            data=data,
            size=size,
            schema_version=schema_version,
            changed_by=by,
            author_kind=author_kind,
            revision=self.revision + 1,
            updated_at=datetime.now(UTC),
        )

    def trashed(self, trash_id: str, now: datetime) -> "Blob":
        return replace(self, trashed_at=now, trash_id=trash_id, updated_at=now, revision=self.revision + 1)

    def restored(self) -> "Blob":
        now = datetime.now(UTC)
        return replace(self, trashed_at=None, trash_id=None, updated_at=now, revision=self.revision + 1)

    def event(self, action: Literal["created", "updated", "trashed", "restored", "purged"], caller: Caller) -> Event:
        """What happened to this blob; `bucket_ids` must be filled in, since devices route by them."""
        return Event.now(
            f"blob.{action}.{self.schema_id}",
            caller,
            {
                "blob_id": self.id,
                "bucket_ids": self.bucket_ids,
                "processor": self.processor_id,
                "schema_id": self.schema_id,
                "schema_version": self.schema_version,
                "parent_id": self.parent_id,
                "revision": self.revision,
            },
            about=self.id,
        )


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one blob's data; `conflict` marks one that lost a race and is kept beside the line.

    `id` is `<blob_id>:<number>`, a conflicting one's ends in its own ULID. `revision` counts writes to this record.
    """

    id: str
    user_id: str
    blob_id: str
    number: int
    data: Any
    size: int
    schema_version: str
    author: str
    author_kind: AuthorKind
    conflict: bool = False
    revision: int = 1
    created_at: datetime


class NewBlob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it takes to create a blob."""

    processor_id: str = "user-input"
    schema_id: str
    data: Any
    bucket_ids: tuple[str, ...] = ()
    parent_id: str | None = None


class BlobChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New `data`, or a `merge_patch` (RFC 7396) on what is there; `base_revision` is the one that was seen."""

    data: Any = msgspec.UNSET
    merge_patch: Any = msgspec.UNSET
    base_revision: int
