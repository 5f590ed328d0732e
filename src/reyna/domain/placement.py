"""A blob's place in one bucket: its own position and an optional label."""

from datetime import datetime
from typing import Literal

import msgspec

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
    trashed_at: datetime | None = None  # goes to the trash and comes back with its blob

    def event(self, action: Literal["added", "removed", "moved"], caller: Caller) -> Event:
        return Event.now(
            f"bucket.blob.{action}",
            caller,
            {"bucket_id": self.bucket_id, "blob_id": self.blob_id, "label": self.label},
            about=self.bucket_id,
        )
