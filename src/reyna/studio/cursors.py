"""Cursors: a place in a user's event feed, good for as long as the stream that gave it out."""

import re
from typing import Final

from reyna.ports import Position

SEQUENCE: Final = re.compile("[0-9]{1,19}")


def cursor_at(epoch: str, sequence: int) -> str:
    return f"{epoch}-{sequence}"


def sequence_of(cursor: str, epoch: str) -> int | None:
    """The sequence a cursor stands for; None when it is none, or of a stream that was made anew since."""
    made_in, _, sequence = cursor.rpartition("-")
    return int(sequence) if made_in == epoch and SEQUENCE.fullmatch(sequence) else None


def why_unknown(after: int | None, position: Position) -> str | None:
    """Why one cannot go on from there; None when one can."""
    if after is None or after > position.last:
        return "the cursor is unknown"
    if after < position.first - 1:
        return "the cursor is too old"
    return None
