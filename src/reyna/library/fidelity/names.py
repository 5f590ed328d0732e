"""Proper names in a text, found with care: a word that may be no name is left out.

In languages that capitalise names alone, a name is a capitalised word inside of a sentence; at its beginning it counts
when it is known from elsewhere. In German and where the language is not known, a capital says nothing: only common
given names and words after a form of address count.
"""

# ruff: noqa: RUF001 - quotes and dashes of several languages are what this is about
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from reyna.domain.text.folding import fold
from reyna.domain.text.sentences import sentence_spans
from reyna.library.fidelity.name_lists import (
    CAPITALISED_NOUNS,
    FORMS_OF_ADDRESS,
    GIVEN_NAMES,
    NAMES_ARE_CAPITALISED,
    NO_NAMES,
)

NAME_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
POSSESSIVE: Final = re.compile(r"(?:['’]s|['’])$")
SENTENCE_BEGINNING: Final = re.compile(r"[\"“”„«»'‘’—–:;!?¿¡(\[…*_.-]\s*$")  # also that of speech, or after a colon
MIN_NAME_CHARACTERS: Final = 2
GERMAN_GENITIVE: Final = "s"


class FoundName(msgspec.Struct, frozen=True):
    """A name as it is written, and its place in code points."""

    text: str
    start: int
    end: int


def find_names(text: str, language: str | None, *, known: Iterable[str] = ()) -> list[FoundName]:
    """Returns the names in order; words that follow each other are one name. `known` are words that are names for sure,
    as those of the source. `language` is the English name of the language."""
    words = list(_capitalised_words(text))
    certain = {_key_of(word) for word in known}
    if language in NAMES_ARE_CAPITALISED:
        certain |= {_key_of(word.text) for word, begins, _ in words if not begins and not _is_shouted(word.text, text)}
    chosen = [word for word, begins, before in words if _is_name(word.text, begins, before, language, certain, text)]
    return _joined(chosen, text)


def name_words(names: Iterable[FoundName]) -> set[str]:
    """Returns the words of the names, folded and without possessive endings, for comparison."""
    return {_key_of(word) for name in names for word in NAME_WORD.findall(name.text)}


def is_named_in(name: str, folded_words: set[str]) -> bool:
    """Returns True when one of the words of a name, perhaps with a genitive ending, is among these folded words."""
    keys = {_key_of(word) for word in NAME_WORD.findall(name)}
    return any(key in folded_words or key + GERMAN_GENITIVE in folded_words for key in keys)


def folded_words_of(text: str) -> set[str]:
    """Returns all words of a text as names are compared."""
    return {_key_of(word) for word in NAME_WORD.findall(text)}


def _capitalised_words(text: str) -> Iterator[tuple[FoundName, bool, str]]:
    """Yields capitalised words, each with True at the beginning of a sentence, and with the word before it."""
    for start, end in sentence_spans(text):
        before = ""
        for found in NAME_WORD.finditer(text, start, end):
            word = found[0]
            if word[0].isupper():
                lead = text[start : found.start()]
                begins = not lead.strip() or SENTENCE_BEGINNING.search(lead) is not None
                yield FoundName(word, found.start(), found.end()), begins, before
            before = word


def _is_name(word: str, begins_sentence: bool, before: str, language: str | None, certain: set[str], text: str) -> bool:
    key = _key_of(word)
    if key in NO_NAMES or len(key) < MIN_NAME_CHARACTERS or key in FORMS_OF_ADDRESS:
        return False
    if key in certain or key in GIVEN_NAMES or fold(before) in FORMS_OF_ADDRESS:
        return True
    if language in CAPITALISED_NOUNS or language not in NAMES_ARE_CAPITALISED:
        return key.removesuffix(GERMAN_GENITIVE) in GIVEN_NAMES
    return not begins_sentence and not _is_shouted(word, text)


def _is_shouted(word: str, text: str) -> bool:
    """Returns True for a word in capitals that also stands in lower case, or in a text that is all capitals."""
    return word.isupper() and len(word) > 1 and (word.lower() in text or not any(sign.islower() for sign in text))


def _joined(names: list[FoundName], text: str) -> list[FoundName]:
    """Returns names with only a space between them as one."""
    joined: list[FoundName] = []
    for name in names:
        last = joined[-1] if joined else None
        if last is not None and text[last.end : name.start] == " ":
            joined[-1] = FoundName(text[last.start : name.end], last.start, name.end)
        else:
            joined.append(name)
    return joined


def _key_of(word: str) -> str:
    return fold(POSSESSIVE.sub("", word).replace("’", "'"))
