"""Misspelt words: the words of a user that are near to one that the user does not have.

Two words are near when deleting at most one letter from each gives the same text (symmetric deletion, after SymSpell by
Wolf Garbe): a letter too many, one too few, a wrong one, two in the wrong order, and some pairs of these.
"""

from collections.abc import Iterable
from typing import Final

from reyna.domain.search.words import is_unspaced

MIN_LENGTH: Final = 3  # code points of a word that may be misspelt
MAX_LENGTH: Final = 32
MIN_LENGTH_FOR_TWO_EDITS: Final = 6
MAX_NEAR_WORDS: Final = 5  # that are looked for in the place of one


def is_correctable(word: str) -> bool:
    """Tells whether the word may be a misspelt one: numbers and words of scripts without spaces are not."""
    return MIN_LENGTH <= len(word) <= MAX_LENGTH and word.isalpha() and not is_unspaced(word)


def deletions(word: str) -> set[str]:
    """Returns the word, and what is left of it without each one of its letters."""
    return {word} | {word[:index] + word[index + 1 :] for index in range(len(word))}


def nearest(word: str, candidates: Iterable[tuple[str, int]]) -> list[str]:
    """Returns the candidates (word, number of entries) within one edit of the word, or two of a long word: the nearest
    first, and of those the most frequent."""
    most = 2 if len(word) >= MIN_LENGTH_FOR_TWO_EDITS else 1
    measured = [(edit_distance(word, other), -count, other) for other, count in candidates if other != word]
    near = sorted(entry for entry in measured if entry[0] <= most)
    least = near[0][0] if near else 0
    return [other for distance, _, other in near if distance == least][:MAX_NEAR_WORDS]


def edit_distance(one: str, other: str) -> int:
    """Returns the number of letters to insert, delete, replace, or swap with the next (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, there in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
