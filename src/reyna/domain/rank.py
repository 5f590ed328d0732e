"""Fractional ranks: positions in a list, written in base 32, between any two of which there is another one.

A rank at the end is a number larger than all before it (`logical_clock.py`), so that appending needs no read; between
two others the midpoint is taken (after D. Greenspan, "Implementing Fractional Indexing", 2020). Every rank ends in
letters of the id of its record, so that no two are the same, however many are put into one gap at once or come back.
"""

from typing import Final

from reyna.domain.ids import ALPHABET

NUMBER_DIGITS: Final = 11  # microseconds since 1970 fit into 55 bits until the year 3111
PREPEND_STEP: Final = 1 << 10  # microseconds; ranks stay short when ten thousand records are prepended
ID_LETTERS: Final = 7  # two of a thousand ranks in one gap are the same once in seventy thousand times
END: Final = "h"  # the last digit is never 0, so that there is always room before it


def last(number: int, id: str) -> str:
    """Returns the rank of `id` behind all ranks with smaller numbers."""
    return _number_digits(number) + END + _id_letters(id)


def before(first: str, id: str) -> str:
    """Returns a rank before the one that is first now."""
    number = 0
    for digit in first[:NUMBER_DIGITS].ljust(NUMBER_DIGITS, "0"):
        number = number * 32 + ALPHABET.index(digit)
    return (
        _number_digits(number - PREPEND_STEP) + END + _id_letters(id)
        if number > PREPEND_STEP
        else between("", first, id)
    )


def between(low: str, high: str, id: str) -> str:
    """Returns a rank strictly between two ranks, low < high; an empty `low` is the very beginning."""
    same = 0
    while same < len(high) and (low[same] if same < len(low) else "0") == high[same]:
        same += 1
    return high[:same] + _middle(low[same:], high[same:]) + _id_letters(id)


def _middle(low: str, high: str) -> str:
    """Returns a fraction between the two that is no prefix of `high`, so that it stays below whatever is appended."""
    bottom = ALPHABET.index(low[0]) if low else 0
    top = ALPHABET.index(high[0]) if high else len(ALPHABET)
    if top - bottom > 1:
        return ALPHABET[(bottom + top) // 2]
    return ALPHABET[bottom] + _middle(low[1:], "")


def _number_digits(number: int) -> str:
    return "".join([ALPHABET[(number >> shift) & 31] for shift in range(5 * (NUMBER_DIGITS - 1), -1, -5)])


def _id_letters(id: str) -> str:
    """Returns the end of an id, which most probably no other id has."""
    return id[-ID_LETTERS:] + END
