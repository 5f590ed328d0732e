"""Paragraphs: the blocks of a text between blank lines, by the rule of `web/src/language/paragraphs.ts`."""

import re
from typing import Final

BLANK_LINES: Final = re.compile(r"\r?\n(?:[^\S\n]*\n)+")
Span = tuple[int, int]
"""The place of a part of a text: its start and its end, in code points."""


def paragraph_spans(text: str) -> list[Span]:
    """Returns the place of each paragraph, in order; what is between them is blank."""
    found: list[Span] = []
    start = 0
    for gap in [*((blank.start(), blank.end()) for blank in BLANK_LINES.finditer(text)), (len(text), len(text))]:
        if text[start : gap[0]].strip():
            found.append((start, gap[0]))
        start = gap[1]
    return found


def split_paragraphs(text: str) -> list[str]:
    """Returns the paragraphs in order, each as it is written."""
    return [text[start:end] for start, end in paragraph_spans(text)]
