"""Blobs: pieces of content that fit a versioned schema, and their revisions."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import force_setattr, replace

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import ULID_LENGTH
from reyna.domain.text.folding import folded_name_of

MAX_BUCKETS: Final = 100  # that one blob may be created in

AuthorKind = Literal["user", "processor", "import", "restore", "upgrade"]


class Blob(msgspec.Struct, frozen=True, kw_only=True):
    """`size` is the bytes of `data` as JSON; `bucket_ids`, `derived_ids` and `stale` are computed on read.

    `sequence` orders the blobs of a user: later ones have larger sequences, imported ones that of the time in their
    source. Blobs that were stored without one take it from their id.
    """

    id: str
    user_id: str
    processor_id: str
    schema_id: str
    schema_version: str
    data: Any
    bucket_ids: tuple[str, ...] = ()
    parent_id: str | None = None
    parent_revision: int | None = None  # that this blob was derived from; stale when the parent is newer
    derived_ids: tuple[str, ...] = ()
    revision: int = 1
    data_revision: int = 0  # of the last change of the content; 0 counts as `revision`
    size: int
    stale: bool = False
    created_by: str
    changed_by: str  # the author of the current revision
    author_kind: AuthorKind = "user"  # of the current revision
    created_at: datetime
    updated_at: datetime
    trashed_at: datetime | None = None
    trash_id: str | None = None  # shared by all records that were trashed together
    sequence: str = ""
    legacy: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # the other fields of a migrated blob

    def __post_init__(self) -> None:
        if not self.sequence:
            force_setattr(self, "sequence", self.id[-ULID_LENGTH:])

    @property
    def folded_name(self) -> str:
        """The searchable form of its title and of the first line of its text."""
        return folded_name_of(self.data)

    @property
    def data_since(self) -> int:
        """The revision of the last change of the content."""
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
        """Returns the same content in a later major version; blobs derived from it do not become stale."""
        changed = self.changed(
            data, size=size, schema_id=schema_id, schema_version=schema_version, by=by, author_kind="upgrade"
        )
        return replace(changed, data_revision=self.data_since)

    def trashed(self, trash_id: str, now: datetime) -> "Blob":
        return self._next(trashed_at=now, trash_id=trash_id, updated_at=now)

    def restored(self) -> "Blob":
        return self._next(trashed_at=None, trash_id=None, updated_at=datetime.now(UTC))

    def _next(self, **changes: Any) -> "Blob":
        """Returns the next revision with the same data."""
        return replace(self, revision=self.revision + 1, data_revision=self.data_since, **changes)

    def event(
        self,
        action: Literal["created", "updated", "trashed", "restored", "purged", "named"],
        caller: Caller,
        **facts: Any,
    ) -> Event:
        """Returns an event of this blob, whose `bucket_ids` must be filled in, since devices filter by them."""
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
    """One version of a blob's data; `name` is given by its user, `conflict` marks one that was saved too late.

    `id` is `<blob_id>:<number>`; that of a conflict ends in a ULID of its own. `revision` counts writes to this record.
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
    """The fields of a new blob."""

    processor_id: str = "user-input"
    schema_id: str
    data: Any
    bucket_ids: tuple[str, ...] = ()
    parent_id: str | None = None


class BlobChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New `data`, or a `merge_patch` (RFC 7396) or `json_patch` (RFC 6902) of the data of `base_revision`, which is
    the revision that the client has seen."""

    data: Any = msgspec.UNSET
    merge_patch: Any = msgspec.UNSET
    json_patch: tuple[dict[str, Any], ...] | msgspec.UnsetType = msgspec.UNSET
    base_revision: int
