"""The check that data is JSON which can be stored, of bounded size and depth, whatever its schema."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, TooLarge

MAX_BLOB_BYTES: Final = 4 * 1024 * 1024  # larger content goes to files
MAX_METADATA_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 100  # MongoDB nests no deeper
NUL_MESSAGE: Final = "contains U+0000, which cannot be stored"
DEEP_MESSAGE: Final = f"is nested deeper than {MAX_DEPTH}"
LONG_MESSAGE: Final = "is a whole number of more than 64 bits; write it as text"
INFINITE_MESSAGE: Final = "is not a finite number"
BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
OTHERS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
DOUBLE: Final = b"\xcb"  # in MessagePack
NOT_FINITE: Final = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]", re.DOTALL)  # NaN or infinite, in MessagePack
MAX_INSPECTED_VALUES: Final = 50_000  # to find the wrong one; some 50 ms


def encode_json(data: Any, *, most: int = MAX_BLOB_BYTES, field: str = "data") -> bytes:
    """Returns the data as JSON bytes, if a store can give it back unchanged.

    Raises TooLarge above `most` bytes, and Invalid, with the path, for U+0000, lone surrogates, numbers that are
    not finite or longer than 64 bits, keys that are not text and nesting deeper than 100.
    """
    try:
        body = msgspec.json.encode(data)
    except (RecursionError, UnicodeEncodeError, TypeError, ValueError, OverflowError):
        check_json(data, f"/{field}")
        raise Invalid.at(f"/{field}", "is not JSON") from None
    if len(body) > most:
        raise TooLarge(f"{field} is {len(body):,} bytes of JSON; {most:,} are allowed.", size=len(body), allowed=most)
    # This search costs a microsecond, and never more than some 10 ms for each MiB.
    if problem := _find_problem(body, data):
        check_json(data, f"/{field}")
        raise Invalid.at(f"/{field}", problem)
    return body


def _find_problem(body: bytes, data: Any) -> str | None:
    """Returns why data cannot be stored, without walking it; None when it can."""
    if b"\\u0000" in body and b"\\u0000" in body.replace(b"\\\\", b""):  # an escaped backslash
        return NUL_MESSAGE
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(body):
        return DEEP_MESSAGE
    return _find_number_problem(data)


def _is_deep(body: bytes) -> bool:
    """Returns whether JSON is nested deeper than MAX_DEPTH: each round removes the innermost level."""
    without_escapes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(without_escapes.split(b'"')[::2]).translate(BRACKETS, OTHERS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _find_number_problem(data: Any) -> str | None:
    """Returns what is wrong with a number. MessagePack, unlike JSON, keeps numbers as they are, and is as fast."""
    try:
        packed = msgspec.msgpack.encode(data)
    except OverflowError:
        return LONG_MESSAGE
    if DOUBLE not in packed or NOT_FINITE.search(packed) is None:
        return None
    try:
        json.dumps(data, allow_nan=False, check_circular=False)  # the match may be part of a text or of a whole number
    except ValueError:
        return INFINITE_MESSAGE
    return None


def check_json(data: Any, path: str) -> None:
    """Raises Invalid for the first value that cannot be stored, with its JSON Pointer, if it is found soon."""
    steps: list[str] = []
    _check_value(data, path)
    waiting = [_parts(data, path)]
    for _ in range(MAX_INSPECTED_VALUES):
        step, value = next(waiting[-1], (None, None))
        if step is None:
            waiting.pop()
            if not waiting:
                return
            if steps:
                steps.pop()
            continue
        at = path + "".join(steps) + step
        _check_value(value, at)
        if isinstance(value, dict | list | tuple):
            if len(waiting) >= MAX_DEPTH:
                raise Invalid.at(path, DEEP_MESSAGE, expected=f"at most {MAX_DEPTH} levels")
            waiting.append(_parts(value, at))
            steps.append(step)


def _check_value(value: Any, at: str) -> None:
    if isinstance(value, str):
        _check_text(value, at)
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise Invalid.at(at, INFINITE_MESSAGE)
    elif isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Invalid.at(at, LONG_MESSAGE)


def _parts(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise Invalid.at(at, "has a key that is not text")
            _check_text(key, at)
            yield f"/{key.replace('~', '~0').replace('/', '~1')}", part
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield f"/{number}", part


def _check_text(text: str, at: str) -> None:
    if "\0" in text:
        raise Invalid.at(at, NUL_MESSAGE)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid.at(at, "contains a lone surrogate, which is not text") from None


def without_nul(data: Any) -> Any:
    """Returns the data with each U+0000 replaced, so that other problems of it can be found."""
    if isinstance(data, str):
        return data.replace("\0", "0")
    if isinstance(data, list):
        return [without_nul(item) for item in data]
    return {without_nul(key): without_nul(value) for key, value in data.items()} if isinstance(data, dict) else data
