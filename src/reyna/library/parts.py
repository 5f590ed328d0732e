"""A text in parts that can be expanded side by side, and put together again as it was."""

import re
from typing import Final

import msgspec

from reyna.library import prose

SMALLEST: Final = 40  # words of a part: enough to know what it is about
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
    """About as many parts as can be worked on side by side, of 40 to 120 words each; a paragraph is kept whole where
    that fits, tiny ones are put together, long ones end at a sentence."""
    all_units = units(text)
    total = sum(unit.words for unit in all_units)
    aim = min(max(total // side_by_side, SMALLEST), LARGEST)
    rows: list[list[Unit]] = [[]]
    for unit in all_units:
        size = _words(rows[-1])
        new_paragraph = "\n\n" in unit.gap
        full = size + unit.words > 1.2 * aim and size >= 0.5 * aim
        if rows[-1] and not unit.verbatim and (full or (new_paragraph and size >= 0.6 * aim)):
            rows.append([])
        rows[-1].append(unit)
    if len(rows) > 1 and _words(rows[-1]) < 0.4 * aim:
        rows[-2].extend(rows.pop())
    return [
        Part(
            tuple(row),
            before=joined(rows[number - 1][-2:]).strip() if number else "",
            after=joined(rows[number + 1][:2]).strip() if number + 1 < len(rows) else "",
        )
        for number, row in enumerate(rows)
        if row
    ]


def _words(row: list[Unit]) -> int:
    return sum(unit.words for unit in row)
