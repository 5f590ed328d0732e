"""The length of text that a processor accepts, parsed from its own description, such as "10 to 1,000 words"."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from reyna.domain.text.words import word_count

FORMS: Final = (
    re.compile(r"(?P<least>[\d,]+)\s*(?:to|-|–|—)\s*(?P<most>[\d,]+) (?P<unit>words|characters)"),  # noqa: RUF001
    re.compile(r"(?:at least|from) (?P<least>[\d,]+) (?P<unit>words|characters)"),
    re.compile(r"(?:at most|up to) (?P<most>[\d,]+) (?P<unit>words|characters)"),
)
MAX_REPORTED_WORDS: Final = 50_000  # up to which the length of a refused text is counted
COUNTED_CHARACTERS: Final = 8192  # at once; the counting of a long text ends when it is too long


Unit = Literal["words", "characters"]


class InputRange(msgspec.Struct, frozen=True):
    """The allowed length of the text of a blob; `most` None means any length."""

    unit: Unit
    least: int = 0
    most: int | None = None

    def __str__(self) -> str:
        match self.least, self.most:
            case least, None:
                return f"at least {least:,} {self.unit}"
            case 0, most:
                return f"at most {most:,} {self.unit}"
            case least, most:
                return f"{least:,} to {most:,} {self.unit}"

    def accepts(self, data: Any) -> bool:
        """Returns whether the text of this blob data has an allowed length."""
        found, _ = self._length(data, enough=self.most)
        return self.least <= found and (self.most is None or found <= self.most)

    def explain_mismatch(self, data: Any) -> str | None:
        """Returns what is wrong with the length of this data, in words for people; None when nothing is."""
        if self.accepts(data):
            return None
        found, whole = self._length(data, enough=MAX_REPORTED_WORDS)
        return f"needs {self}; this has {'' if whole else 'more than '}{found:,}"

    def _length(self, data: Any, *, enough: int | None) -> tuple[int, bool]:
        """Returns the length as far as it was counted, until it exceeds `enough`, and whether that is the whole."""
        text = "\n".join(texts_of(data))
        if self.unit == "characters":
            return len(text), True
        return count_words(text, enough=enough)


def count_words(text: str, *, enough: int | None = None) -> tuple[int, bool]:
    """Returns the number of words as far as they were counted, until it exceeds `enough`, and whether that is all."""
    found = 0
    for piece in _pieces(text):
        if enough is not None and found > enough:
            return found, False
        found += word_count(piece)
    return found, True


@lru_cache(1024)
def parse_input_range(description: str | None) -> InputRange | None:
    """Returns the range that a description states; None for one in other words, which is for people only."""
    words = " ".join((description or "").lower().rstrip(".").split())
    for form in FORMS:
        if found := form.fullmatch(words):
            given = found.groupdict()
            unit: Unit = "words" if given["unit"] == "words" else "characters"
            return InputRange(unit, _number(given.get("least")) or 0, _number(given.get("most")))
    return None


def texts_of(data: Any) -> Iterator[str]:
    """Yields the text of blob data for readers: its `content`, if it has one, or else every string in it."""
    if isinstance(data, dict) and isinstance(data.get("content"), str):
        yield data["content"]
        return
    waiting = [data]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(fields):
                waiting += reversed(fields.values())
            case list(items):
                waiting += reversed(items)


def _number(digits: str | None) -> int | None:
    return int(digits.replace(",", "")) if digits and digits.strip(",") else None


def _pieces(text: str) -> Iterator[str]:
    """Yields the text in pieces that end between words, as far as it has spaces."""
    start = 0
    while start < len(text):
        end = start + COUNTED_CHARACTERS
        space = re.compile(r"\s").search(text, end, end + COUNTED_CHARACTERS)
        end = space.start() if space else end + COUNTED_CHARACTERS
        yield text[start:end]
        start = end
