"""Runs an analysis in a child process, which ends when the run is cancelled."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from reyna.library.style_analysis.request import AnalysisRequest, ChildMessage

CHILD_MODULE: Final = "reyna.library.style_analysis.child"
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
MAX_UNFINISHED_PROGRESS: Final = 0.99


class AnalysisEnded(Exception):
    """The child process ended without a result."""


async def analyse_in_child(request: AnalysisRequest, on_progress: Callable[[float], Awaitable[None]]) -> dict[str, Any]:
    """Returns the data of the analysis. Raises AnalysisEnded when the child breaks off."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", CHILD_MODULE, stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES
    )
    try:
        return await _talk(child, request, on_progress)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _talk(
    child: Process, request: AnalysisRequest, on_progress: Callable[[float], Awaitable[None]]
) -> dict[str, Any]:
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:
        raise AnalysisEnded("The child process has no pipes.")
    stdin.write(msgspec.json.encode(request))
    stdin.close()
    async for line in stdout:
        message = msgspec.json.decode(line, type=ChildMessage)
        if message.data is not None:
            return message.data
        await on_progress(min(message.progress, MAX_UNFINISHED_PROGRESS))
    raise AnalysisEnded(f"The analysis broke off with code {await child.wait()}.")
