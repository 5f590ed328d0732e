"""Builds the tree of a book out of the items of a bucket in reading order."""

from collections.abc import Iterable
from typing import Final

from reyna.library.book_compiler.book.sources import BookBucket, BookText
from reyna.library.text_versions import TEXT_SCHEMAS, text_field_of
from reyna.sdk import Blob, Bucket, TreeItem

MAX_DEPTH: Final = 50


class BookTooDeep(Exception):
    """Its buckets are nested more deeply than a book's."""


class _OpenBucket:
    """A bucket whose items are being collected."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.items: list[BookText | BookBucket] = []

    def closed(self) -> BookBucket:
        bucket = self.bucket
        return BookBucket(
            id=bucket.id, name=bucket.name, type=bucket.type, metadata=bucket.metadata, items=tuple(self.items)
        )


def build_tree(items: Iterable[TreeItem]) -> BookBucket | None:
    """Returns the first bucket with all that comes after it; blobs that hold no text are left out.

    Raises BookTooDeep for more than 50 levels.
    """
    path: list[_OpenBucket] = []
    for item in items:
        while len(path) > max(item.depth, 1):
            _close_last(path)
        if item.depth > MAX_DEPTH:
            raise BookTooDeep
        if item.bucket is not None:
            path.append(_OpenBucket(item.bucket))
        elif path and item.blob is not None and item.blob.schema_id in TEXT_SCHEMAS:
            path[-1].items.append(text_of(item.blob))
    while len(path) > 1:
        _close_last(path)
    return path[0].closed() if path else None


def text_of(blob: Blob) -> BookText:
    """Returns the text of a blob of one of the `TEXT_SCHEMAS`."""
    return BookText(
        blob_id=blob.id,
        schema_id=blob.schema_id,
        text=blob.data[text_field_of(blob.schema_id)],
        title=blob.data.get("title"),
        updated_at=blob.updated_at,
        parent_id=blob.parent_id,
    )


def _close_last(path: list[_OpenBucket]) -> None:
    last = path.pop()
    path[-1].items.append(last.closed())
