"""`python -m bench.compile`: a book of 120,000 words in every format, beside the parsing of its texts."""

import argparse
import hashlib
import time
import zlib
from collections.abc import Callable
from typing import Final, TypeVar

from markdown_it import MarkdownIt

from reyna.library.book_compiler.book.building import build_book
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.formats import render_book
from reyna.library.book_compiler.settings import BOOK_FORMATS, BookSettings
from tests.library.book_compiler.books import a_long_book

MAX_SECONDS: Final = 10.0
T = TypeVar("T")


def main(words: int, chapters: int) -> None:
    root, settings = a_long_book(words, chapters), BookSettings()
    texts = [text.text for chapter in root.children for text in chapter.texts]
    joined = "\n\n".join(texts)
    _print(
        "floor: Markdown parsed to tokens",
        *_timed(lambda: [MarkdownIt("commonmark").parse(text) for text in texts])[1:],
    )
    _print("floor: compressed", *_timed(lambda: zlib.compress(joined.encode()))[1:])
    book, seconds = _timed(lambda: build_book(root, settings))
    _print(f"the book: {book.words:,} words, {len(book.chapters):,} chapters", seconds)
    for format in BOOK_FORMATS:
        content, seconds = _timed(lambda: render_book(Edition(book, settings), format))  # noqa: B023 - called at once
        again = render_book(Edition(build_book(root, settings), settings), format)
        same = "the same bytes again" if again == content else "OTHER BYTES AGAIN"
        digest = hashlib.sha256(content).hexdigest()[:12]
        slow = "" if seconds < MAX_SECONDS else f"  ABOVE {MAX_SECONDS:.0f} s"
        _print(f"{format}: {len(content):,} bytes, {digest}, {same}", seconds, slow)


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def _print(name: str, seconds: float, remark: str = "") -> None:
    print(f"{name:<70}{seconds:8.2f} s{remark}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=120_000)
    parser.add_argument("--chapters", type=int, default=40)
    given = parser.parse_args()
    main(given.words, given.chapters)
