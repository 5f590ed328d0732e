"""A finding: its kind, its place in the text, and a short message."""

from collections.abc import Iterator
from typing import Final

import msgspec

from reyna.domain.text.words import Span
from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.settings import FindingKind

MIN_CONTENT_LETTERS: Final = 4  # of a word that carries meaning


class StyleFinding(msgspec.Struct, frozen=True, kw_only=True):
    """`start` and `end` are in code points; `made_by` is "rule", or the program that found it."""

    kind: FindingKind
    start: int
    end: int
    message: str
    suggestions: tuple[str, ...] = ()
    made_by: str = "rule"


Findings = Iterator[StyleFinding]


def finding_at(kind: FindingKind, span: Span, message: str) -> StyleFinding:
    return StyleFinding(kind=kind, start=span[0], end=span[1], message=message)


def is_content_word(document: Document, word: str) -> bool:
    """Returns True for a word of four letters or more that is no function word of the language."""
    profile = document.language.profile
    return len(word) >= MIN_CONTENT_LETTERS and word[0].isalpha() and not (profile and word in profile.function_words)
