"""A blob's place in one bucket: its own position and an optional label."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec.structs import force_setattr, replace

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import microseconds_of


def placement_id(bucket_id: str, blob_id: str) -> str:
    """Returns the id of a placement: a blob is placed in a bucket at most once."""
    return f"{bucket_id}:{blob_id}"


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """The record that a blob is in a bucket; `rank` is fractional, so that a reorder writes one record."""

    id: str
    user_id: str
    bucket_id: str
    blob_id: str
    rank: str
    label: str | None = None
    revision: int = 1
    number: int = 0  # its position in the order of all records of its user
    created_at: datetime
    trashed_at: datetime | None = None  # when its blob or its bucket was trashed
    trash_id: str | None = None  # of the blob or bucket; it is restored when both are

    def __post_init__(self) -> None:
        if not self.number:  # stored before there were numbers
            force_setattr(self, "number", microseconds_of(self.created_at))

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
