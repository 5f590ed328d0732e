"""The selection of single buckets out of a tree."""

from collections.abc import Collection

from msgspec.structs import replace

from reyna.library.book_compiler.book.sources import BookBucket


def select_buckets(root: BookBucket, bucket_ids: Collection[str]) -> BookBucket:
    """Returns the tree with the named buckets, all that is in them, and what they are in; all of it where none is."""
    if not bucket_ids:
        return root
    wanted = frozenset(bucket_ids)
    return _select(root, wanted) or replace(root, items=())


def _select(bucket: BookBucket, wanted: frozenset[str]) -> BookBucket | None:
    if bucket.id in wanted:
        return bucket
    children = tuple(child for one in bucket.children if (child := _select(one, wanted)) is not None)
    return replace(bucket, items=children) if children else None
