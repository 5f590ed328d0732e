"""What data must be before any schema is asked: storable JSON of bounded size and depth."""

from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, TooLarge

BLOB_BYTES: Final = 4 * 1024 * 1024  # larger content goes to files
METADATA_BYTES: Final = 64 * 1024
DEPTH: Final = 100  # MongoDB nests no deeper
BRACKETS: Final = (b"[", b"{")
ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
LONG_NUMBER: Final = b"0" * 19  # digits of 2 to the power of 63


def encoded(data: Any, *, most: int = BLOB_BYTES, field: str = "data") -> bytes:
    """The data as JSON bytes; refuses what a store could not give back unchanged.

    Raises TooLarge above `most` bytes, and Invalid, with the path, for U+0000, lone surrogates, numbers that are
    not finite or longer than 64 bits, keys that are not text and nesting deeper than 100.
    """
    try:
        body = msgspec.json.encode(data)
    except (RecursionError, UnicodeEncodeError, TypeError, ValueError, OverflowError):
        inspect(data, f"/{field}")
        raise Invalid.at(f"/{field}", "is not JSON") from None
    if len(body) > most:
        raise TooLarge(f"{field} is {len(body):,} bytes of JSON; {most:,} are allowed.", size=len(body), allowed=most)
    # Looking for what might be wrong costs a microsecond; only where it is found is the data walked.
    if (
        b"\\u0000" in body
        or b"null" in body  # what NaN and infinities become
        or LONG_NUMBER in body.translate(ZEROS)
        or sum(map(body.count, BRACKETS)) > DEPTH
    ):
        inspect(data, f"/{field}")
    return body


def inspect(data: Any, path: str) -> None:
    """Refuse the first thing in the data that cannot be stored, by its JSON Pointer."""
    stack: list[tuple[Any, str, int]] = [(data, path, 1)]
    while stack:
        value, at, depth = stack.pop()
        if isinstance(value, str):
            _check_text(value, at)
        elif isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                raise Invalid.at(at, "is not a finite number")
        elif isinstance(value, int):
            if not -(2**63) <= value < 2**64:
                raise Invalid.at(at, "is a whole number of more than 64 bits; write it as text")
        elif isinstance(value, dict | list | tuple):
            if depth > DEPTH:
                raise Invalid.at(path, f"is nested deeper than {DEPTH}", expected=f"at most {DEPTH} levels")
            stack.extend(_children(value, at, depth + 1))


def _children(value: Any, at: str, depth: int) -> list[tuple[Any, str, int]]:
    if not isinstance(value, dict):
        return [(item, f"{at}/{place}", depth) for place, item in enumerate(value)]
    for key in value:
        if not isinstance(key, str):
            raise Invalid.at(at, "has a key that is not text")
        _check_text(key, at)
    return [(item, f"{at}/{key.replace('~', '~0').replace('/', '~1')}", depth) for key, item in value.items()]


def _check_text(text: str, at: str) -> None:
    if "\0" in text:
        raise Invalid.at(at, "contains U+0000, which cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid.at(at, "contains a lone surrogate, which is not text") from None


def without_nul(data: Any) -> Any:
    """The data with another character wherever U+0000 is, to see whether anything else is wrong with it."""
    if isinstance(data, str):
        return data.replace("\0", "0")
    if isinstance(data, list):
        return [without_nul(item) for item in data]
    return {without_nul(key): without_nul(value) for key, value in data.items()} if isinstance(data, dict) else data
