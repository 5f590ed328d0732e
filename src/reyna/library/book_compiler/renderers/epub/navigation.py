"""The navigation document of an EPUB: its table of contents and landmarks."""

from collections.abc import Iterator
from html import escape

from reyna.library.book_compiler.book.model import BookChapter
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.epub.pages import COVER_PAGE, NAVIGATION_PAGE, TITLE_PAGE, page


def navigation_page(edition: Edition, *, has_cover: bool) -> str:
    """Returns the document; a book without titles has one entry, its own."""
    title = escape(edition.labels.contents)
    entries = "".join(_entries(edition)) or _link(TITLE_PAGE, edition.book.title)
    landmarks = "".join(_landmarks(edition, has_cover=has_cover))
    body = (
        f'<nav epub:type="toc" id="toc" role="doc-toc" aria-label="{title}"><h1>{title}</h1><ol>{entries}</ol></nav>\n'
        f'<nav epub:type="landmarks" id="landmarks" hidden="hidden" aria-label="Landmarks"><ol>{landmarks}</ol></nav>'
    )
    return page(edition, edition.labels.contents, body, "frontmatter")


def _entries(edition: Edition) -> Iterator[str]:
    book = edition.book
    yield from map(_entry, book.front)
    for part in book.parts:
        chapters = "".join(map(_entry, part.chapters))
        if not part.title:
            yield chapters
            continue
        inner = f"<ol>{chapters}</ol>" if chapters else ""
        yield f'<li><a href="{part.id}.xhtml">{escape(part.title)}</a>{inner}</li>'
    yield from map(_entry, book.back)


def _entry(piece: BookChapter) -> str:
    return _link(f"{piece.id}.xhtml", piece.title) if piece.title else ""


def _link(name: str, title: str, attributes: str = "") -> str:
    return f'<li><a{attributes} href="{name}">{escape(title)}</a></li>'


def _landmarks(edition: Edition, *, has_cover: bool) -> Iterator[str]:
    labels = edition.labels
    if has_cover:
        yield _link(COVER_PAGE, labels.cover, ' epub:type="cover"')
    yield _link(TITLE_PAGE, labels.title_page, ' epub:type="titlepage"')
    if edition.settings.table_of_contents:
        yield _link(f"{NAVIGATION_PAGE}#toc", labels.contents, ' epub:type="toc"')
    if first := next(iter(edition.book.chapters), None):
        yield _link(f"{first.id}.xhtml", labels.start, ' epub:type="bodymatter"')
