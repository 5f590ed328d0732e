"""Gathering of the background of a note: a handful of reads, however large its book is."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from reyna.library.continuity.background import NO_BACKGROUND, BookBackground, Excerpt
from reyna.library.continuity.codex import is_codex_type, read_entries
from reyna.library.continuity.texts import Writing, beginning_of, end_of, writings_in
from reyna.sdk import Blob, Bucket, Conflict, Context, NotFound

BOOK_TYPE: Final = "book"
MAX_DEPTH: Final = 50  # of the bucket in its book
MAX_BLOBS_READ: Final = 1_000  # of one bucket
NEIGHBOUR_SHARE: Final = 0.25  # of the budget, for each of the texts around the note
MIN_NEIGHBOUR_TOKENS: Final = 40


async def gather_background(blob: Blob, text: str, context: Context[Any], budget_tokens: int) -> BookBackground:
    """Returns the background of a blob with this text: its neighbours in its first bucket, the end of the chapter
    before, and the entries of the codex of its book that the text names. Nothing for a blob that stands nowhere."""
    if budget_tokens <= 0 or not blob.bucket_ids:
        return NO_BACKGROUND
    try:
        return await _gather(blob, text, context, budget_tokens)
    except (NotFound, Conflict):  # moved, trashed or removed meanwhile
        return NO_BACKGROUND


async def _gather(blob: Blob, text: str, context: Context[Any], budget_tokens: int) -> BookBackground:
    bucket = await context.bucket(blob.bucket_ids[0])
    book = await _book_of(bucket, context)
    buckets, writings = await asyncio.gather(_buckets_in(book, context), _writings_in(bucket, context))
    each = max(int(budget_tokens * NEIGHBOUR_SHARE), MIN_NEIGHBOUR_TOKENS)
    number = next((number for number, one in enumerate(writings) if blob.id in (one.blob.id, one.newest.id)), None)
    before, after = _neighbours(writings, number, bucket, each)
    entries, chapter_end = await asyncio.gather(
        read_entries([one for one in buckets if is_codex_type(one.type)], text, context),
        _end_before(bucket, buckets, context, each),
    )
    return BookBackground(
        before=(*before, *chapter_end), after=after, codex=tuple(entries), budget_tokens=budget_tokens
    )


async def _book_of(bucket: Bucket, context: Context[Any]) -> Bucket:
    """Returns the book that the bucket is in, or the bucket at its top."""
    for _ in range(MAX_DEPTH):
        if bucket.type.lower() == BOOK_TYPE or bucket.parent_bucket_id is None:
            break
        bucket = await context.bucket(bucket.parent_bucket_id)
    return bucket


async def _buckets_in(book: Bucket, context: Context[Any]) -> list[Bucket]:
    return [item.bucket async for item in context.tree(book.id, kind="bucket") if item.bucket is not None]


async def _writings_in(bucket: Bucket, context: Context[Any]) -> list[Writing]:
    blobs: list[Blob] = []
    async for blob in context.blobs(bucket=bucket.id):
        blobs.append(blob)
        if len(blobs) == MAX_BLOBS_READ:
            break
    return writings_in(blobs)


def _neighbours(
    writings: Sequence[Writing], number: int | None, bucket: Bucket, each: int
) -> tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]:
    """Returns the end of the text before the note, and the beginning of the one after it."""
    if number is None:
        return (), ()
    before = tuple(
        _excerpt(writing, bucket, end_of(writing.text, each), "The text just before", "text before", "before")
        for writing in writings[max(number - 1, 0) : number]
    )
    after = tuple(
        _excerpt(writing, bucket, beginning_of(writing.text, each), "The text just after", "text after", "after")
        for writing in islice(writings, number + 1, number + 2)
    )
    return tuple(one for one in before if one.text), tuple(one for one in after if one.text)


def _excerpt(writing: Writing, bucket: Bucket, text: str, title: str, source: str, where: str) -> Excerpt:
    return Excerpt(
        text=text,
        title=title,
        source=source,
        reason=f"It stands directly {where} the note in {bucket.name}.",
        blob_id=writing.newest.id,
        bucket_id=bucket.id,
    )


async def _end_before(
    bucket: Bucket, buckets: Sequence[Bucket], context: Context[Any], each: int
) -> tuple[Excerpt, ...]:
    """Returns the end of the sibling before the bucket, or of the one before a bucket that it is in."""
    by_id = {one.id: one for one in buckets}
    current: Bucket | None = by_id.get(bucket.id)
    while current is not None:
        siblings = [one for one in buckets if one.parent_bucket_id == current.parent_bucket_id and one.id in by_id]
        place = next((number for number, one in enumerate(siblings) if one.id == current.id), 0)
        earlier = [one for one in siblings[:place] if not is_codex_type(one.type)]
        if earlier:
            return await _end_of_bucket(earlier[-1], context, each)
        current = by_id.get(current.parent_bucket_id or "")
    return ()


async def _end_of_bucket(bucket: Bucket, context: Context[Any], each: int) -> tuple[Excerpt, ...]:
    blobs: list[Blob] = []
    async for item in context.tree(bucket.id, kind="blob"):
        if item.blob is not None:
            blobs.append(item.blob)
        if len(blobs) == MAX_BLOBS_READ:
            break
    writings = writings_in(blobs)
    if not writings or not (text := end_of(writings[-1].text, each)):
        return ()
    last = Excerpt(
        text=text,
        title=f"The end of {bucket.name}, which comes before",
        source="chapter before",
        reason=f"{bucket.name} comes before the note's {bucket.type}.",
        blob_id=writings[-1].newest.id,
        bucket_id=bucket.id,
    )
    return (last,)
