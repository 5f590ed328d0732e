"""The child process that compiles a book: reads its request, asks for images, and writes its progress and its result.

Rendering holds the interpreter's lock, and a thread cannot be stopped when the run is cancelled.
"""

import os
import sys
from contextlib import suppress
from typing import Final

import msgspec

from reyna.library.book_compiler.compilation import compile_book
from reyna.library.book_compiler.request import CompileMessage, CompileRequest, ImageNames

NICENESS: Final = 5  # the studio goes first


def main() -> None:
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=CompileRequest)
    for message in compile_book(request, _fetch_images):
        _write(message)


def _fetch_images(sources: tuple[str, ...]) -> ImageNames:
    _write(CompileMessage(images=sources))
    return msgspec.json.decode(sys.stdin.buffer.readline(), type=ImageNames)


def _write(message: CompileMessage) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
