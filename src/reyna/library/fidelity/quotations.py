"""Quotations in a text, and their comparison without regard to the form of their marks."""

# ruff: noqa: RUF001 - quotes of several languages are what this is about
import re
from typing import Final

import msgspec

from reyna.domain.text.folding import fold

QUOTATION: Final = re.compile(r'"([^"\n]+)"|“([^“”\n]+)”|„([^„“”\n]+)[“”]|«\s?([^«»\n]+?)\s?»|»([^«»\n]+)«')
EDGE_MARKS: Final = " .,;:!?…-–—"
MIN_QUOTED_CHARACTERS: Final = 3


class FoundQuotation(msgspec.Struct, frozen=True):
    """The words of a quotation without its marks, and their place in code points."""

    text: str
    start: int
    end: int


def find_quotations(text: str) -> list[FoundQuotation]:
    """Returns the quotations in order; what is shorter than three characters is none."""
    found: list[FoundQuotation] = []
    for match in QUOTATION.finditer(text):
        group = match.lastindex or 0
        words = match[group]
        if len(words.strip(EDGE_MARKS)) >= MIN_QUOTED_CHARACTERS:
            found.append(FoundQuotation(words, match.start(group), match.end(group)))
    return found


def is_quoted_in(quotation: str, text: str) -> bool:
    """Returns True when the words of the quotation stand in the text, in any case and with other marks around them."""
    return _comparable(quotation) in _comparable(text)


def _comparable(text: str) -> str:
    plain = text.replace("’", "'").replace("‘", "'")
    return " ".join(fold(plain).split()).strip(EDGE_MARKS)
