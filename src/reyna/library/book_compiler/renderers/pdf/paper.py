"""Renders a book as PDF for print: a trim size, mirrored margins, chapters that begin on the right, no links."""

import math
from typing import Any, Final

from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.pdf.typesetting import typeset
from reyna.library.book_compiler.settings import TrimSize

BOOK_TEMPLATE: Final = "book.typ"
POINTS_PER_INCH: Final = 72.0
TRIM_SIZES_POINTS: Final[dict[TrimSize, tuple[float, float]]] = {
    "5x8": (360.0, 576.0),
    "5.25x8": (378.0, 576.0),
    "5.5x8.5": (396.0, 612.0),
    "6x9": (432.0, 648.0),
    "a5": (419.53, 595.28),
    "a4": (595.28, 841.89),
    "letter": (612.0, 792.0),
}
WORDS_PER_SQUARE_INCH: Final = 9.0  # of type at 10.5 points
INNER_MARGINS_INCHES: Final = ((150, 0.5), (300, 0.625), (500, 0.75), (700, 0.875))  # at most so many pages
WIDEST_INNER_MARGIN_INCHES: Final = 1.0


def render(edition: Edition) -> bytes:
    return typeset(edition, BOOK_TEMPLATE, print_options(edition), tags=False)


def print_options(edition: Edition) -> dict[str, Any]:
    """Returns the measures of the page in points; a thicker book has a wider inner margin, for its binding."""
    width, height = TRIM_SIZES_POINTS[edition.settings.trim]
    return {
        "mode": "print",
        "width": width,
        "height": height,
        "inner": inner_margin_inches(estimated_pages(edition)) * POINTS_PER_INCH,
        "outer": 0.5 * POINTS_PER_INCH,
        "top": 0.75 * POINTS_PER_INCH,
        "bottom": 0.75 * POINTS_PER_INCH,
        "size": edition.settings.font_size,
        "toc": edition.settings.table_of_contents,
        "parts": edition.book.has_parts,
    }


def estimated_pages(edition: Edition) -> int:
    width, height = TRIM_SIZES_POINTS[edition.settings.trim]
    square_inches = (width / POINTS_PER_INCH - 1.1) * (height / POINTS_PER_INCH - 1.5)
    words_per_page = square_inches * WORDS_PER_SQUARE_INCH * (10.5 / edition.settings.font_size) ** 2
    return math.ceil(edition.book.words / words_per_page) + len(edition.book.pieces)


def inner_margin_inches(pages: int) -> float:
    """Returns the inner margin that printers on demand ask for at least, with some room."""
    return next((margin for most, margin in INNER_MARGINS_INCHES if pages <= most), WIDEST_INNER_MARGIN_INCHES)
