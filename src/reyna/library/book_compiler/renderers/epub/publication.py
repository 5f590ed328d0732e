"""Renders a book as EPUB 3.3 (https://www.w3.org/TR/epub-33/)."""

from collections.abc import Iterator
from typing import Final

from reyna.library.book_compiler.renderers.archive import build_archive
from reyna.library.book_compiler.renderers.cover import cover_image
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.epub.navigation import navigation_page
from reyna.library.book_compiler.renderers.epub.package_document import EpubImage, package_document
from reyna.library.book_compiler.renderers.epub.pages import NAVIGATION_PAGE, STYLE_SHEET, build_pages
from reyna.library.book_compiler.renderers.style import book_style

FOLDER: Final = "EPUB"
PACKAGE_NAME: Final = "package.opf"
MIME_TYPE: Final = ("mimetype", b"application/epub+zip")
CONTAINER: Final = f"""<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="{FOLDER}/{PACKAGE_NAME}" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""


def render(edition: Edition) -> bytes:
    cover = _cover(edition)
    shown = _shown_images(edition)
    images = [*([cover] if cover else []), *shown.values()]
    pages = list(
        build_pages(
            edition, lambda source: shown[source].name if source in shown else None, cover.name if cover else None
        )
    )
    contents = {
        PACKAGE_NAME: package_document(edition, pages, images),
        NAVIGATION_PAGE: navigation_page(edition, has_cover=cover is not None),
        STYLE_SHEET: book_style(),
        **{page.name: page.content for page in pages},
    }
    entries = [("META-INF/container.xml", CONTAINER.encode())]
    entries += [(f"{FOLDER}/{name}", content.encode()) for name, content in contents.items()]
    entries += [(f"{FOLDER}/{image.name}", image.data) for image in images]
    return build_archive(entries, first=MIME_TYPE)


def _cover(edition: Edition) -> EpubImage | None:
    image = cover_image(edition)
    if image is None:
        return None
    return EpubImage("cover-image", f"images/cover.{image.extension}", image.media_type, image.data, is_cover=True)


def _shown_images(edition: Edition) -> dict[str, EpubImage]:
    return dict(_number_images(edition))


def _number_images(edition: Edition) -> Iterator[tuple[str, EpubImage]]:
    for number, source in enumerate(edition.book.images, 1):
        if image := edition.images.get(source):
            name = f"images/image-{number}.{image.extension}"
            yield source, EpubImage(f"image-{number}", name, image.media_type, image.data)
