"""Texts of blobs: the newest form of each piece of writing, and excerpts of its end and its beginning."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.tokens import estimate_tokens
from reyna.library.text_versions import origins_of
from reyna.sdk import Blob

TEXT_FIELDS: Final = ("content", "expanded", "description", "text")
MAX_TITLE_CHARACTERS: Final = 80


class Writing(msgspec.Struct, frozen=True):
    """One piece of writing: the blob that a person made, and the newest text that was derived from it."""

    blob: Blob
    newest: Blob

    @property
    def text(self) -> str:
        return text_of(self.newest)


def text_of(blob: Blob) -> str:
    """Returns the text of a blob; empty for one without a text."""
    data: Any = blob.data
    if not isinstance(data, dict):
        return ""
    return next(
        (text.strip() for field in TEXT_FIELDS if isinstance(text := data.get(field), str) and text.strip()), ""
    )


def title_of(blob: Blob) -> str:
    """Returns the title or the name of a blob; the first line of its text when that is short."""
    data: Any = blob.data
    for field in ("title", "name"):
        if isinstance(data, dict) and isinstance(title := data.get(field), str) and title.strip():
            return title.strip()
    line = text_of(blob).partition("\n")[0].partition(":")[0].partition(" - ")[0].strip(" #*")
    return line if len(line) <= MAX_TITLE_CHARACTERS else ""


def writings_in(blobs: Iterable[Blob]) -> list[Writing]:
    """Returns the pieces of writing in their order; what was derived from a blob beside it stands for that blob."""
    given = [blob for blob in blobs if text_of(blob)]
    origins = origins_of({blob.id: blob.parent_id for blob in given})
    newest: dict[str, Blob] = {}
    for blob in sorted(given, key=lambda one: one.updated_at):
        newest[origins[blob.id]] = blob
    return [Writing(blob, newest[blob.id]) for blob in given if origins[blob.id] == blob.id]


def end_of(text: str, max_tokens: int) -> str:
    """Returns the last sentences of a text that have at most so many tokens, with their paragraphs."""
    kept = ""
    for paragraph in reversed(text.split("\n")):
        for sentence in reversed(split_sentences(paragraph)):
            longer = f"{sentence} {kept}" if kept and not kept.startswith("\n") else sentence + kept
            if estimate_tokens(longer) > max_tokens:
                return kept.strip()
            kept = longer
        kept = f"\n{kept.lstrip(chr(10))}" if kept else kept
    return kept.strip()


def beginning_of(text: str, max_tokens: int) -> str:
    """Returns the first sentences of a text that have at most so many tokens."""
    kept = ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if estimate_tokens(longer) > max_tokens:
            break
        kept = longer
    return kept
