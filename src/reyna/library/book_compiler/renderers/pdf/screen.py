"""Renders a book as PDF for a screen: even margins, links, bookmarks, and tags for screen readers."""

from typing import Final

from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.pdf.paper import BOOK_TEMPLATE, print_options
from reyna.library.book_compiler.renderers.pdf.typesetting import typeset

SCREEN_MARGIN_POINTS: Final = 48.0


def render(edition: Edition) -> bytes:
    options = print_options(edition) | {"mode": "screen", "outer": SCREEN_MARGIN_POINTS}
    return typeset(edition, BOOK_TEMPLATE, options, tags=True)
