"""The texts of a run - the text of its blob, or all texts of a bucket - and the names that its codex has already."""

from typing import Final

import msgspec

from reyna.domain.text.folding import fold
from reyna.library.bucket_reading import read_bucket
from reyna.library.codex_proposer.proposals import DraftText
from reyna.library.codex_proposer.settings import CodexSettings
from reyna.library.continuity.codex import names_of_bucket
from reyna.library.text_versions import TEXT_SCHEMAS, newest_of_each, text_field_of
from reyna.sdk import Blob, Context, Refuse

CODEX_TYPES: Final = frozenset({"character", "person", "place", "location", "setting", "object", "item", "faction"})
MAX_CHARACTERS: Final = 8_000_000  # a million words and more


class DraftTexts(msgspec.Struct, frozen=True):
    """The texts in the order of the book; `known` are the names of the codex, folded, with the ids of their buckets."""

    texts: list[DraftText]
    known: dict[str, str]


async def read_draft(blob: Blob, context: Context[CodexSettings]) -> DraftTexts:
    """Returns the texts. Raises Refuse for a bucket without a text, for too much, and as `read_bucket`."""
    bucket_id = context.settings.bucket_id
    if bucket_id is None:
        draft = DraftTexts([_text_of(blob)], {})
    else:
        draft = await _read_bucket(bucket_id, context)
    if sum(len(one.text) for one in draft.texts) > MAX_CHARACTERS:
        raise Refuse(f"The codex proposer takes {MAX_CHARACTERS:,} characters at once.")
    return draft


async def _read_bucket(bucket_id: str, context: Context[CodexSettings]) -> DraftTexts:
    found: dict[str, Blob] = {}
    known: dict[str, str] = {}
    codex_buckets = set[str]()
    async for item in read_bucket(bucket_id, context):
        if item.bucket is not None and fold(item.bucket.type) in CODEX_TYPES:
            codex_buckets.add(item.bucket.id)
            known |= {fold(name): item.bucket.id for name in names_of_bucket(item.bucket)}
        if item.blob is None or item.blob.schema_id not in TEXT_SCHEMAS or item.parent_bucket_id in codex_buckets:
            continue
        found.setdefault(item.blob.id, item.blob)
    if not found:
        raise Refuse("There is no text in this bucket, other than in its codex.")
    return DraftTexts([_text_of(one) for one in newest_of_each(found.values())], known)


def _text_of(blob: Blob) -> DraftText:
    field = text_field_of(blob.schema_id)
    return DraftText(blob_id=blob.id, revision=blob.revision, field=field, text=blob.data[field])
