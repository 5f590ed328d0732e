"""The title and the text of blobs and buckets, as search reads them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reyna.domain.bucket import Bucket

MAX_TITLE_CHARACTERS: Final = 200
MAX_TEXT_CHARACTERS: Final = 400_000  # of one blob that are searched: about 70,000 words
MAX_DEPTH: Final = 100
TITLE_FIELDS: Final = ("title", "name", "query", "file_name")
# The texts of the system schemas, by the name of the schema; of other schemas, all strings are read.
TEXT_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "text-input": ("content",),
    "expanded-text": ("expanded",),
    "edited-text": ("content", "notes"),
    "compiled-book": ("author", "chapters", "front_matter", "back_matter"),
    "style-analysis": ("summary", "strengths", "suggestions"),
    "research-query": ("query", "context"),
    "research-results": ("query", "summary", "findings", "open_questions", "sources"),
    "audio-stem": ("instrument", "notes", "file_name"),
    "audio-master": ("artist", "notes", "file_name"),
    "image": ("alt", "credit", "notes", "file_name"),
}
# Fields of other schemas, and of what is inside: strings that nobody reads.
UNREAD_FIELDS: Final = frozenset(
    {"id", "file_id", "blob_id", "bucket_id", "sha256", "media_type", "model", "schema_id", "tokens", "metrics"}
)
UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")  # characters that no text in PostgreSQL can have


def title_and_text_of_blob(schema_id: str, data: Any) -> tuple[str, str]:
    """Returns the title of a blob, which is the first line of its text when it has none, and its text."""
    fields = TEXT_FIELDS.get(schema_id.rpartition("-v")[0])
    values = data if fields is None or not isinstance(data, dict) else {name: data.get(name) for name in fields}
    text = _join(values)
    return _title_of(data) or first_line_of(text), text


def title_and_text_of_bucket(bucket: Bucket) -> tuple[str, str]:
    """Returns the name of a bucket; its type and the strings of its metadata are its text."""
    return _clean(bucket.name), _join({"type": bucket.type, "metadata": bucket.metadata})


def first_line_of(text: str) -> str:
    """Returns the beginning of the first line that is not blank, without the signs of a Markdown heading."""
    line = text[: MAX_TITLE_CHARACTERS * 2].strip().partition("\n")[0]
    return line.lstrip("#>*- ").strip()[:MAX_TITLE_CHARACTERS]


def _title_of(data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    titles = (data.get(field) for field in TITLE_FIELDS)
    found = next((title for title in titles if isinstance(title, str) and title.strip()), "")
    return _clean(found.strip()[:MAX_TITLE_CHARACTERS])


def _join(value: Any) -> str:
    parts: list[str] = []
    room = MAX_TEXT_CHARACTERS
    for part in _strings_in(value, MAX_DEPTH):
        if room <= 0:
            break
        parts.append(_clean(part[:room]))
        room -= len(part) + 1
    return "\n".join(parts)


def _strings_in(value: Any, depth: int) -> Iterator[str]:
    """Yields the strings in a JSON value in their order, without those of fields that nobody reads."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif depth and isinstance(value, dict):
        for name, inner in value.items():
            if name not in UNREAD_FIELDS:
                yield from _strings_in(inner, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for inner in value:
            yield from _strings_in(inner, depth - 1)


def _clean(text: str) -> str:
    return UNSTORABLE.sub(" ", text)
