"""Grapheme clusters (UAX #29): text is cut and compared by what a reader sees as one character."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from icu4py.breakers import CharacterBreaker
from icu4py.locale import Locale

from reyna.domain.text.words import segments

LOCALE: Final = Locale("en")  # no language that ICU knows changes the rules for clusters
ELLIPSIS: Final = "…"


def clusters(text: str) -> Iterator[str]:
    """Yields all of the text, cluster by cluster: a letter with its accents, a flag, a family of emoji."""
    return iter(CharacterBreaker(text, LOCALE))


def truncate(text: str, most: int) -> str:
    """Returns the beginning of the text, of at most so many code points, without a part of a cluster at its end.

    A first cluster that alone is longer, which no language writes, is cut all the same.
    """
    if len(text) <= most:
        return text
    end, beginning = 0, text[: most + 1]  # the next code point shows whether the last cluster is complete
    for cluster in clusters(beginning):
        if end + len(cluster) > most:
            break
        end += len(cluster)
    return text[: end or most]


def shorten(text: str, most: int) -> str:
    """Returns the text, or as much of it as fits into so many code points with an ellipsis at its end."""
    return text if len(text) <= most else truncate(text, most - len(ELLIPSIS)).rstrip() + ELLIPSIS


def split_at_words(text: str) -> Iterator[str]:
    """Yields the whole text in words and the parts between them, without splitting a cluster."""
    ends = set(accumulate(map(len, clusters(text))))
    part, end = "", 0
    for segment in segments(text):
        part += segment
        end += len(segment)
        if end in ends:
            yield part
            part = ""
