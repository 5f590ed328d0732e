"""The texts that a pitch is written from: those of its blob, or of a bucket and all below it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.domain.text.words import word_count
from reyna.library.bucket_reading import read_bucket
from reyna.library.pitch.settings import PART_NAMES, PitchSettings
from reyna.library.style_analysis.sources import source_of
from reyna.library.text_versions import TEXT_SCHEMAS, newest_of_each
from reyna.sdk import Blob, Context, NotFound, Refuse

PITCH_SCHEMA: Final = "pitch-v1"
MIN_WORDS: Final = 8
MAX_TEXTS: Final = 2_000
MAX_CHARACTERS: Final = 8_000_000  # a million words and more
MAX_TITLE_CHARACTERS: Final = 500
UNTITLED: Final = "Untitled"


class PitchText(msgspec.Struct, frozen=True):
    """A text with the name of its chapter, and the id of its blob."""

    title: str
    text: str
    blob_id: str | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The texts that a pitch is written from. `pitch` is one drafted again; `origin` names the blob or bucket."""

    title: str
    pieces: tuple[PitchText, ...]
    pitch: Mapping[str, Any] = {}
    origin: Mapping[str, Any] = {}


async def read_source(blob: Blob, context: Context[PitchSettings]) -> Source:
    """Returns what the run is about. Raises Refuse where there is nothing to write about, or too much."""
    pitch = blob.data if blob.schema_id == PITCH_SCHEMA else {}
    bucket_id = context.settings.bucket_id or pitch.get("source", {}).get("bucket_id")
    if bucket_id is not None:
        source = await _read_bucket(bucket_id, pitch, context)
    elif pitch:
        source = await _read_pitch(pitch, context)
    else:
        source = _read_text(blob, {})
    words = sum(word_count(piece.text) for piece in source.pieces)
    if words < MIN_WORDS:
        raise Refuse(
            f"There is nothing to write a pitch about: {words} words. Tell the idea in a sentence or two, "
            f"of {MIN_WORDS} words at least."
        )
    if sum(len(piece.text) for piece in source.pieces) > MAX_CHARACTERS:
        raise Refuse(f"The pitch writer takes {MAX_CHARACTERS:,} characters at once.")
    return source


def _read_text(blob: Blob, pitch: Mapping[str, Any]) -> Source:
    found = source_of(blob)
    origin = {"blob_id": blob.id, "revision": blob.revision}
    title = pitch.get("title") or found.title or _first_words(found.text)
    return Source(title=title, pieces=(PitchText("", found.text, blob.id),), pitch=pitch, origin=origin)


async def _read_pitch(pitch: Mapping[str, Any], context: Context[PitchSettings]) -> Source:
    """Returns the text that the pitch was written from; where it is gone or unknown, the pitch speaks for itself."""
    blob_id = pitch.get("source", {}).get("blob_id")
    if blob_id is not None:
        try:
            blob = await context.blob(blob_id)
        except NotFound:
            blob = None
        if blob is not None and blob.schema_id in TEXT_SCHEMAS and blob.trashed_at is None:
            return _read_text(blob, pitch)
    texts = [pitch[name] for name in PART_NAMES if isinstance(pitch.get(name), str)]
    texts += [pitch[name] for name in ("hook", "author_note") if name in pitch]
    texts += [f"{section['heading']}\n\n{section['content']}" for section in pitch.get("sections", ())]
    return Source(title=pitch["title"], pieces=(PitchText("", "\n\n".join(texts)),), pitch=pitch, origin={})


async def _read_bucket(bucket_id: str, pitch: Mapping[str, Any], context: Context[PitchSettings]) -> Source:
    names: dict[str, str] = {}
    found: dict[str, tuple[Blob, str]] = {}
    async for item in read_bucket(bucket_id, context):
        if item.bucket is not None:
            names[item.bucket.id] = item.bucket.name
        elif item.blob is not None and item.blob.schema_id in TEXT_SCHEMAS:
            found.setdefault(item.blob.id, (item.blob, names.get(item.parent_bucket_id or "", "")))
    newest = newest_of_each([blob for blob, _ in found.values()])
    if len(newest) > MAX_TEXTS:
        raise Refuse(f"The pitch writer takes {MAX_TEXTS:,} texts at once; there are {len(newest):,}.")
    pieces = tuple(PitchText(found[blob.id][1], source_of(blob).text, blob.id) for blob in newest)
    title = pitch.get("title") or names[bucket_id]
    origin = {"bucket_id": bucket_id, "texts": len(pieces)}
    return Source(title=shorten(title, MAX_TITLE_CHARACTERS), pieces=pieces, pitch=pitch, origin=origin)


def _first_words(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return shorten(first, 60) or UNTITLED
