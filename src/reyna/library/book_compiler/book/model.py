"""A book as the renderers have it: its parts, chapters and sections, and the facts of its title page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from reyna.library.book_compiler.text.blocks import Block, BookNote, TextDirection, image_sources

ChapterKind = Literal["chapter", "front", "back"]


class BookSection(msgspec.Struct, frozen=True, kw_only=True):
    """A scene of a chapter; a scene break stands between two sections unless the second one has a title."""

    blocks: tuple[Block, ...]
    title: str | None = None


class BookChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter, or a piece of the front or back matter; without a title, it begins without a heading."""

    id: str
    kind: ChapterKind = "chapter"
    title: str | None = None
    sections: tuple[BookSection, ...] = ()
    notes: tuple[BookNote, ...] = ()
    words: int = 0
    bucket_id: str | None = None
    blob_ids: tuple[str, ...] = ()

    @property
    def blocks(self) -> Iterator[Block]:
        return (block for section in self.sections for block in section.blocks)


class BookPart(msgspec.Struct, frozen=True, kw_only=True):
    """Chapters under one title; those that are in no part are in one without a title."""

    id: str
    title: str | None = None
    chapters: tuple[BookChapter, ...] = ()
    bucket_id: str | None = None


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """`modified` is the time of the newest text; `missing` are the titles of chapters without one.

    `identifier` is a URN that stays the same when the book changes; `contact` are the lines with the address of its
    author, for a manuscript.
    """

    title: str
    identifier: str
    modified: datetime
    subtitle: str | None = None
    author: str | None = None
    language: str = "en"
    direction: TextDirection = "ltr"
    isbn: str | None = None
    rights: str | None = None
    contact: tuple[str, ...] = ()
    cover: str | None = None
    front: tuple[BookChapter, ...] = ()
    parts: tuple[BookPart, ...] = ()
    back: tuple[BookChapter, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def chapters(self) -> tuple[BookChapter, ...]:
        """The chapters of all parts, without front and back matter."""
        return tuple(chapter for part in self.parts for chapter in part.chapters)

    @property
    def pieces(self) -> tuple[BookChapter, ...]:
        """The front matter, the chapters and the back matter, in their order."""
        return (*self.front, *self.chapters, *self.back)

    @property
    def words(self) -> int:
        """The words of the chapters; front and back matter do not count."""
        return sum(chapter.words for chapter in self.chapters)

    @property
    def has_parts(self) -> bool:
        return any(part.title for part in self.parts)

    @property
    def images(self) -> tuple[str, ...]:
        """The files that its texts show, each once."""
        found: dict[str, None] = {}
        for piece in self.pieces:
            found.update(dict.fromkeys(image_sources(tuple(piece.blocks))))
            for note in piece.notes:
                found.update(dict.fromkeys(image_sources(note.blocks)))
        return tuple(found)
