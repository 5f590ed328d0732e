"""The codex of a book: its buckets of characters, places and settings, and the entries that a text names."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.domain.text.folding import fold
from reyna.library.continuity.background import Excerpt, is_named
from reyna.library.continuity.texts import text_of, title_of
from reyna.sdk import Blob, Bucket, Conflict, Context, NotFound

# Types of buckets of which each is one entry, and of buckets that hold many.
ENTRY_TYPES: Final = frozenset({"character", "place", "location", "setting", "object", "item", "person", "faction"})
LIST_TYPES: Final = frozenset(
    {"characters", "places", "locations", "settings", "objects", "items", "people", "factions", "codex", "world"}
)
MAX_CODEX_BUCKETS: Final = 20  # that are read for one text
MAX_ENTRIES: Final = 40  # that a text may name
MAX_ENTRY_CHARACTERS: Final = 1_200
SOURCE: Final = "codex"


def is_codex_type(type: str) -> bool:
    return fold(type) in ENTRY_TYPES | LIST_TYPES


async def read_entries(buckets: Sequence[Bucket], text: str, context: Context[Any]) -> list[Excerpt]:
    """Returns the entries of the codex that the text names, in the order of the book.

    Of a bucket for one entry (`character`), only those that are named are read; a bucket for many (`characters`) is
    read once, with all below it.
    """
    found: list[Excerpt] = []
    for bucket in _to_read(buckets, text):
        inside = {one.id: one for one in buckets if one.id == bucket.id or is_codex_type(one.type)}
        try:
            items = [item async for item in context.tree(bucket.id, kind="blob")]
        except (NotFound, Conflict):  # moved, trashed or removed meanwhile
            continue
        for item in items:
            holder = inside.get(str(item.parent_bucket_id), bucket)
            if item.blob is not None and (entry := _entry_of(item.blob, holder, item.label)) is not None:
                found.append(entry)
        if len(found) > MAX_ENTRIES * MAX_CODEX_BUCKETS:
            break
    return [entry for entry in found if is_named(text, entry.names)][:MAX_ENTRIES]


def names_of_bucket(bucket: Bucket) -> tuple[str, ...]:
    """Returns the name of a bucket and its aliases, which are in its metadata as a list or as words between commas."""
    return tuple(_unique([bucket.name, *_aliases_in(bucket.metadata)]))


class _Kind(msgspec.Struct, frozen=True):
    """The names by which an entry is found, and the one that it is called."""

    title: str
    names: tuple[str, ...]


def _to_read(buckets: Sequence[Bucket], text: str) -> list[Bucket]:
    """Returns the buckets of the codex to read: those for many, and those for one that the text names."""
    lists = [one for one in buckets if fold(one.type) in LIST_TYPES]
    inside = {one.id for one in lists}
    lists = [one for one in lists if one.parent_bucket_id not in inside]
    named = [
        one
        for one in buckets
        if fold(one.type) in ENTRY_TYPES and one.parent_bucket_id not in inside and is_named(text, names_of_bucket(one))
    ]
    return [*named, *lists][:MAX_CODEX_BUCKETS]


def _entry_of(blob: Blob, holder: Bucket, label: str | None) -> Excerpt | None:
    """Returns the entry that a blob describes; None for one without a text, or that was made from another."""
    text = text_of(blob)
    if not text or blob.parent_id is not None:
        return None
    kind = _described(blob, holder, label)
    return Excerpt(
        text=shorten(text, MAX_ENTRY_CHARACTERS),
        title=kind.title,
        source=SOURCE,
        reason=f"The text names {kind.title} ({holder.type}).",
        blob_id=blob.id,
        bucket_id=holder.id,
        names=kind.names,
    )


def _described(blob: Blob, holder: Bucket, label: str | None) -> _Kind:
    aliases = _aliases_in(blob.data)
    if fold(holder.type) in ENTRY_TYPES:
        return _Kind(holder.name, tuple(_unique([*names_of_bucket(holder), *aliases])))
    title = title_of(blob) or label or ""
    return _Kind(title, tuple(_unique([title, *aliases])))


def _aliases_in(data: Any) -> list[str]:
    aliases = data.get("aliases", []) if isinstance(data, dict) else []
    if isinstance(aliases, str):
        aliases = aliases.split(",")
    return [one.strip() for one in aliases if isinstance(one, str)] if isinstance(aliases, list) else []


def _unique(names: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(name for name in names if name.strip())]
