"""The formats of books: their media types, file names and renderers."""

import re
from importlib import import_module
from typing import Final, NamedTuple

from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.settings import BookFormat

MAX_NAME_CHARACTERS: Final = 80
FORBIDDEN_IN_NAMES: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


class FormatDescription(NamedTuple):
    """`module` has a function `render(edition) -> bytes`, and is loaded when it is needed."""

    media_type: str
    ending: str
    module: str


RENDERERS: Final = "reyna.library.book_compiler.renderers"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS: Final[dict[BookFormat, FormatDescription]] = {
    "docx": FormatDescription(DOCX, ".docx", f"{RENDERERS}.docx.manuscript"),
    "epub": FormatDescription("application/epub+zip", ".epub", f"{RENDERERS}.epub.publication"),
    "pdf": FormatDescription("application/pdf", ".pdf", f"{RENDERERS}.pdf.screen"),
    "print-pdf": FormatDescription("application/pdf", "-print.pdf", f"{RENDERERS}.pdf.paper"),
    "markdown": FormatDescription("text/markdown; charset=utf-8", ".md", f"{RENDERERS}.markdown"),
    "html": FormatDescription("text/html; charset=utf-8", ".html", f"{RENDERERS}.html"),
}


def render_book(edition: Edition, format: BookFormat) -> bytes:
    """Returns the file of this format. Raises RendererMissing when its library is not installed."""
    module = import_module(FORMATS[format].module)
    rendered: bytes = module.render(edition)
    return rendered


def file_name(title: str, format: BookFormat) -> str:
    """Returns a name that every file system takes."""
    stem = FORBIDDEN_IN_NAMES.sub(" ", title)
    stem = " ".join(stem.split())[:MAX_NAME_CHARACTERS].strip(" .") or "Book"
    return stem + FORMATS[format].ending
