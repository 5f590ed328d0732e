"""Reads the buckets of a book with their texts, in reading order."""

from typing import Final

from reyna.library.book_compiler.book.roles import ROLE_OF_TYPE
from reyna.library.book_compiler.book.sources import BookBucket
from reyna.library.book_compiler.book.tree import MAX_DEPTH, BookTooDeep, build_tree
from reyna.library.book_compiler.settings import BookSettings
from reyna.library.bucket_reading import UNKNOWN_BUCKET, read_bucket
from reyna.sdk import Blob, Bucket, Context, Refuse, TreeItem

MAX_ITEMS: Final = 50_000
MAX_BYTES: Final = 100_000_000


async def read_book(blob: Blob, context: Context[BookSettings]) -> BookBucket:
    """Returns the bucket that the settings name, or the book of the blob, with all that is in it.

    Raises Refuse for more than the compiler takes, and as `read_bucket`.
    """
    bucket_id = context.settings.bucket_id or await _find_book(blob, context)
    items: list[TreeItem] = []
    size = 0
    async for item in read_bucket(bucket_id, context):
        items.append(item)
        size += item.blob.size if item.blob else 0
        if len(items) > MAX_ITEMS or size > MAX_BYTES:
            raise Refuse(f"The book compiler takes {MAX_ITEMS:,} things and {MAX_BYTES // 10**6} MB at once.")
    try:
        root = build_tree(items)
    except BookTooDeep:
        raise Refuse(f"The book compiler takes {MAX_DEPTH} levels of buckets.") from None
    if root is None:
        raise Refuse(UNKNOWN_BUCKET)
    return root


async def _find_book(blob: Blob, context: Context[BookSettings]) -> str:
    """Returns the nearest book above the text, or else the outermost bucket above it."""
    if not blob.bucket_ids:
        raise Refuse("This text is in no bucket. Name the bucket of the book in the setting bucket_id.")
    bucket: Bucket = await context.bucket(blob.bucket_ids[0])
    while ROLE_OF_TYPE.get(bucket.type) != "book" and bucket.parent_bucket_id is not None:
        bucket = await context.bucket(bucket.parent_bucket_id)
    return bucket.id
