"""Renders a book as one HTML page, with its style and images inside."""

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from typing import Final

from reyna.library.book_compiler.book.model import BookChapter
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.markup import MarkupWriter
from reyna.library.book_compiler.renderers.style import book_style

CONTENT_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PAGE_STYLE: Final = (
    "html { color-scheme: light dark; }\n"
    "body { font-family: Georgia, 'Times New Roman', serif; font-size: 1.125rem; max-width: 34em; "
    "margin: 2em auto 6em; padding: 0 1em; }\n"
    ".title-page, .part { margin-top: 4em; }\n"
)


def render(edition: Edition) -> bytes:
    """Returns the page, which needs nothing else and runs no script."""
    book = edition.book
    head = (
        f'<meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}"/>'
        f"<title>{escape(book.title)}</title>"
    )
    author = f'<meta name="author" content="{escape(book.author)}"/>' if book.author else ""
    body = "\n".join(_body(edition))
    page = (
        f'<!DOCTYPE html>\n<html lang="{escape(book.language)}" dir="{book.direction}">\n<head>{head}{author}\n'
        f"<style>\n{book_style()}{PAGE_STYLE}</style></head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    return page.encode()


def _body(edition: Edition) -> Iterator[str]:
    book = edition.book
    yield "".join(title_lines(edition, tag="header"))
    if edition.settings.table_of_contents:
        yield _contents(edition)
    yield "<main>"
    for piece in book.front:
        yield from _piece(edition, piece, 2)
    for part in book.parts:
        if part.title:
            yield f'<h2 class="part" id="{part.id}">{escape(part.title)}</h2>'
        for chapter in part.chapters:
            yield from _piece(edition, chapter, 3 if part.title else 2)
    for piece in book.back:
        yield from _piece(edition, piece, 2)
    yield "</main>"


def title_lines(edition: Edition, *, tag: str) -> Iterator[str]:
    """Yields the lines of the title page."""
    book = edition.book
    yield f'<{tag} class="title-page"><h1>{escape(book.title)}</h1>'
    if book.subtitle:
        yield f"<p>{escape(book.subtitle)}</p>"
    if book.author:
        yield f"<p>{escape(book.author)}</p>"
    if book.rights:
        yield f'<p class="rights">{escape(book.rights)}</p>'
    if book.isbn:
        yield f'<p class="rights">ISBN {book.isbn}</p>'
    yield f"</{tag}>"


def _contents(edition: Edition) -> str:
    book = edition.book
    items = [_entry(piece) for piece in book.front]
    for part in book.parts:
        chapters = "".join(_entry(chapter) for chapter in part.chapters)
        if part.title:
            chapters = (
                f'<li><a href="#{part.id}">{escape(part.title)}</a>'
                + (f"<ol>{chapters}</ol>" if chapters else "")
                + "</li>"
            )
        items.append(chapters)
    items += [_entry(piece) for piece in book.back]
    listed = "".join(items)
    return f"<nav><h2>{escape(edition.labels.contents)}</h2><ol>{listed}</ol></nav>" if listed else ""


def _entry(piece: BookChapter) -> str:
    return f'<li><a href="#{piece.id}">{escape(piece.title)}</a></li>' if piece.title else ""


def _piece(edition: Edition, piece: BookChapter, level: int) -> Iterator[str]:
    writer = MarkupWriter(
        edition.labels,
        lambda source: _data_address(edition, source),
        level=level,
        direction=edition.book.direction,
        note_prefix=f"{piece.id}-",
    )
    label = "" if piece.title else f' aria-label="{escape(edition.book.title)}"'
    yield f'<section id="{piece.id}"{label}>'
    if piece.title:
        yield f'<h{level} class="opening">{escape(piece.title)}</h{level}>'
    yield from writer.sections(piece)
    yield "</section>"


def _data_address(edition: Edition, source: str) -> str | None:
    image = edition.images.get(source)
    return f"data:{image.media_type};base64,{b64encode(image.data).decode()}" if image else None
