"""Cursors: places in a user's event feed, valid for as long as the stream that issued them."""

import re
from typing import Final

from reyna.ports.bus import StreamPosition

SEQUENCE: Final = re.compile("[0-9]{1,19}")


def cursor_at(epoch: str, sequence: int) -> str:
    """Returns the cursor of this place in the stream."""
    return f"{epoch}-{sequence}"


def sequence_of(cursor: str, epoch: str) -> int | None:
    """Returns the sequence of a cursor, or None when it is malformed or of a stream that was replaced since."""
    cursor_epoch, _, sequence = cursor.rpartition("-")
    return int(sequence) if cursor_epoch == epoch and SEQUENCE.fullmatch(sequence) else None


def unusable_reason(after: int | None, position: StreamPosition) -> str | None:
    """Returns the reason why reading cannot go on after this sequence, or None when it can."""
    if after is None or after > position.last:
        return "the cursor is unknown"
    if after < position.first - 1:
        return "the cursor is too old"
    return None
