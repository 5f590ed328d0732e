"""The manifests of backups: the parts of an installation, and the chunks that hold each of them."""

import re
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

import msgspec

PartKind = Literal["table", "documents", "object", "home"]
NAME_PATTERN: Final = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"


class ChunkReference(NamedTuple):
    """The name of a chunk, and the bytes that it has in the repository."""

    name: str
    size: int


class BackupPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One table, one collection of documents, one object of the file storage, or one file of the home."""

    kind: PartKind
    name: str
    size: int = 0
    rows: int = 0
    columns: tuple[str, ...] = ()
    modified_at: float | None = None
    chunks: tuple[ChunkReference, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup: `index` are the chunks that hold its parts, one JSON line each.

    `tables_revision` is the migration of the tables, `sequences` the last number of each sequence. `documents` is True
    where the state service stores in MongoDB. `secret_fingerprint` is that of the secret of the installation. `size` is
    the bytes of all parts, `new_size` those that this backup has written.
    """

    name: str
    version: str
    started_at: datetime
    finished_at: datetime
    tables_revision: str
    sequences: dict[str, int] = {}
    documents: bool = False
    secret_fingerprint: str | None = None
    parts: int
    rows: int
    size: int
    new_size: int
    index: tuple[ChunkReference, ...]


def backup_name(moment: datetime, token: str) -> str:
    """Returns the name of a backup: its moment, and eight random digits."""
    return f"{moment.astimezone(UTC).strftime(TIME_FORMAT)}-{token}"


def moment_of(name: str) -> datetime | None:
    """Returns the moment in the name of a backup; None for another text."""
    found = NAME_PATTERN.fullmatch(name)
    try:
        return datetime.strptime(found[1], TIME_FORMAT).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
