"""The alignment of two versions of a text: which paragraph of the new one takes the place of which of the old one."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from reyna.domain.text.words import words

MIN_SIMILARITY: Final = 0.2  # below which one paragraph is no version of the other
MIN_TELLING_LETTERS: Final = 4  # of a word; shorter ones are in every paragraph
MAX_COMPARED_PAIRS: Final = 2_500  # of paragraphs; larger parts are divided
Pair = tuple[int, int]
"""The index of an old paragraph, and that of the new one in its place."""


def align_paragraphs(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Returns the old paragraph, by its index, whose place each new one takes; new ones without one are left out.

    Equal paragraphs belong together. Between two of them, as many new as old ones are aligned in their order;
    otherwise those that have the most words in common.
    """
    aligned: dict[int, int] = {}
    anchors = [(-1, -1), *_find_anchors(old, new), (len(old), len(new))]
    for (old_start, new_start), (old_end, new_end) in pairwise(anchors):
        if new_start >= 0:
            aligned[new_start] = old_start
        for earlier, later in _align_part(old[old_start + 1 : old_end], new[new_start + 1 : new_end]):
            aligned[new_start + 1 + later] = old_start + 1 + earlier
    return aligned


def similarity(one: set[str], other: set[str]) -> float:
    """Returns the share of the words of the shorter paragraph that the other one has, too."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def _find_anchors(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Returns pairs of equal paragraphs that are there once in both, as many as have the same order (patience diff)."""
    old_counts, new_counts = Counter(old), Counter(new)
    places = {text: index for index, text in enumerate(new)}
    shared = [
        (index, places[text]) for index, text in enumerate(old) if old_counts[text] == 1 and new_counts[text] == 1
    ]
    ends: list[int] = []  # of rising runs of each length: the smallest index in the new text
    runs: list[int] = []  # the pair at each of these ends
    before: list[int] = []
    for number, (_, place) in enumerate(shared):
        length = bisect_left(ends, place)
        before.append(runs[length - 1] if length else -1)
        ends[length : length + 1], runs[length : length + 1] = [place], [number]
    found, at = [], runs[-1] if runs else -1
    while at >= 0:
        found.append(shared[at])
        at = before[at]
    return found[::-1]


def _align_part(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    if len(old) == len(new):
        yield from zip(range(len(old)), range(len(new)), strict=True)
        return
    for (old_start, new_start), (old_end, new_end) in pairwise(_divide(len(old), len(new))):
        for earlier, later in _align_by_words(old[old_start:old_end], new[new_start:new_end]):
            yield old_start + earlier, new_start + later


def _divide(old: int, new: int) -> list[Pair]:
    """Returns the ends of pieces that are small enough to be compared word by word, in proportion."""
    pieces = math.ceil(math.sqrt(old * new / MAX_COMPARED_PAIRS)) or 1
    return [(old * number // pieces, new * number // pieces) for number in range(pieces + 1)]


def _align_by_words(old: Sequence[str], new: Sequence[str]) -> Iterator[Pair]:
    gains = _similarities(old, new)
    best = _best_sums(gains, len(old), len(new))
    i = j = 0
    while i < len(old) and j < len(new):
        if gains[i][j] and best[i][j] == best[i + 1][j + 1] + gains[i][j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _similarities(old: Sequence[str], new: Sequence[str]) -> list[list[float]]:
    old_words, new_words = [_telling_words(text) for text in old], [_telling_words(text) for text in new]
    found = [[similarity(one, other) for other in new_words] for one in old_words]
    return [[value if value >= MIN_SIMILARITY else 0.0 for value in row] for row in found]


def _best_sums(gains: list[list[float]], rows: int, columns: int) -> list[list[float]]:
    """Returns, for each pair of indexes, the largest sum of an alignment from there on (Needleman and Wunsch, 1970)."""
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + gains[i][j])
    return best


def _telling_words(text: str) -> set[str]:
    found = {word.casefold() for word in words(text)}
    return {word for word in found if len(word) >= MIN_TELLING_LETTERS} or found
