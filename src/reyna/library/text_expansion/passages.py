"""Passages of a source text that are expanded side by side, and joined again as the text was."""

import math
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.words import word_count

MIN_TARGET_WORDS: Final = 36  # of a passage: enough to know what it is about, and soon written
MAX_TARGET_WORDS: Final = 120  # of a passage: a small model loses the thread of more
MAX_TARGET_RATIO: Final = 1.25  # of the words of a passage to its target
NEIGHBOUR_SEGMENTS: Final = 2  # before and after a passage that a model is shown
CODE: Final = re.compile(
    r"^(?: {4,}|\t)\S|^\s*(?:def|class|return|import|from|elif|else|try|except|function|const|let|var|public|private)"
    r"\b.*[:;{(}=)]?\s*$|[;{}]\s*$|^\s*[)}\]]+;?\s*$|^\s*<[^>]+>\s*$"
)
CODE_MARK: Final = re.compile(r"[(){}\[\];=<>_]|:\s*$|^\s{4,}")
FENCE: Final = "```"


class Segment(msgspec.Struct, frozen=True):
    """A sentence, a list item or a line of code, with the white space before it; `verbatim` (code) is not expanded."""

    text: str
    gap: str
    verbatim: bool = False

    @property
    def words(self) -> int:
        return word_count(self.text)


class Passage(msgspec.Struct, frozen=True):
    """Consecutive segments, with the text before and after them in the source."""

    segments: tuple[Segment, ...]
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        return join_segments(self.segments).strip("\n")

    @property
    def words(self) -> int:
        return sum(segment.words for segment in self.segments)


def join_segments(segments: Sequence[Segment]) -> str:
    return "".join(segment.gap + segment.text for segment in segments)


def split_segments(text: str) -> list[Segment]:
    """Returns the segments line by line; joined again they are the text, except for spaces at the ends of lines."""
    found: list[Segment] = []
    gap, fenced = "", False
    for line in text.strip("\r\n").splitlines():
        if not line.strip():
            gap = "\n\n" if found else ""
            continue
        if line.strip().startswith(FENCE):
            fenced = not fenced
            found.append(Segment(line.rstrip(), gap, verbatim=True))
        elif fenced or is_code(line):
            found.append(Segment(line.rstrip(), gap, verbatim=True))
        else:
            for number, sentence in enumerate(split_sentences(line)):
                found.append(Segment(sentence, " " if number else gap))
        gap = "\n"
    return found


def is_code(line: str) -> bool:
    return CODE.search(line) is not None and CODE_MARK.search(line) is not None


def split_passages(text: str, *, parallel: int) -> list[Passage]:
    """Returns about as many passages as are written in parallel, of about 36 to 120 words each.

    A paragraph is kept whole where it fits, tiny ones are put together, and a long one is split evenly between its
    sentences.
    """
    segments = split_segments(text)
    target = min(max(_words(segments) // parallel, MIN_TARGET_WORDS), MAX_TARGET_WORDS)
    rows: list[list[Segment]] = []
    for paragraph in _paragraphs(segments):
        for block in _split_evenly(paragraph, target):
            is_verbatim = all(segment.verbatim for segment in block)
            if rows and (is_verbatim or _words(rows[-1]) + _words(block) <= MAX_TARGET_RATIO * target):
                rows[-1].extend(block)
            else:
                rows.append(block)
    return [_passage(rows, number) for number in range(len(rows))]


def _passage(rows: list[list[Segment]], number: int) -> Passage:
    """Returns the passage of this row, with the end of the row before it and the beginning of the next one."""
    before = rows[number - 1][-NEIGHBOUR_SEGMENTS:] if number else []
    after = rows[number + 1][:NEIGHBOUR_SEGMENTS] if number + 1 < len(rows) else []
    return Passage(tuple(rows[number]), before=join_segments(before).strip(), after=join_segments(after).strip())


def _paragraphs(segments: list[Segment]) -> list[list[Segment]]:
    found: list[list[Segment]] = []
    for segment in segments:
        if not found or "\n\n" in segment.gap:
            found.append([])
        found[-1].append(segment)
    return found


def _split_evenly(paragraph: list[Segment], target: int) -> list[list[Segment]]:
    """Returns the paragraph as one block, or as many blocks as keep each near the target."""
    total = _words(paragraph)
    if total <= MAX_TARGET_RATIO * target:
        return [paragraph]
    share = total / math.ceil(total / target)
    found: list[list[Segment]] = [[]]
    for segment in paragraph:
        if found[-1] and _words(found[-1]) + segment.words / 2 > share:
            found.append([])
        found[-1].append(segment)
    return found


def _words(segments: list[Segment]) -> int:
    return sum(segment.words for segment in segments)
