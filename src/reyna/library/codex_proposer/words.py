"""The words of a text with their places, and the words of a whole book that are names by how they are written."""

# ruff: noqa: RUF001 - apostrophes and dashes are what this is about
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from reyna.library.codex_proposer.word_lists import ARTICLES, NOT_NAMES, PEOPLE_VERBS, SPEECH_VERBS, TITLES

WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
ENDING: Final = re.compile(r"['’](?:s|ll|d|ve|re|m|t)?$", re.IGNORECASE)  # of a possessive or a contraction
BEGINNING: Final = re.compile(r"[.!?…:;—–(\[*_]|--|[“\"„«»‘]|\n[ \t\r]*\n")
SHORT_LINE_CHARACTERS: Final = 45  # a line that is shorter, without a mark at its end, is a heading or a verse
MIN_ROLE_COUNT: Final = 3
MIN_BEGINNINGS: Final = 2  # of a word that stands only at beginnings: before another name, or a verb of people
MAX_SMALL_SHARE: Final = 0.34  # a word that is written small more often than this, for each capital, is no name


class TextWord(msgspec.Struct, frozen=True):
    """A word at its place; `shown` is without a possessive ending. `begins` is True where a sentence or quotation may
    begin, so that its capital says nothing, and `follows` where only a space is between it and the word before."""

    shown: str
    start: int
    end: int
    begins: bool
    follows: bool
    possessive: bool

    @property
    def folded(self) -> str:
        return self.shown.lower()

    @property
    def is_capital(self) -> bool:
        return self.shown[0].isupper() and (len(self.shown) == 1 or not self.shown.isupper())


def read_words(text: str) -> list[TextWord]:
    """Returns the words of a text in order. A capital on a line of capitals counts as the beginning of a sentence."""
    found: list[TextWord] = []
    at = 0
    for match in WORD.finditer(text):
        gap, written = text[at : match.start()], match[0]
        shown = ENDING.sub("", written)
        possessive = len(shown) < len(written)
        begins = not found or _begins(gap, found[-1], text)
        follows = bool(found) and not gap.strip()
        shown = shown or written
        found.append(TextWord(shown, match.start(), match.start() + len(shown), begins, follows, possessive))
        at = match.end()
    return found


class NameStatistics:
    """Counts how each word is written, over all texts of a book."""

    def __init__(self) -> None:
        self._inside, self._small = Counter[str](), Counter[str]()
        # Beside a verb of speech or a title; before another name; before a verb of people.
        self._evident, self._first, self._acting = Counter[str](), Counter[str](), Counter[str]()

    def add(self, words: Iterable[TextWord]) -> None:
        previous: TextWord | None = None
        speaker_follows = False
        for word in words:
            self._count(word, previous, speaker_follows=speaker_follows)
            speaks = previous is not None and previous.folded in SPEECH_VERBS
            speaker_follows = word.folded in ARTICLES and word.follows and speaks
            previous = word

    def is_role(self, word: str) -> bool:
        """Tells whether a title is used as a name: "the Duchess"."""
        return self._inside[word] >= MIN_ROLE_COUNT and self._small[word.lower()] <= self._inside[word]

    def is_name(self, word: str) -> bool:
        """Tells whether a word is a name: it has a capital inside of sentences, and is hardly written small."""
        folded = word.lower()
        if folded in NOT_NAMES or len(word) < 2:
            return False
        capitals = self._inside[word]
        if capitals:
            return self._small[folded] <= capitals * MAX_SMALL_SHARE or self._evident[word] > self._small[folded]
        has_evidence = self._evident[word] > 0 or self._first[word] + self._acting[word] >= MIN_BEGINNINGS
        return has_evidence and not self._small[folded]

    def _count(self, word: TextWord, previous: TextWord | None, *, speaker_follows: bool) -> None:
        before = previous if previous is not None and word.follows else None
        if not word.is_capital:
            self._small[word.folded] += not word.shown.isupper()
        elif not word.begins:
            self._inside[word.shown] += 1
        if word.is_capital and (word.possessive or speaker_follows or (before is not None and _points_to_name(before))):
            self._evident[word.shown] += 1
        if before is not None and before.is_capital and not before.possessive:
            self._evident[before.shown] += word.folded in SPEECH_VERBS
            self._acting[before.shown] += word.folded in PEOPLE_VERBS
            self._first[before.shown] += word.is_capital and not word.begins and word.folded not in NOT_NAMES


def _points_to_name(previous: TextWord) -> bool:
    return previous.folded in SPEECH_VERBS or (previous.folded in TITLES and previous.is_capital)


def _begins(gap: str, previous: TextWord, text: str) -> bool:
    if previous.folded in TITLES and gap.startswith("."):
        return False
    if BEGINNING.search(gap):
        return len(previous.shown) > 1 or "." not in gap or not previous.shown.isupper()  # not after an initial
    if "\n" not in gap:
        return False
    line = text[text.rfind("\n", 0, previous.start) + 1 : previous.end]
    return len(line) < SHORT_LINE_CHARACTERS and "," not in gap
