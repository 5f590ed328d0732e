"""A blob's place in one bucket: its own position and an optional label."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.event import Event


def placement_id(bucket_id: str, blob_id: str) -> str:
    """A blob stands in a bucket once, so the pair is the name."""
    return f"{bucket_id}:{blob_id}"


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """The only record of blob-in-bucket; `rank` is fractional, so that a reorder writes one record."""

    id: str
    user_id: str
    bucket_id: str
    blob_id: str
    rank: str
    label: str | None = None
    revision: int = 1
    created_at: datetime
    trashed_at: datetime | None = None  # it is in the trash whenever its blob or its bucket is
    trash_id: str | None = None  # of the blob or of the bucket; it comes back when both are back

    def trashed(self, trash_id: str, now: datetime) -> "Placement":
        return replace(self, trashed_at=now, trash_id=trash_id, revision=self.revision + 1)

    def restored(self) -> "Placement":
        return replace(self, trashed_at=None, trash_id=None, revision=self.revision + 1)

    def event(self, action: Literal["added", "removed", "moved"], caller: Caller, **facts: Any) -> Event:
        return Event.now(
            f"bucket.blob.{action}",
            caller,
            {"bucket_id": self.bucket_id, "blob_id": self.blob_id, "label": self.label} | facts,
            about=self.bucket_id,
        )
