"""The facts about blobs, buckets and revisions that an archive holds beside their content."""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.blob import AuthorKind, Blob, Revision
from reyna.domain.bucket import Bucket

FORMAT: Final = "reyna-archive"
FORMAT_VERSION: Final = 1


class ArchiveBlob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of a blob but its data. An author who is left out is the user; `text_field` holds the text of a document.

    `revision` and `data_revision` are there when the archive has all revisions. `parent_revision` is that of the parent
    in the archive, or 0 for one before it; `also_in` are the names of the other buckets that the blob is in.
    """

    id: str
    schema: str
    version: str
    processor: str = "user-input"
    parent: str | None = None
    parent_revision: int | None = None
    stale: bool = False
    revision: int = 1
    data_revision: int = 0
    created_by: str | None = None
    changed_by: str | None = None
    author_kind: AuthorKind = "user"
    created_at: datetime
    updated_at: datetime
    sequence: str = ""
    legacy: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    also_in: tuple[str, ...] = ()
    text_field: str = "content"


class ArchiveItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing in a bucket, at its position among all things there; `path` is where the archive has it."""

    position: int
    kind: Literal["blob", "bucket"]
    id: str
    path: str
    label: str | None = None
    placed_at: datetime | None = None


class ArchiveBucket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bucket; `position` is that among its siblings and the blobs beside them, `parent` its bucket in the archive."""

    id: str
    name: str
    type: str
    parent: str | None = None
    position: int
    metadata: dict[str, Any] = {}
    created_at: datetime
    updated_at: datetime


class BucketDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document of a bucket: its facts, and what is in it in order."""

    bucket: ArchiveBucket
    items: tuple[ArchiveItem, ...]


class ArchiveRevision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the revisions of a blob, newest first. The present one is there without data, when it has a name.

    `late_id` is the end of the id of a save that came too late.
    """

    number: int
    name: str | None = None
    schema: str = ""
    version: str = ""
    author: str | None = None
    author_kind: AuthorKind = "user"
    late_id: str | None = None
    created_at: datetime | None = None
    data: Any = msgspec.UNSET


class ArchiveFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file, and where the archive has its content."""

    id: str
    path: str
    sha256: str
    size: int
    media_type: str
    name: str
    created_at: datetime
    created_by: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    peaks: tuple[float, ...] | None = None


class ArchiveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an archive, as its manifest lists it."""

    path: str
    size: int
    sha256: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The number of each kind of thing in an archive; `places` counts every bucket that a blob is in."""

    buckets: int = 0
    blobs: int = 0
    places: int = 0
    revisions: int = 0
    files: int = 0
    file_bytes: int = 0
    schemas: int = 0


class ArchiveManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The last entry of an archive: without it, the archive is not whole."""

    format: Literal["reyna-archive"]
    format_version: int
    bucket: str | None
    revisions: bool
    counts: Counts
    entries: tuple[ArchiveEntry, ...]


def blob_facts(blob: Blob, *, text_field: str, revisions: bool, also_in: tuple[str, ...]) -> ArchiveBlob:
    """Returns the facts about a blob for an archive with or without earlier revisions."""
    return ArchiveBlob(
        id=blob.id,
        schema=blob.schema_id,
        version=blob.schema_version,
        processor=blob.processor_id,
        parent=blob.parent_id,
        parent_revision=blob.parent_revision if revisions else _relative_revision(blob),
        stale=blob.stale,
        revision=blob.revision if revisions else 1,
        data_revision=blob.data_revision if revisions else 0,
        created_by=_other_than(blob.user_id, blob.created_by),
        changed_by=_other_than(blob.user_id, blob.changed_by),
        author_kind=blob.author_kind,
        created_at=blob.created_at,
        updated_at=blob.updated_at,
        sequence=blob.sequence,
        legacy=blob.legacy,
        also_in=also_in,
        text_field=text_field,
    )


def bucket_facts(bucket: Bucket, position: int, *, is_root: bool) -> ArchiveBucket:
    """Returns the facts about a bucket; the root of an archive has no parent there."""
    return ArchiveBucket(
        id=bucket.id,
        name=bucket.name,
        type=bucket.type,
        parent=None if is_root else bucket.parent_bucket_id,
        position=position,
        metadata=bucket.metadata,
        created_at=bucket.created_at,
        updated_at=bucket.updated_at,
    )


def revision_facts(revision: Revision, *, is_present: bool) -> ArchiveRevision:
    """Returns the line of a revision; the data of the present one is that of the blob."""
    if is_present:
        return ArchiveRevision(number=revision.number, name=revision.name)
    return ArchiveRevision(
        number=revision.number,
        name=revision.name,
        schema=revision.schema_id,
        version=revision.schema_version,
        author=_other_than(revision.user_id, revision.author),
        author_kind=revision.author_kind,
        late_id=revision.id.removeprefix(f"{revision.blob_id}:") if revision.conflict else None,
        created_at=revision.created_at,
        data=revision.data,
    )


def _relative_revision(blob: Blob) -> int | None:
    """Returns the revision of the parent that a blob was derived from, where only the present one is there, as 1."""
    return None if blob.parent_revision is None else 0 if blob.stale else 1


def _other_than(user_id: str, author: str) -> str | None:
    return None if author == user_id else author
