"""Counts words as a writer does, by UAX #29, with the rules and examples of `web/src/language/segmentation.ts`."""

# ruff: noqa: RUF001 - marks of several languages are what this is about
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from icu4py.breakers import WordBreaker
from icu4py.locale import Locale

LOCALE: Final = Locale("en")  # no language that ICU knows changes the rules for words
# They join words that browsers disagree about, or that a writer counts as one: e.g, 10:30, example.com, well-known.
JOINERS: Final = frozenset(".:-‐‑．：﹒﹕︓")
FORMAT_AND_MARKS: Final = frozenset({"Mn", "Mc", "Me", "Cf"})
READABLE: Final = re.compile("[^\\W_](?![\ufe0f\u20e3])")  # a letter or digit that is not drawn as an emoji
FOLLOWING: Final = "\u0300-\u036f\u200c\u200d\u302a-\u302f\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
SIGN: Final = (  # Han and hiragana
    "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
KATAKANA: Final = "\u3031-\u3035\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
SIGNS: Final = re.compile(f"[{SIGN}][{FOLLOWING}]*|[{KATAKANA}][{KATAKANA}{FOLLOWING}]*")
Span = tuple[int, int]
"""The place of a part of a text: its start and its end, in code points."""

MAX_CACHED_COUNTS: Final = 4096  # texts; a text that is being written is counted again with every sentence


def words(text: str) -> list[str]:
    """Returns the words in order, each as it is written.

    A word is a segment of UAX #29 with a letter or a digit in it; a single full stop, colon or hyphen between two of
    them joins them. Han and hiragana count sign by sign, a run of katakana is one word. Thai, Lao, Khmer and Burmese
    are divided by ICU's dictionaries. An emoji is none.
    """
    return [text[start:end] for start, end in word_spans(text)]


def word_spans(text: str) -> list[Span]:
    """Returns the place of each word, in order."""
    found: list[Span] = []
    at = 0
    for sign in SIGNS.finditer(text):
        found += _between(text, at, sign.start())
        found.append(sign.span())
        at = sign.end()
    found += _between(text, at, len(text))
    return found


@lru_cache(MAX_CACHED_COUNTS)
def word_count(text: str) -> int:
    return len(words(text))


def segments(text: str) -> Iterator[str]:
    """Yields all of the text in the segments of UAX #29: words, spaces and marks."""
    return iter(WordBreaker(text, LOCALE))


def _between(text: str, at: int, end: int) -> list[Span]:
    """Returns the words of a part of the text without Han and kana."""
    found: list[Span] = []
    joins, after_word = False, False
    for segment in segments(text[at:end]) if at < end else ():
        start, at = at, at + len(segment)
        if READABLE.search(segment):
            if joins:
                start, _ = found.pop()
            found.append((start, at))
            joins, after_word = False, True
        else:
            joins = after_word and _is_joiner(segment)
            after_word = False
    return found


def _is_joiner(segment: str) -> bool:
    return segment[0] in JOINERS and all(unicodedata.category(sign) in FORMAT_AND_MARKS for sign in segment[1:])
