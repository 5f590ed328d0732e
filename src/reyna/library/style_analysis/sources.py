"""The texts of a run: the text of its blob, or all texts of a bucket and of everything in it, in their order."""

from collections.abc import AsyncIterator
from typing import Final

from reyna.domain.errors import NotFound
from reyna.domain.text.clusters import shorten
from reyna.domain.text.words import word_count
from reyna.library.style_analysis.request import AnalysisRequest, SourceText
from reyna.library.style_analysis.settings import StyleSettings
from reyna.sdk import Blob, Bucket, Context, Refuse

TEXT_SCHEMAS: Final = ("text-input-v1", "expanded-text-v1", "edited-text-v1")
EXPANDED_SCHEMA: Final = "expanded-text-v1"
MAX_TITLE_CHARACTERS: Final = 200
MAX_TEXTS: Final = 1_000
MAX_BUCKETS: Final = 2_000
MAX_CHARACTERS: Final = 8_000_000  # a million words and more


async def read_request(blob: Blob, context: Context[StyleSettings]) -> AnalysisRequest:
    """Returns the request for this run. Raises Refuse where there is nothing to analyse, or too much."""
    bucket_id = context.settings.bucket_id
    texts = [source_of(blob)] if bucket_id is None else await _read_bucket(blob, bucket_id, context)
    if not any(word_count(source.text) for source in texts):
        raise Refuse("There is no word to analyse.")
    if sum(len(source.text) for source in texts) > MAX_CHARACTERS:
        raise Refuse(f"The style analyzer takes {MAX_CHARACTERS:,} characters at once.")
    return AnalysisRequest(texts=tuple(texts), settings=context.settings, bucket_id=bucket_id)


def source_of(blob: Blob, *, title: str | None = None) -> SourceText:
    field = "expanded" if blob.schema_id == EXPANDED_SCHEMA else "content"
    return SourceText(
        blob_id=blob.id,
        revision=blob.revision,
        field=field,
        text=blob.data[field],
        title=shorten(blob.data.get("title") or title or "", MAX_TITLE_CHARACTERS) or None,
    )


async def _read_bucket(blob: Blob, bucket_id: str, context: Context[StyleSettings]) -> list[SourceText]:
    found: dict[str, tuple[Blob, str]] = {}
    async for bucket in _buckets_below(bucket_id, context):
        async for one in context.blobs(bucket=bucket.id):
            if one.schema_id in TEXT_SCHEMAS:
                found.setdefault(one.id, (one, bucket.name))
    if blob.id not in found:
        raise Refuse("The text of this run is not in the bucket of its settings.")
    newest = newest_of_each([one for one, _ in found.values()])
    if len(newest) > MAX_TEXTS:
        raise Refuse(f"The style analyzer takes {MAX_TEXTS:,} texts at once; there are {len(newest):,}.")
    return [source_of(one, title=found[one.id][1]) for one in newest]


async def _buckets_below(bucket_id: str, context: Context[StyleSettings]) -> AsyncIterator[Bucket]:
    """Yields the bucket, then each child with all below it, in their order."""
    waiting, seen = [bucket_id], 0
    while waiting:
        try:
            bucket = await context.bucket(waiting.pop())
        except NotFound:
            if seen:
                continue  # gone in the meantime
            raise Refuse("There is no bucket of yours under the id of the settings.") from None
        seen += 1
        if seen > MAX_BUCKETS:
            raise Refuse(f"The style analyzer takes {MAX_BUCKETS:,} buckets at once.")
        yield bucket
        waiting += reversed(bucket.child_bucket_ids)


def newest_of_each(blobs: list[Blob]) -> list[Blob]:
    """Returns the newest of each text and what was derived from it, at the place of the first of them."""
    by_id = {blob.id: blob for blob in blobs}
    newest: dict[str, Blob] = {}
    for blob in blobs:
        origin = _origin_of(blob, by_id)
        if origin not in newest or blob.updated_at > newest[origin].updated_at:
            newest[origin] = blob
    return list(newest.values())


def _origin_of(blob: Blob, by_id: dict[str, Blob]) -> str:
    """Returns the id of the first blob that this one comes from, among these."""
    seen = {blob.id}
    while blob.parent_id in by_id and blob.parent_id not in seen:
        seen.add(blob.parent_id)
        blob = by_id[blob.parent_id]
    return blob.id
