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
    data_revision: int = 0  # in which the content last changed; 0: written before this was, it counts as `revision`
    size: int
    stale: bool = False
    created_by: str
    changed_by: str  # who made the current revision
    author_kind: AuthorKind = "user"  # of the current revision
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None = None
    trash_id: str | None = None  # shared by all that went to the trash together
    legacy: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # of a migrated one: what else its line said, its old id

    @property
    def data_since(self) -> int:
        """The revision in which the content last changed."""
        return self.data_revision or self.revision

    def changed(
        self, data: Any, *, size: int, schema_id: str, schema_version: str, by: str, author_kind: AuthorKind
    ) -> "Blob":
        return replace(
            self,
            data=data,
            size=size,
            schema_id=schema_id,
            schema_version=schema_version,
            changed_by=by,
            author_kind=author_kind,
            revision=self.revision + 1,
            data_revision=self.revision + 1,
            updated_at=datetime.now(UTC),
        )

    def upgraded(self, data: Any, *, size: int, schema_id: str, schema_version: str, by: str) -> "Blob":
        """The same content in the form of a later major: what was derived from it does not become stale."""
        changed = self.changed(
            data, size=size, schema_id=schema_id, schema_version=schema_version, by=by, author_kind="upgrade"
        )
        return replace(changed, data_revision=self.data_since)

    def trashed(self, trash_id: str, now: datetime) -> "Blob":
        return self._next(trashed_at=now, trash_id=trash_id, updated_at=now)

    def restored(self) -> "Blob":
        return self._next(trashed_at=None, trash_id=None, updated_at=datetime.now(UTC))

    def _next(self, **changes: Any) -> "Blob":
        """The next revision, with the same data."""
        return replace(self, revision=self.revision + 1, data_revision=self.data_since, **changes)

    def event(
        self,
        action: Literal["created", "updated", "trashed", "restored", "purged", "named"],
        caller: Caller,
        **facts: Any,
    ) -> Event:
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
            }
            | facts,
            about=self.id,
        )


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one blob's data; `name` is what its user calls it, `conflict` marks one that lost a race and is
    kept beside the line.

    `id` is `<blob_id>:<number>`, a conflicting one's ends in its own ULID. `revision` counts writes to this record.
    """

    id: str
    user_id: str
    blob_id: str
    number: int
    name: str | None = None
    data: Any
    size: int
    schema_id: str
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
    """New `data`, or a `merge_patch` (RFC 7396) or `json_patch` (RFC 6902) on what was there; `base_revision` is the
    one that was seen."""

    data: Any = msgspec.UNSET
    merge_patch: Any = msgspec.UNSET
    json_patch: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    base_revision: int
