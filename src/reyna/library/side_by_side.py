"""Coroutines side by side."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def run_side_by_side(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs the coroutines side by side; the first error stops the others and is raised as it is."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
