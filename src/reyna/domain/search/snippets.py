"""Snippets: the passage of a text in which a query is found, with its words marked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from reyna.domain.search.words import WORD, is_unspaced
from reyna.domain.text.folding import fold

MAX_SNIPPET_CHARACTERS: Final = 200
LEAD_CHARACTERS: Final = 60  # of the text before the first match
BLOCK_CHARACTERS: Final = 4_000  # that are looked through at once
MAX_INFLECTION_LETTERS: Final = 4  # by which an inflected word is longer than its stem
WHITE_SPACE: Final = re.compile(r"\s+")


class SnippetPart(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a snippet; `match` when it is what the query asked for."""

    text: str
    match: bool


class Highlights(msgspec.Struct, frozen=True, kw_only=True):
    """The words that are marked, the beginnings of words, stems, and texts of scripts without spaces: all folded."""

    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()

    def includes(self, word: str) -> bool:
        """Tells whether this folded word is to be marked."""
        return (
            word in self.words
            or word.startswith(self.prefixes)
            or any(word.startswith(stem) and len(word) - len(stem) <= MAX_INFLECTION_LETTERS for stem in self.stems)
        )

    def needles(self) -> tuple[str, ...]:
        """Returns the texts of which one is in every text that has something to mark."""
        return (*self.words, *self.prefixes, *self.stems, *self.runs)


def build_snippet(text: str, highlights: Highlights) -> tuple[SnippetPart, ...]:
    """Returns the passage around the first match, or the beginning of the text, in pieces that are marked or not."""
    first = _find_first(text, highlights)
    start = 0 if first is None or first <= LEAD_CHARACTERS else _next_word(text, first - LEAD_CHARACTERS)
    end = len(text) if len(text) <= start + MAX_SNIPPET_CHARACTERS else _last_space(text, start)
    parts = list(_mark(text[start:end], highlights))
    if parts and start:
        parts[0] = SnippetPart(text="…" + parts[0].text, match=False) if not parts[0].match else parts[0]
    if parts and end < len(text):
        parts.append(SnippetPart(text=" …", match=False))
    return tuple(parts)


def _find_first(text: str, highlights: Highlights) -> int | None:
    """Returns the place of the first match; blocks of the text without any of the letters are not looked at closely."""
    needles = highlights.needles()
    if not needles:
        return None
    at = 0
    while at < len(text):
        end = len(text) if at + BLOCK_CHARACTERS >= len(text) else _last_space(text, at, BLOCK_CHARACTERS)
        block = text[at:end]
        folded = fold(block)
        if any(needle in folded for needle in needles):
            for start, _ in _spans(block, highlights):
                return at + start
        at = end
    return None


def _spans(text: str, highlights: Highlights) -> Iterator[tuple[int, int]]:
    """Yields the places of what is to be marked, as start and end."""
    for match in WORD.finditer(text):
        word = fold(match[0])
        if highlights.includes(word):
            yield match.span()
        elif highlights.runs and any(map(is_unspaced, word)):
            yield from _run_spans(match[0], match.start(), highlights.runs)


def _run_spans(word: str, offset: int, runs: Sequence[str]) -> Iterable[tuple[int, int]]:
    at = 0
    while at < len(word):
        length = next((len(run) for run in runs if fold(word[at : at + len(run)]) == run), 0)
        if length:
            yield offset + at, offset + at + length
        at += length or 1


def _mark(text: str, highlights: Highlights) -> Iterator[SnippetPart]:
    at = 0
    for start, end in _spans(text, highlights):
        if start > at:
            yield SnippetPart(text=WHITE_SPACE.sub(" ", text[at:start]), match=False)
        yield SnippetPart(text=text[start:end], match=True)
        at = end
    if at < len(text):
        yield SnippetPart(text=WHITE_SPACE.sub(" ", text[at:]), match=False)


def _next_word(text: str, at: int) -> int:
    """Returns the beginning of the first word at or after this place, if it is near."""
    space = WHITE_SPACE.search(text, at, at + LEAD_CHARACTERS // 2)
    return at if space is None else space.end()


def _last_space(text: str, start: int, length: int = MAX_SNIPPET_CHARACTERS) -> int:
    """Returns the place of the last space in a passage of at most this length, or its end."""
    space = text.rfind(" ", start + length // 2, start + length)
    return start + length if space < 0 else space
