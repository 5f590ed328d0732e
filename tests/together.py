"""Doing things at the same moment."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def together(*deeds: Awaitable[T]) -> list[T | BaseException]:
    """What came of each, in their order: a result, or what was raised."""
    return await asyncio.gather(*deeds, return_exceptions=True)
