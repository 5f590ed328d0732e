"""Renders a book as DOCX in standard manuscript format (William Shunn, https://www.shunn.net/format/novel/).

12 points, double spaced, ragged right, margins of an inch, first lines indented by half an inch, `#` for scene breaks;
a title page with the contact and the rounded word count; from page 2 on, `Surname / TITLE / page` at the top right.
"""

from collections.abc import Iterator
from typing import Final

from reyna.library.book_compiler.book.model import BookChapter, BookPart
from reyna.library.book_compiler.renderers.archive import build_archive
from reyna.library.book_compiler.renderers.docx.body import BodyWriter
from reyna.library.book_compiler.renderers.docx.package import (
    DOCUMENT_NAME,
    document_properties,
    fixed_parts,
    header,
    relationships,
)
from reyna.library.book_compiler.renderers.docx.relations import Relations
from reyna.library.book_compiler.renderers.docx.styles import paper_size, styles
from reyna.library.book_compiler.renderers.docx.xml import DOCUMENT_NAMESPACES, XML_HEADER, element
from reyna.library.book_compiler.renderers.edition import Edition

SHORTEST_NOVEL_WORDS: Final = 17_500  # below it, a word count is rounded to a hundred (SFWA's novelette and shorter)
MAX_HEADER_TITLE_CHARACTERS: Final = 40
ARTICLES: Final = ("the ", "a ", "an ")


def render(edition: Edition) -> bytes:
    relations = Relations(edition.images)
    writer = BodyWriter(edition, relations)
    body = "".join(_body(edition, writer))
    document = f"{XML_HEADER}<w:document {DOCUMENT_NAMESPACES}><w:body>{body}{_section(edition)}</w:body></w:document>"
    parts = {
        DOCUMENT_NAME: document,
        "word/styles.xml": styles(edition),
        "word/header1.xml": header(edition, header_text(edition)),
        "word/footnotes.xml": writer.footnotes(),
        "word/numbering.xml": writer.numbering(),
        "word/_rels/document.xml.rels": relationships(relations.for_document()),
        "word/_rels/footnotes.xml.rels": relationships(relations.for_footnotes()),
        "docProps/core.xml": document_properties(edition),
        **fixed_parts(),
    }
    return build_archive([*((name, xml.encode()) for name, xml in parts.items()), *relations.media()])


def rounded_words(words: int) -> int:
    """Returns the count to the nearest hundred, of a novel to the nearest thousand; never to nothing."""
    unit = 1_000 if words >= SHORTEST_NOVEL_WORDS else 100
    return max((words + unit // 2) // unit * unit, 100) if words else 0


def header_text(edition: Edition) -> str:
    """Returns `Surname / TITLE / `; of a long title its first words."""
    title = edition.book.title.upper()
    for article in ARTICLES:
        if title.lower().startswith(article):
            title = title[len(article) :]
    if len(title) > MAX_HEADER_TITLE_CHARACTERS:
        title = title[:MAX_HEADER_TITLE_CHARACTERS].rsplit(" ", 1)[0]
    surname = (edition.book.author or "").split()[-1:]
    return " / ".join([*surname, title, ""])


def _body(edition: Edition, writer: BodyWriter) -> Iterator[str]:
    yield from _title_page(edition, writer)
    level = 2 if edition.book.has_parts else 1
    for piece in edition.book.front:
        yield from _chapter(piece, writer, 1)
    for part in edition.book.parts:
        if part.title:
            yield _part(part, writer)
        for chapter in part.chapters:
            yield from _chapter(chapter, writer, level)
    for piece in edition.book.back:
        yield from _chapter(piece, writer, 1)


def _title_page(edition: Edition, writer: BodyWriter) -> Iterator[str]:
    book = edition.book
    count = edition.labels.words.format(f"{rounded_words(book.words):,}")
    first, *further = [*([book.author] if book.author and not book.contact else []), *book.contact] or [""]
    yield writer.line("Contact", f"{first}\t{count}", first=True)
    for line in further:
        yield writer.line("Contact", line)
    yield writer.line("Title", book.title)
    if book.subtitle:
        yield writer.line("Subtitle", book.subtitle)
    if book.author:
        yield writer.line("Author", f"{edition.labels.by} {book.author}")


def _part(part: BookPart, writer: BodyWriter) -> str:
    return writer.line("Heading1", part.title or "", page_break=True)


def _chapter(chapter: BookChapter, writer: BodyWriter, level: int) -> Iterator[str]:
    yield writer.line(f"Heading{level}" if chapter.title else "ChapterOpening", chapter.title or "", page_break=True)
    yield from writer.chapter(chapter, level)


def _section(edition: Edition) -> str:
    """Returns the section of the whole document: paper, margins, and no header on the title page."""
    width, height = paper_size(edition)
    margins = " ".join(f'w:{side}="1440"' for side in ("top", "right", "bottom", "left"))
    direction = element("bidi") if edition.book.direction == "rtl" else ""
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="rIdHeader"/>'
        f'<w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar {margins} w:header="720" w:footer="720" w:gutter="0"/>'
        f"<w:titlePg/>{direction}</w:sectPr>"
    )
