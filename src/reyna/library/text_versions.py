"""The versions of a text: what a person wrote, and what was derived from it, of which the newest counts."""

from collections.abc import Iterable, Mapping
from typing import Final

from reyna.sdk import Blob

TEXT_SCHEMAS: Final = ("text-input-v1", "expanded-text-v1", "edited-text-v1")
TEXT_FIELDS: Final = {"expanded-text-v1": "expanded"}


def text_field_of(schema_id: str) -> str:
    """Returns the field that holds the text of a blob of one of the `TEXT_SCHEMAS`."""
    return TEXT_FIELDS.get(schema_id, "content")


def origins_of(parents: Mapping[str, str | None]) -> dict[str, str]:
    """Returns for each id the first one that it comes from, among these; `parents` names the one before each."""
    origins: dict[str, str] = {}
    for id in parents:
        origin, seen = id, {id}
        while (parent := parents[origin]) is not None and parent in parents and parent not in seen:
            seen.add(parent)
            origin = parent
        origins[id] = origin
    return origins


def newest_of_each(blobs: Iterable[Blob]) -> list[Blob]:
    """Returns the newest of each text and of what was derived from it, at the place of the first of them."""
    by_id = {blob.id: blob for blob in blobs}
    newest: dict[str, Blob] = {}
    for id, origin in origins_of({blob.id: blob.parent_id for blob in by_id.values()}).items():
        if origin not in newest or by_id[id].updated_at > newest[origin].updated_at:
            newest[origin] = by_id[id]
    return list(newest.values())
