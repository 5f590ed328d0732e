"""Buckets and blobs with names to look for."""

from datetime import UTC, datetime
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket

NOW: Final = datetime(2026, 5, 4, tzinfo=UTC)
DATA: Final[list[Any]] = [
    {"title": "Über", "content": "\n Eins\nZwei"},
    {"expanded": "É" * 500},
    {"title": 1},
    [1],
    5,
    "x",
]


def a_bucket(id: str, name: str) -> Bucket:
    return Bucket(id=id, user_id="user-ana", name=name, type="scene", rank="m", created_at=NOW, updated_at=NOW)


def a_blob(id: str, data: Any) -> Blob:
    return Blob(
        id=id, user_id="user-ana", processor_id="user-input", schema_id="s-v1", schema_version="1.0.0", data=data,
        size=1, created_by="ana", changed_by="ana", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
