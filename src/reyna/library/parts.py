"""A text in parts that can be expanded side by side, and put together again as it was."""

import math
import re
from typing import Final

import msgspec

from reyna.library import prose

SMALLEST: Final = 36  # words that a part aims at: enough to know what it is about, and soon written
FULL: Final = 1.25  # times the aim: a part may be that large
LARGEST: Final = 120  # words: a small model loses the thread of more
CODE: Final = re.compile(
    r"^(?: {4,}|\t)\S|^\s*(?:def|class|return|import|from|elif|else|try|except|function|const|let|var|public|private)"
    r"\b.*[:;{(}=)]?\s*$|[;{}]\s*$|^\s*[)}\]]+;?\s*$|^\s*<[^>]+>\s*$"
)
CODE_MARK: Final = re.compile(r"[(){}\[\];=<>_]|:\s*$|^\s{4,}")
FENCE: Final = "```"


class Unit(msgspec.Struct, frozen=True):
    """A sentence, an item of a list or a line of code, and the white space that stood before it.

    What is `verbatim` (code) is carried along as it is, and not expanded.
    """

    text: str
    gap: str
    verbatim: bool = False

    @property
    def words(self) -> int:
        return prose.count(self.text)


class Part(msgspec.Struct, frozen=True):
    """Some units in a row, with what stands before and after them in the source."""

    units: tuple[Unit, ...]
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        return joined(self.units).strip("\n")

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)


def joined(units: tuple[Unit, ...] | list[Unit]) -> str:
    return "".join(unit.gap + unit.text for unit in units)


def units(text: str) -> list[Unit]:
    """Every sentence, line by line; joined again they are the text, but for spaces at the ends of lines."""
    found: list[Unit] = []
    gap, fenced = "", False
    for line in text.strip("\r\n").splitlines():
        if not line.strip():
            gap = "\n\n" if found else ""
            continue
        if line.strip().startswith(FENCE):
            fenced = not fenced
            found.append(Unit(line.rstrip(), gap, verbatim=True))
        elif fenced or is_code(line):
            found.append(Unit(line.rstrip(), gap, verbatim=True))
        else:
            for number, sentence in enumerate(prose.sentences(line)):
                found.append(Unit(sentence, " " if number else gap))
        gap = "\n"
    return found


def is_code(line: str) -> bool:
    return CODE.search(line) is not None and CODE_MARK.search(line) is not None


def parts(text: str, *, side_by_side: int) -> list[Part]:
    """About as many parts as can be worked on side by side, of about 36 to 120 words each: a paragraph is kept whole
    where that fits, tiny ones are put together, a long one is split evenly, at its sentences."""
    all_units = units(text)
    aim = min(max(_words(all_units) // side_by_side, SMALLEST), LARGEST)
    rows: list[list[Unit]] = []
    for paragraph in _paragraphs(all_units):
        for block in _evenly(paragraph, aim):
            code = all(unit.verbatim for unit in block)
            if rows and (code or _words(rows[-1]) + _words(block) <= FULL * aim):
                rows[-1].extend(block)
            else:
                rows.append(block)
    return [
        Part(
            tuple(row),
            before=joined(rows[number - 1][-2:]).strip() if number else "",
            after=joined(rows[number + 1][:2]).strip() if number + 1 < len(rows) else "",
        )
        for number, row in enumerate(rows)
    ]


def _paragraphs(all_units: list[Unit]) -> list[list[Unit]]:
    found: list[list[Unit]] = []
    for unit in all_units:
        if not found or "\n\n" in unit.gap:
            found.append([])
        found[-1].append(unit)
    return found


def _evenly(paragraph: list[Unit], aim: int) -> list[list[Unit]]:
    """The paragraph itself, or as many pieces as keep each near the aim."""
    total = _words(paragraph)
    if total <= FULL * aim:
        return [paragraph]
    share = total / math.ceil(total / aim)
    found: list[list[Unit]] = [[]]
    for unit in paragraph:
        if found[-1] and _words(found[-1]) + unit.words / 2 > share:
            found.append([])
        found[-1].append(unit)
    return found


def _words(row: list[Unit]) -> int:
    return sum(unit.words for unit in row)
