"""The package document of an EPUB: its metadata, its files and their order."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from html import escape
from typing import Final

import msgspec

from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.epub.pages import NAVIGATION_PAGE, STYLE_SHEET, EpubPage

ACCESSIBILITY_SUMMARY: Final = (
    "Text that reflows, with headings, a table of contents and a reading order. No sound, no motion, no script."
)


class EpubImage(msgspec.Struct, frozen=True):
    """An image as it is in the archive."""

    id: str
    name: str
    media_type: str
    data: bytes
    is_cover: bool = False


def package_document(edition: Edition, pages: Sequence[EpubPage], images: Sequence[EpubImage]) -> str:
    book = edition.book
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book-id" '
        f'xml:lang="{escape(book.language)}" dir="{book.direction}">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        + "\n".join(_metadata(edition, images))
        + "\n</metadata>\n<manifest>\n"
        + "\n".join(_manifest(pages, images))
        + f'\n</manifest>\n<spine page-progression-direction="{book.direction}">\n'
        + "\n".join(f'<itemref idref="{id}"/>' for id in _reading_order(edition, pages))
        + "\n</spine>\n</package>\n"
    )


def _metadata(edition: Edition, images: Sequence[EpubImage]) -> Iterator[str]:
    book = edition.book
    yield f'<dc:identifier id="book-id">{escape(book.identifier)}</dc:identifier>'
    yield f'<dc:title id="main-title">{escape(book.title)}</dc:title>'
    yield '<meta refines="#main-title" property="title-type">main</meta>'
    if book.subtitle:
        yield f'<dc:title id="subtitle">{escape(book.subtitle)}</dc:title>'
        yield '<meta refines="#subtitle" property="title-type">subtitle</meta>'
    if book.author:
        yield f'<dc:creator id="author">{escape(book.author)}</dc:creator>'
        yield '<meta refines="#author" property="role" scheme="marc:relators">aut</meta>'
    yield f"<dc:language>{escape(book.language)}</dc:language>"
    if book.rights:
        yield f"<dc:rights>{escape(book.rights)}</dc:rights>"
    yield f'<meta property="dcterms:modified">{book.modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</meta>'
    yield from _accessibility(has_images=any(not image.is_cover for image in images))


def _accessibility(*, has_images: bool) -> Iterator[str]:
    """Yields what the European Accessibility Act and shops ask for (EPUB Accessibility 1.1, schema.org)."""
    features = ["tableOfContents", "readingOrder", "structuralNavigation", "displayTransformability"]
    facts = [("accessMode", "textual"), ("accessModeSufficient", "textual"), ("accessibilityHazard", "none")]
    if has_images:
        facts.append(("accessMode", "visual"))
        features.append("alternativeText")
    facts += [("accessibilityFeature", feature) for feature in features]
    facts.append(("accessibilitySummary", ACCESSIBILITY_SUMMARY))
    for name, value in facts:
        yield f'<meta property="schema:{name}">{escape(value)}</meta>'


def _manifest(pages: Sequence[EpubPage], images: Sequence[EpubImage]) -> Iterator[str]:
    yield f'<item id="nav" href="{NAVIGATION_PAGE}" media-type="application/xhtml+xml" properties="nav"/>'
    yield f'<item id="style" href="{STYLE_SHEET}" media-type="text/css"/>'
    for page in pages:
        yield f'<item id="{page.id}" href="{page.name}" media-type="application/xhtml+xml"/>'
    for image in images:
        cover = ' properties="cover-image"' if image.is_cover else ""
        yield f'<item id="{image.id}" href="{image.name}" media-type="{image.media_type}"{cover}/>'


def _reading_order(edition: Edition, pages: Sequence[EpubPage]) -> Iterator[str]:
    for page in pages:
        yield page.id
        if page.id == "title" and edition.settings.table_of_contents:
            yield "nav"
