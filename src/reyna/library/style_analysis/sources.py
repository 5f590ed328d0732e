"""The texts of a run: the text of its blob, or all texts of a bucket and of everything in it, in their order."""

from typing import Final

from reyna.domain.text.clusters import shorten
from reyna.domain.text.words import word_count
from reyna.library.bucket_reading import read_bucket
from reyna.library.style_analysis.request import AnalysisRequest, SourceText
from reyna.library.style_analysis.settings import StyleSettings
from reyna.library.text_versions import TEXT_SCHEMAS, newest_of_each, text_field_of
from reyna.sdk import Blob, Context, Refuse

MAX_TITLE_CHARACTERS: Final = 200
MAX_TEXTS: Final = 1_000
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
    field = text_field_of(blob.schema_id)
    return SourceText(
        blob_id=blob.id,
        revision=blob.revision,
        field=field,
        text=blob.data[field],
        title=shorten(blob.data.get("title") or title or "", MAX_TITLE_CHARACTERS) or None,
    )


async def _read_bucket(blob: Blob, bucket_id: str, context: Context[StyleSettings]) -> list[SourceText]:
    found: dict[str, tuple[Blob, str]] = {}
    names: dict[str | None, str] = {}
    async for item in read_bucket(bucket_id, context):
        if item.bucket is not None:
            names[item.bucket.id] = item.bucket.name
        elif item.blob is not None and item.blob.schema_id in TEXT_SCHEMAS:
            found.setdefault(item.blob.id, (item.blob, names[item.parent_bucket_id]))
    if blob.id not in found:
        raise Refuse("The text of this run is not in the bucket of its settings.")
    newest = newest_of_each([one for one, _ in found.values()])
    if len(newest) > MAX_TEXTS:
        raise Refuse(f"The style analyzer takes {MAX_TEXTS:,} texts at once; there are {len(newest):,}.")
    return [source_of(one, title=found[one.id][1]) for one in newest]
