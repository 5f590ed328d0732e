"""The messages between a run and the child process that compiles its book, each a line of JSON."""

from typing import Any

import msgspec

from reyna.library.book_compiler.book.sources import BookBucket
from reyna.library.book_compiler.settings import BookFormat, BookSettings


class CompileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The buckets of a book; `folder` is where its files are written."""

    root: BookBucket
    settings: BookSettings
    folder: str


class ImageNames(msgspec.Struct, frozen=True):
    """The images that are there: the name of each in the folder, by the name that the texts give it."""

    names: dict[str, str] = {}


class CompiledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the book; `path` is where it was written."""

    format: BookFormat
    name: str
    media_type: str
    path: str
    size: int
    sha256: str


class CompileMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of the child: first the `images` that it wants, then its progress, and at the end the result.

    `refusal` is the reason why there is none.
    """

    progress: float = 0.0
    images: tuple[str, ...] | None = None
    refusal: str | None = None
    data: dict[str, Any] | None = None
    files: tuple[CompiledFile, ...] = ()
