"""Keyset pagination: a page of a list, and the cursor of the next one."""

import base64
import binascii
from typing import Any, Final, Generic, TypeVar

import msgspec

from reyna.domain.errors import Invalid

T = TypeVar("T")
DEFAULT_LIMIT: Final = 50
MAX_PAGE_SIZE: Final = 200


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """`next_cursor` is null on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def check_limit(limit: int) -> int:
    """Returns the limit of a page. Raises Invalid."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise Invalid.at("/limit", f"must be 1 to {MAX_PAGE_SIZE}", expected=f"1 to {MAX_PAGE_SIZE}")
    return limit


def encode_cursor(*position: Any) -> str:
    """Returns a position in a sorted list as opaque, URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """Returns the position of a cursor, None for none. Raises Invalid for a cursor of another list."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=tuple[types])  # type: ignore[valid-type]
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise Invalid.at("/cursor", "is not a cursor of this list") from error
