"""Builds a book out of a tree of buckets."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.library.book_compiler.book.chapters import (
    ChapterRules,
    Scene,
    build_chapter,
    chosen_items,
    scenes_of,
    title_of,
)
from reyna.library.book_compiler.book.isbn import normalized_isbn
from reyna.library.book_compiler.book.labels import smart_quotes_for
from reyna.library.book_compiler.book.model import Book, BookChapter, BookPart, ChapterKind
from reyna.library.book_compiler.book.roles import BucketRole, is_left_out, role_of
from reyna.library.book_compiler.book.selection import select_buckets
from reyna.library.book_compiler.book.sources import BookBucket, BookText
from reyna.library.book_compiler.settings import BookSettings
from reyna.library.book_compiler.text.direction import direction_of_language

IDENTIFIER_NAMESPACE: Final = uuid.UUID("5d1d9a4c-7d0e-4f0b-9a55-0f3c3d1d7f6a")
LANGUAGE_PATTERN_PARTS: Final = 4
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)


def build_book(root: BookBucket, settings: BookSettings) -> Book:
    """Returns the book of this bucket and of all that is in it, in its order."""
    metadata = root.metadata
    language = settings.language or _language_in(metadata) or "en"
    isbn = normalized_isbn(settings.isbn or _line_in(metadata, "isbn") or "")
    builder = _BookBuilder(_rules_of(settings, language))
    builder.add(select_buckets(root, settings.buckets), None)
    return Book(
        title=title_of(settings.title) or title_of(root.name) or "Untitled",
        subtitle=title_of(settings.subtitle) or _line_in(metadata, "subtitle"),
        author=title_of(settings.author) or _line_in(metadata, "author"),
        language=language,
        direction=direction_of_language(language),
        identifier=f"urn:isbn:{isbn}" if isbn else uuid.uuid5(IDENTIFIER_NAMESPACE, root.id).urn,
        isbn=isbn,
        rights=title_of(settings.rights) or _line_in(metadata, "rights"),
        modified=builder.modified,
        contact=tuple(line for one in settings.contact if (line := title_of(one))),
        cover=settings.cover or _line_in(metadata, "cover"),
        front=tuple(builder.front),
        parts=tuple(part for part in builder.parts if part.chapters),
        back=tuple(builder.back),
        missing=(*builder.missing, *(part.title or part.id for part in builder.parts if not part.chapters)),
    )


def _rules_of(settings: BookSettings, language: str) -> ChapterRules:
    return ChapterRules(
        version=settings.version,
        choices=settings.choices,
        left_out_types=frozenset(settings.leave_out),
        left_out_buckets=frozenset(settings.leave_out_buckets),
        scene_breaks=settings.scene_breaks,
        direction=direction_of_language(language),
        smart_quotes=smart_quotes_for(language) if settings.smart_quotes else None,
    )


class _BookBuilder:
    """Collects the pieces of a book as it goes through the buckets."""

    def __init__(self, rules: ChapterRules) -> None:
        self.modified = EARLIEST
        self.front: list[BookChapter] = []
        self.parts: list[BookPart] = []
        self.back: list[BookChapter] = []
        self.missing: list[str] = []
        self._rules = rules
        self._is_in_part = False
        self._count = 0

    def add(self, bucket: BookBucket, inside: BucketRole | None) -> None:
        """Adds the bucket with all that is in it."""
        if inside is not None and is_left_out(bucket, self._rules.left_out_types, self._rules.left_out_buckets):
            return
        match role_of(bucket, inside):
            case "front":
                self.front += self._pieces(bucket, "front")
            case "back":
                self.back += self._pieces(bucket, "back")
            case "chapter" | "section":
                self._add_chapter(bucket)
            case "part":
                self._add_part(bucket)
            case "book":
                self._add_children(bucket)

    def _add_part(self, bucket: BookBucket) -> None:
        self.parts.append(BookPart(id=self._next_id("part"), title=title_of(bucket.name), bucket_id=bucket.id))
        self._is_in_part = True
        self._add_children(bucket)
        self._is_in_part = False

    def _add_children(self, bucket: BookBucket) -> None:
        """Adds what is in the bucket; texts beside the chapters are chapters by their titles, or of one without."""
        loose: list[BookText] = []
        for item in chosen_items(bucket, self._rules):
            if isinstance(item, BookText) and not (loose and title_of(item.title)):
                loose.append(item)
                continue
            self._add_loose_texts(loose, bucket)
            loose = [item] if isinstance(item, BookText) else []
            if isinstance(item, BookBucket):
                self.add(item, "book")
        self._add_loose_texts(loose, bucket)

    def _add_chapter(self, bucket: BookBucket) -> None:
        scenes = list(scenes_of(bucket, self._rules))
        title = title_of(bucket.name)
        if not scenes:
            self.missing.append(title or bucket.id)
            return
        self._append(self._chapter(scenes, "chapter", title, bucket))

    def _add_loose_texts(self, texts: list[BookText], bucket: BookBucket) -> None:
        if texts:
            scenes = (
                [Scene(None, (text,)) for text in texts] if self._rules.scene_breaks else [Scene(None, tuple(texts))]
            )
            self._append(self._chapter(scenes, "chapter", title_of(texts[0].title), bucket))

    def _append(self, chapter: BookChapter) -> None:
        if not self.parts or (self.parts[-1].title and not self._is_in_part):
            self.parts.append(BookPart(id=self._next_id("part")))
        last = self.parts[-1]
        self.parts[-1] = msgspec.structs.replace(last, chapters=(*last.chapters, chapter))

    def _pieces(self, bucket: BookBucket, kind: ChapterKind) -> Iterator[BookChapter]:
        """Yields the pieces of front or back matter: one for each text and each bucket in it."""
        for item in chosen_items(bucket, self._rules):
            if isinstance(item, BookText):
                yield self._chapter([Scene(None, (item,))], kind, title_of(item.title), bucket)
            elif scenes := list(scenes_of(item, self._rules)):
                yield self._chapter(scenes, kind, title_of(item.name), item)

    def _chapter(self, scenes: list[Scene], kind: ChapterKind, title: str | None, bucket: BookBucket) -> BookChapter:
        self.modified = max(self.modified, *(text.updated_at for scene in scenes for text in scene.texts))
        return build_chapter(scenes, self._rules, id=self._next_id(kind), kind=kind, title=title, bucket_id=bucket.id)

    def _next_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"


def _line_in(metadata: dict[str, Any], field: str) -> str | None:
    found = metadata.get(field)
    return title_of(found) if isinstance(found, str) else None


def _language_in(metadata: dict[str, Any]) -> str | None:
    """Returns the language of the metadata when it is a code."""
    found = _line_in(metadata, "language") or ""
    parts = found.split("-")
    is_code = 2 <= len(parts[0]) <= 3 and len(parts) <= LANGUAGE_PATTERN_PARTS
    return found if is_code and all(part.isascii() and part.isalnum() for part in parts) else None
