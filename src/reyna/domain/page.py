"""A piece of a long list, and the place where the next one starts."""

import base64
import binascii
from typing import Any, Final, Generic, TypeVar

import msgspec

from reyna.domain.errors import Invalid

T = TypeVar("T")
DEFAULT_LIMIT: Final = 50
MOST: Final = 200


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """`next_cursor` is null on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def bounded(limit: int) -> int:
    if not 1 <= limit <= MOST:
        raise Invalid.at("/limit", f"must be 1 to {MOST}", expected=f"1 to {MOST}")
    return limit


def cursor_of(*place: Any) -> str:
    """A place in an ordered list as opaque, URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str | None, *types: type) -> tuple[Any, ...] | None:
    """The place a cursor stands for; refuses what no list of ours gave out."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=tuple[types])  # type: ignore[valid-type]
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise Invalid.at("/cursor", "is not a cursor of this list") from error
