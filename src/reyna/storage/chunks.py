"""Splits long lists of ids into pieces that one query can take."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
MAX_IDS_PER_QUERY: Final = 1000


def chunks(all: Iterable[T]) -> Iterator[list[T]]:
    """Yields the items in lists of at most `MAX_IDS_PER_QUERY`; nothing when there are none."""
    rest = iter(all)
    while chunk := [*islice(rest, MAX_IDS_PER_QUERY)]:
        yield chunk
