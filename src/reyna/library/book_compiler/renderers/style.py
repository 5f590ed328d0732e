"""The style sheet of EPUB and HTML."""

from functools import cache
from importlib.resources import files


@cache
def book_style() -> str:
    return files("reyna.library.book_compiler.renderers").joinpath("book.css").read_text(encoding="utf-8")
