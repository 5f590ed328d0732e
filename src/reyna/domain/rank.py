"""Positions in a list that can be put between any two others: fractions written in base 32.

The end of a list is the present moment, so adding there reads nothing and never collides; between two others the
midpoint is taken (after D. Greenspan, "Implementing Fractional Indexing", 2020).
"""

import time
from typing import Final

from reyna.domain.ids import ALPHABET

DIGITS: Final = 11  # microseconds since 1970 fit into 55 bits until the year 3111
STEP: Final = 1 << 10  # microseconds before the first: prepending ten thousand times stays short
_last = 0


def last() -> str:
    """A rank behind every other that was given out before."""
    global _last
    _last = max(_last + 1, time.time_ns() // 1000)
    return _written(_last)


def before(first: str) -> str:
    """A rank in front of the one that is first now."""
    moment = 0
    for digit in first[:DIGITS].ljust(DIGITS, "0"):
        moment = moment * 32 + ALPHABET.index(digit)
    return _written(moment - STEP) if moment > STEP else between("", first)


def between(low: str, high: str) -> str:
    """A rank strictly between two ranks, low < high; `low` may be empty, which stands for the very beginning."""
    same = 0
    while same < len(high) and (low[same] if same < len(low) else "0") == high[same]:
        same += 1
    return high[:same] + _middle(low[same:], high[same:])


def _middle(low: str, high: str) -> str:
    bottom = ALPHABET.index(low[0]) if low else 0
    top = ALPHABET.index(high[0]) if high else len(ALPHABET)
    if top - bottom > 1:
        return ALPHABET[(bottom + top) // 2]
    if len(high) > 1:
        return high[0]
    return ALPHABET[bottom] + _middle(low[1:], "")


def _written(moment: int) -> str:
    # the last digit is never 0, so that there is always room in front of it
    return "".join(ALPHABET[(moment >> shift) & 31] for shift in range(5 * (DIGITS - 1), -1, -5)) + "h"
