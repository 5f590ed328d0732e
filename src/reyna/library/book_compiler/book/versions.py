"""The choice among the versions of a text: what its author wrote, its expansion, or what was edited."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from reyna.library.book_compiler.book.sources import BookText
from reyna.library.text_versions import origins_of

TextVersion = Literal["newest", "original", "expanded", "edited"]
SCHEMA_OF_VERSION: Final[Mapping[str, str]] = {
    "original": "text-input-v1",
    "expanded": "expanded-text-v1",
    "edited": "edited-text-v1",
}


def choose_texts(
    texts: Sequence[BookText], version: str, choices: Mapping[str, str]
) -> list[tuple[BookText, BookText]]:
    """Returns for each text the first of its versions, which marks its place, and the version that is chosen.

    `choices` names another version, or a blob, for single texts, by the id of any blob among their versions.
    """
    return [
        (
            versions[0],
            _choose(versions, next((choices[one.blob_id] for one in versions if one.blob_id in choices), version)),
        )
        for versions in group_versions(texts)
    ]


def group_versions(texts: Sequence[BookText]) -> list[list[BookText]]:
    """Returns the texts in groups: each text with all that was derived from it, among these."""
    by_id = {text.blob_id: text for text in texts}
    groups: dict[str, list[BookText]] = {}
    for id, origin in origins_of({text.blob_id: text.parent_id for text in by_id.values()}).items():
        groups.setdefault(origin, []).append(by_id[id])
    return list(groups.values())


def _choose(versions: list[BookText], wanted: str) -> BookText:
    """Returns the wanted version, or the newest where there is none of that kind."""
    schema_id = SCHEMA_OF_VERSION.get(wanted)
    fitting = [one for one in versions if wanted == one.blob_id or schema_id == one.schema_id]
    return max(fitting or versions, key=lambda one: (one.updated_at, one.blob_id))
