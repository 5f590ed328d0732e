"""Ranges of bytes (RFC 9110, section 14): the part of a representation that a client asks for."""

import re
from typing import Final, NamedTuple

from reyna.domain.errors import Invalid

RANGE: Final = re.compile(r"(\d{0,18})-(\d{0,18})")
UNIT: Final = "bytes"


class RangeNotSatisfiable(Invalid):
    """The file ends before this range begins."""

    status = 416


class ByteRange(NamedTuple):
    """The bytes from `start` to before `end`."""

    start: int
    end: int

    def header(self, size: int) -> str:
        """Returns the value of Content-Range."""
        return f"{UNIT} {self.start}-{self.end - 1}/{size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Returns the range that is asked for; None for the whole, which also answers several ranges and what is no range,
    as the standard allows. Raises RangeNotSatisfiable."""
    if header is None:
        return None
    unit, _, wanted = header.partition("=")
    match = RANGE.fullmatch(wanted.strip())
    if unit.strip().lower() != UNIT or match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise RangeNotSatisfiable(size=size)
    return ByteRange(start, end)


def matches_tag(header: str | None, tag: str) -> bool:
    """Tells whether If-None-Match names this tag, or any."""
    if header is None:
        return False
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))


def range_still_applies(if_range: str | None, tag: str, modified: str) -> bool:
    """Tells whether a range may be sent: the client has the rest of this very representation (section 13.1.5)."""
    return if_range is None or if_range.strip() in (tag, modified)
