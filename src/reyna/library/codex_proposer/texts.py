"""The texts of a run - the text of its blob, or all texts of a bucket - and the names that its codex has already."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from reyna.domain.errors import Conflict
from reyna.domain.text.folding import fold
from reyna.library.codex_proposer.proposals import DraftText
from reyna.library.codex_proposer.settings import CodexSettings
from reyna.sdk import Blob, Bucket, Context, NotFound, Refuse, Retry

TEXT_SCHEMAS: Final = ("text-input-v1", "expanded-text-v1", "edited-text-v1")
TEXT_FIELDS: Final = {"expanded-text-v1": "expanded"}
CODEX_TYPES: Final = frozenset({"character", "person", "place", "location", "setting", "object", "item", "faction"})
MAX_CHARACTERS: Final = 8_000_000  # a million words and more
MOVED_RETRY_SECONDS: Final = 2.0


class DraftTexts(msgspec.Struct, frozen=True):
    """The texts in the order of the book; `known` are the names of the codex, folded, with the ids of their buckets."""

    texts: list[DraftText]
    known: dict[str, str]


async def read_draft(blob: Blob, context: Context[CodexSettings]) -> DraftTexts:
    """Returns the texts. Raises Refuse for a bucket that is not there or does not hold the text, and for too much."""
    bucket_id = context.settings.bucket_id
    if bucket_id is None:
        draft = DraftTexts([_text_of(blob)], {})
    else:
        try:
            draft = await _read_bucket(blob, bucket_id, context)
        except NotFound:
            raise Refuse("There is no bucket of yours under the id of the settings.") from None
        except Conflict:
            raise Retry(after=MOVED_RETRY_SECONDS) from None
    if sum(len(one.text) for one in draft.texts) > MAX_CHARACTERS:
        raise Refuse(f"The codex proposer takes {MAX_CHARACTERS:,} characters at once.")
    return draft


def newest_of_each(blobs: Iterable[Blob]) -> list[Blob]:
    """Returns the newest of each text and of what was made of it, at the place of the first of them."""
    by_id = {blob.id: blob for blob in blobs}
    newest: dict[str, Blob] = {}
    for blob in by_id.values():
        origin, seen = blob, {blob.id}
        while origin.parent_id in by_id and origin.parent_id not in seen:
            origin = by_id[origin.parent_id]
            seen.add(origin.id)
        if origin.id not in newest or blob.updated_at > newest[origin.id].updated_at:
            newest[origin.id] = blob
    return list(newest.values())


async def _read_bucket(blob: Blob, bucket_id: str, context: Context[CodexSettings]) -> DraftTexts:
    found: dict[str, Blob] = {}
    known: dict[str, str] = {}
    codex_buckets = set[str]()
    async for item in context.tree(bucket_id):
        if item.bucket is not None and fold(item.bucket.type) in CODEX_TYPES:
            codex_buckets.add(item.bucket.id)
            known |= {fold(name): item.bucket.id for name in names_of(item.bucket)}
        if item.blob is None or item.blob.schema_id not in TEXT_SCHEMAS or item.parent_bucket_id in codex_buckets:
            continue
        found.setdefault(item.blob.id, item.blob)
    if blob.id not in found:
        raise Refuse("The text of this run is not in the bucket of its settings.")
    return DraftTexts([_text_of(one) for one in newest_of_each(found.values())], known)


def names_of(bucket: Bucket) -> list[str]:
    """Returns the name of an entry and its aliases, a list in its metadata or words between commas."""
    aliases: Any = bucket.metadata.get("aliases", [])
    if isinstance(aliases, str):
        aliases = aliases.split(",")
    others = [one for one in aliases if isinstance(one, str) and one.strip()] if isinstance(aliases, list) else []
    return [bucket.name, *others]


def _text_of(blob: Blob) -> DraftText:
    field = TEXT_FIELDS.get(blob.schema_id, "content")
    return DraftText(blob_id=blob.id, revision=blob.revision, field=field, text=blob.data[field])
