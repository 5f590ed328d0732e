"""The sources of a book: a tree of buckets with their texts, as they were read."""

from datetime import datetime
from typing import Any

import msgspec


class BookText(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """A text of a blob, and the blob that it was derived from."""

    blob_id: str
    schema_id: str
    text: str
    updated_at: datetime
    title: str | None = None
    parent_id: str | None = None


class BookBucket(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="bucket"):
    """A bucket with its texts and child buckets in their order."""

    id: str
    name: str
    type: str
    metadata: dict[str, Any] = {}
    items: tuple["BookText | BookBucket", ...] = ()

    @property
    def texts(self) -> tuple[BookText, ...]:
        return tuple(item for item in self.items if isinstance(item, BookText))

    @property
    def children(self) -> tuple["BookBucket", ...]:
        return tuple(item for item in self.items if isinstance(item, BookBucket))
