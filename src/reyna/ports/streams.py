"""Asynchronous streams that can be closed before their end."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def as_generator(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yields the items of `source`, and closes it when it is closed itself, if `source` is a generator too."""
    try:
        async for item in source:
            yield item
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
