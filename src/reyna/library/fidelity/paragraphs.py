"""Paragraphs that stand twice in a text."""

import re
from typing import Final

from reyna.domain.text.folding import fold

BLANK_LINES: Final = re.compile(r"(\n[ \t]*\n\s*)")
MIN_REPEATED_WORDS: Final = 4  # a shorter paragraph, as a line of dialogue, may well come again


def remove_repeated_paragraphs(text: str, source: str = "") -> str:
    """Returns the text without paragraphs that stood in it before, unless the source repeats them itself."""
    allowed = [fold(paragraph) for paragraph in BLANK_LINES.split(source)]
    pieces, seen = BLANK_LINES.split(text), set[str]()
    kept = ""
    for gap, paragraph in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        key = fold(paragraph)
        if key in seen and len(key.split()) >= MIN_REPEATED_WORDS and allowed.count(key) < 2:
            continue
        seen.add(key)
        kept += gap + paragraph
    return kept
