"""The things that a format finds in an archive, before anything is written."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol

import msgspec

from reyna.domain.blob import AuthorKind
from reyna.domain.schema import NewSchema
from reyna.services.state.transfer.imports.task import NoteKind
from reyna.services.state.transfer.reading.opened_archive import OpenedArchive


class IncomingBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket under a key of the format's own; its parent comes before it. `position` orders it among all things in
    its parent."""

    key: str
    parent: str | None
    position: int
    name: str
    type: str
    metadata: dict[str, Any] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None
    path: str = ""


class IncomingPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the bucket with this key."""

    bucket: str
    position: int
    label: str | None = None
    placed_at: datetime | None = None


class IncomingRevision(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier revision of a blob, or a save that came too late, with the end of its id."""

    number: int
    data: Any
    schema_id: str
    version: str
    author: str | None
    author_kind: AuthorKind
    late_id: str | None
    created_at: datetime


class IncomingHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The earlier revisions of a blob, newest first, and the names of revisions by number."""

    revision: int
    data_revision: int
    names: dict[int, str] = {}
    earlier: tuple[IncomingRevision, ...] = ()


class IncomingBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A blob under a key of the format's own. An author who is left out is the user; `version` is that of its schema,
    None for the newest. A parent that is no key of this archive is the id of a blob that may be there."""

    key: str
    path: str
    places: tuple[IncomingPlace, ...]
    data: Any
    schema_id: str = "text-input-v1"
    version: str | None = None
    processor_id: str = "user-input"
    parent: str | None = None
    parent_revision: int | None = None
    created_by: str | None = None
    changed_by: str | None = None
    author_kind: AuthorKind = "import"
    created_at: datetime | None = None
    updated_at: datetime | None = None
    sequence: str = ""
    legacy: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    history: IncomingHistory | None = None


class IncomingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose content is the entry at `path`; `facts` replace what would be found out about a new one."""

    path: str
    name: str
    facts: dict[str, Any] = {}


class IncomingSchema(msgspec.Struct, frozen=True, kw_only=True):
    """A schema of the user's own."""

    path: str
    new: NewSchema


class IncomingIds(msgspec.Struct, frozen=True):
    """Keys that the data of blobs may mention: where it does, it will mention what they have become."""

    keys: frozenset[str]


IncomingItem = IncomingIds | IncomingBucket | IncomingBlob | IncomingFile | IncomingSchema
TakeNote = Callable[[str, NoteKind, str], None]
"""Notes something about the entry at a path."""


class FormatReader(Protocol):
    """Reads one format."""

    def __call__(self, archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
        """Yields what the archive would become: schemas and files first, and each bucket before what is in it.

        `name` is that of the file. Raises Refusal for an archive that is not of this format. Runs in a thread.
        """
        ...
