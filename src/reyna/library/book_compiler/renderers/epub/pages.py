"""The pages of an EPUB: one XHTML document for each piece of the book."""

from collections.abc import Iterator
from html import escape
from typing import Final

import msgspec

from reyna.library.book_compiler.book.model import BookChapter, BookPart, ChapterKind
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.html import title_lines
from reyna.library.book_compiler.renderers.markup import FindImage, MarkupWriter

COVER_PAGE: Final = "cover.xhtml"
TITLE_PAGE: Final = "title.xhtml"
NAVIGATION_PAGE: Final = "nav.xhtml"
STYLE_SHEET: Final = "book.css"
MATTER_OF_KIND: Final[dict[ChapterKind, str]] = {"chapter": "bodymatter", "front": "frontmatter", "back": "backmatter"}


class EpubPage(msgspec.Struct, frozen=True):
    """A page as it is in the archive; `id` is its name in the package document."""

    id: str
    name: str
    content: str


def build_pages(edition: Edition, find_image: FindImage, cover: str | None) -> Iterator[EpubPage]:
    """Yields the pages in reading order, but for the navigation."""
    book = edition.book
    if cover:
        yield EpubPage("cover", COVER_PAGE, _cover_page(edition, cover))
    yield EpubPage(
        "title", TITLE_PAGE, page(edition, book.title, "".join(title_lines(edition, tag="section")), "titlepage")
    )
    for piece in book.front:
        yield _piece_page(edition, piece, find_image, level=1)
    for part in book.parts:
        if part.title:
            yield _part_page(edition, part)
        for chapter in part.chapters:
            yield _piece_page(edition, chapter, find_image, level=2 if part.title else 1)
    for piece in book.back:
        yield _piece_page(edition, piece, find_image, level=1)


def page(edition: Edition, title: str, body: str, kind: str) -> str:
    """Returns an XHTML document of this kind (EPUB 3 Structural Semantics Vocabulary)."""
    book = edition.book
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{escape(book.language)}" xml:lang="{escape(book.language)}" dir="{book.direction}">\n'
        f'<head><meta charset="utf-8"/><title>{escape(title)}</title>'
        f'<link rel="stylesheet" type="text/css" href="{STYLE_SHEET}"/></head>\n'
        f'<body epub:type="{kind}">\n{body}\n</body>\n</html>\n'
    )


def _cover_page(edition: Edition, cover: str) -> str:
    label = escape(f"{edition.labels.cover}: {edition.book.title}")
    body = f'<figure><img src="{cover}" alt="{label}"/></figure>'
    return page(edition, edition.labels.cover, body, "cover")


def _part_page(edition: Edition, part: BookPart) -> EpubPage:
    title = escape(part.title or "")
    body = f'<section epub:type="part" role="doc-part" aria-label="{title}"><h1 class="part">{title}</h1></section>'
    return EpubPage(part.id, f"{part.id}.xhtml", page(edition, part.title or "", body, "bodymatter"))


def _piece_page(edition: Edition, piece: BookChapter, find_image: FindImage, *, level: int) -> EpubPage:
    writer = MarkupWriter(edition.labels, find_image, level=level, direction=edition.book.direction, is_epub=True)
    kind = ' epub:type="chapter" role="doc-chapter"' if piece.kind == "chapter" else ""
    title = piece.title or edition.book.title
    heading = f'<h{level} class="opening">{escape(piece.title)}</h{level}>\n' if piece.title else ""
    body = "\n".join(writer.sections(piece))
    section = f'<section{kind} aria-label="{escape(title)}">\n{heading}{body}\n</section>'
    return EpubPage(piece.id, f"{piece.id}.xhtml", page(edition, title, section, MATTER_OF_KIND[piece.kind]))
