"""The data of a `compiled-book-v1`: what the book consists of, with its texts as Markdown."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import truncate
from reyna.library.book_compiler.book.model import Book, BookChapter
from reyna.library.book_compiler.renderers.markdown import chapter_markdown, escape

MAX_DATA_BYTES: Final = 3_900_000  # of the 4 MiB that a blob may have
MAX_LISTED_CHAPTERS: Final = 1_000
MAX_TEXT_CHARACTERS: Final = 1_000_000
MAX_TITLE_CHARACTERS: Final = 500
MAX_BLOBS_OF_CHAPTER: Final = 10_000


def compiled_data(book: Book, *, max_bytes: int = MAX_DATA_BYTES) -> dict[str, Any]:
    """Returns the data; of a book that is too large for a blob, without the texts (`texts_left_out`)."""
    data = _describe(book, with_texts=True)
    if len(msgspec.json.encode(data)) <= max_bytes:
        return data
    return _describe(book, with_texts=False) | {"texts_left_out": True}


def _describe(book: Book, *, with_texts: bool) -> dict[str, Any]:
    optional = {
        "subtitle": book.subtitle,
        "author": book.author,
        "front_matter": _matter(book.front) if with_texts else "",
        "back_matter": _matter(book.back) if with_texts else "",
        "parts": _parts(book) if book.has_parts else [],
        "missing": [_title(title) for title in book.missing[:MAX_LISTED_CHAPTERS]],
    }
    return {
        "title": _title(book.title),
        "language": book.language,
        "identifier": book.identifier,
        "words": book.words,
        "chapters": [_chapter(one, with_texts=with_texts) for one in book.chapters[:MAX_LISTED_CHAPTERS]],
        **{name: value for name, value in optional.items() if value},
    }


def _chapter(chapter: BookChapter, *, with_texts: bool) -> dict[str, Any]:
    text = chapter_markdown(chapter) if with_texts else ""
    described: dict[str, Any] = {
        "title": _title(chapter.title or ""),
        "content": truncate(text, MAX_TEXT_CHARACTERS),
        "words": chapter.words,
        "blob_ids": list(chapter.blob_ids[:MAX_BLOBS_OF_CHAPTER]),
    }
    return described | ({"bucket_id": chapter.bucket_id} if chapter.bucket_id else {})


def _parts(book: Book) -> list[dict[str, Any]]:
    """Returns the parts: `first_chapter` counts from 0 through the chapters of the book."""
    found: list[dict[str, Any]] = []
    first = 0
    for part in book.parts:
        if part.title:
            found.append({"title": _title(part.title), "first_chapter": first, "chapters": len(part.chapters)})
        first += len(part.chapters)
    return found[:MAX_LISTED_CHAPTERS]


def _matter(pieces: Sequence[BookChapter]) -> str:
    texts: list[str] = []
    for piece in pieces:
        texts += [f"# {escape(piece.title)}"] if piece.title else []
        texts.append(chapter_markdown(piece))
    return truncate("\n\n".join(filter(None, texts)), MAX_TEXT_CHARACTERS)


def _title(title: str) -> str:
    return truncate(title, MAX_TITLE_CHARACTERS)
