"""The compilation of a book in its child process: builds it, asks for its images, and writes its files."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from reyna.library.book_compiler.book.building import build_book
from reyna.library.book_compiler.book.model import Book
from reyna.library.book_compiler.compiled_data import compiled_data
from reyna.library.book_compiler.images import BookImage, read_image
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.formats import FORMATS, file_name, render_book
from reyna.library.book_compiler.renderers.pdf.typesetting import RendererMissing
from reyna.library.book_compiler.request import CompiledFile, CompileMessage, CompileRequest, ImageNames
from reyna.library.book_compiler.settings import BookFormat

NO_TEXT: Final = "There is no text in this bucket that a book could be made of."


def compile_book(
    request: CompileRequest, fetch_images: Callable[[tuple[str, ...]], ImageNames]
) -> Iterator[CompileMessage]:
    """Yields the progress, and at the end the result, or the reason for which there is none."""
    book = build_book(request.root, request.settings)
    if not book.pieces:
        yield CompileMessage(refusal=NO_TEXT)
        return
    folder = Path(request.folder)
    edition = Edition(book, request.settings, _read_images(folder, fetch_images(_wanted_images(book))))
    formats = request.settings.wanted_formats
    files: list[CompiledFile] = []
    try:
        for number, format in enumerate(formats):
            yield CompileMessage((number + 1) / (len(formats) + 1))
            files.append(_write_file(folder, edition, format))
    except RendererMissing as error:
        yield CompileMessage(refusal=str(error))
        return
    yield CompileMessage(1.0, data=compiled_data(book), files=tuple(files))


def _wanted_images(book: Book) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*book.images, *([book.cover] if book.cover else [])]))


def _read_images(folder: Path, found: ImageNames) -> dict[str, BookImage]:
    images = {source: read_image((folder / name).read_bytes()) for source, name in found.names.items()}
    return {source: image for source, image in images.items() if image is not None}


def _write_file(folder: Path, edition: Edition, format: BookFormat) -> CompiledFile:
    data = render_book(edition, format)
    path = folder / f"book-{format}"
    path.write_bytes(data)
    return CompiledFile(
        format=format,
        name=file_name(edition.book.title, format),
        media_type=FORMATS[format].media_type,
        path=str(path),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
