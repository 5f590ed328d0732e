"""The records of files, of uploads under way, and of the references of blobs to files."""

from datetime import datetime
from typing import Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.files.file import FileInfo, Upload
from reyna.ports.store import Collection


class StoredFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a user. `upload_id` and `parts` are the names of the objects that hold its content, in order.

    `unused_since` is the moment since which no blob refers to it, as far as is known; None when one does. Once it is
    `collecting`, no blob can refer to it any more, unless it is revived first.
    """

    id: str
    user_id: str
    sha256: str
    size: int
    media_type: str
    name: str
    upload_id: str
    parts: tuple[str, ...]
    created_by: str
    created_at: datetime
    unused_since: datetime | None
    collecting: bool = False
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    peaks: tuple[float, ...] | None = None
    revision: int = 1

    def info(self) -> FileInfo:
        return FileInfo(
            id=self.id,
            sha256=self.sha256,
            size=self.size,
            media_type=self.media_type,
            name=self.name,
            created_by=self.created_by,
            created_at=self.created_at,
            width=self.width,
            height=self.height,
            duration=self.duration,
            peaks=self.peaks,
        )

    def created_event(self, caller: Caller) -> Event:
        facts = {"file_id": self.id, "size": self.size, "media_type": self.media_type, "name": self.name}
        return Event.now("file.created", caller, facts, about=self.id)

    def purged_event(self, caller: Caller) -> Event:
        return Event.now("file.purged", caller, {"file_id": self.id, "size": self.size}, about=self.id)


class StoredUpload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An upload: `offset` bytes are in its `parts`, all of them full but the last.

    Bytes from `unchecked_from` on wait for their checksum and do not count yet. `file_id` is the file that it became,
    to which its parts then belong.
    """

    id: str
    user_id: str
    name: str
    size: int | None
    offset: int = 0
    unchecked_from: int | None = None
    parts: tuple[str, ...] = ()
    file_id: str | None = None
    created_by: str
    created_at: datetime
    expires_at: datetime
    revision: int = 1

    @property
    def confirmed(self) -> int:
        """The bytes that count: a client goes on behind them."""
        return self.offset if self.unchecked_from is None else self.unchecked_from

    def view(self) -> Upload:
        return Upload(
            id=self.id,
            name=self.name,
            size=self.size,
            offset=self.confirmed,
            file_id=self.file_id,
            created_at=self.created_at,
            expires_at=self.expires_at,
        )


class FileReference(msgspec.Struct, frozen=True, kw_only=True):
    """A reference: some kept revision of the blob names the file."""

    id: str
    user_id: str
    blob_id: str
    file_id: str
    revision: int = 1


FILES: Final = Collection("state.files", StoredFile, ("created_at", "size", "collecting", "unused_since", "upload_id"))
UPLOADS: Final = Collection("state.uploads", StoredUpload, ("expires_at", "offset", "file_id"))
REFERENCES: Final = Collection("state.file_references", FileReference, ("blob_id", "file_id"))
FILE_COLLECTIONS: Final = (FILES, UPLOADS, REFERENCES)
