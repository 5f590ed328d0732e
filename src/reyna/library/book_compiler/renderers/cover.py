"""The cover of a book: the image that its author chose, or one with its title."""

from typing import Final

from reyna.library.book_compiler.images import BookImage, read_image
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.pdf.typesetting import RendererMissing, typeset_image

COVER_TEMPLATE: Final = "cover.typ"
PIXELS_PER_INCH: Final = 72.0  # of a page of 1,600 by 2,560 points


def cover_image(edition: Edition) -> BookImage | None:
    """Returns the cover, or None when there is none and the typesetter that would draw one is not installed."""
    if edition.cover is not None:
        return edition.cover
    try:
        return read_image(typeset_image(edition, COVER_TEMPLATE, pixels_per_inch=PIXELS_PER_INCH))
    except RendererMissing:
        return None
