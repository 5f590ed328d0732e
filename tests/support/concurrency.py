"""Awaitables that run at the same moment."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def gather_results(*awaitables: Awaitable[T]) -> list[T | BaseException]:
    """Returns the result of each, or the exception that it raised, in their order."""
    return await asyncio.gather(*awaitables, return_exceptions=True)
