"""Compiles a book in a child process, which ends when the run is cancelled or takes too long."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from reyna.library.book_compiler.request import CompileMessage, CompileRequest, ImageNames
from reyna.sdk import Refuse

CHILD_MODULE: Final = "reyna.library.book_compiler.child"
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
MAX_COMPILATION_SECONDS: Final = 600.0
FetchImages = Callable[[tuple[str, ...]], Awaitable[ImageNames]]
ReportProgress = Callable[[float], Awaitable[None]]


class CompilationEnded(Exception):
    """The child process ended without a result."""


async def compile_in_child(
    request: CompileRequest, fetch_images: FetchImages, on_progress: ReportProgress
) -> CompileMessage:
    """Returns the result. Raises Refuse for a book that cannot be made, CompilationEnded when the child breaks off."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", CHILD_MODULE, stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES
    )
    try:
        async with asyncio.timeout(MAX_COMPILATION_SECONDS):
            return await _talk(child, request, fetch_images, on_progress)
    except TimeoutError:
        raise Refuse(f"The book took longer than {MAX_COMPILATION_SECONDS / 60:.0f} minutes to compile.") from None
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _talk(
    child: Process, request: CompileRequest, fetch_images: FetchImages, on_progress: ReportProgress
) -> CompileMessage:
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:
        raise CompilationEnded("The child process has no pipes.")
    stdin.write(msgspec.json.encode(request) + b"\n")
    async for line in stdout:
        message = msgspec.json.decode(line, type=CompileMessage)
        if message.refusal is not None:
            raise Refuse(message.refusal)
        if message.data is not None:
            return message
        if message.images is not None:
            stdin.write(msgspec.json.encode(await fetch_images(message.images)) + b"\n")
        await on_progress(message.progress)
    raise CompilationEnded(f"The compilation broke off with code {await child.wait()}.")
