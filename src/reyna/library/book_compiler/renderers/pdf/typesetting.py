"""Calls of Typst: a template of ours, and a book as its data."""

import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.library.book_compiler.renderers.edition import Edition

DATA_NAME: Final = "book.json"
TEMPLATE_NAME: Final = "main.typ"
TEMPLATES: Final = ("book.typ", "text.typ", "cover.typ")


class RendererMissing(Exception):
    """The library that renders this format is not installed."""


def typeset(edition: Edition, template: str, options: Mapping[str, Any], *, tags: bool) -> bytes:
    """Returns the PDF of the template with the book and these options. `tags`: for screen readers."""
    found: bytes = _compile(edition, template, options, format="pdf", pdf_tags=tags)
    return found


def typeset_image(edition: Edition, template: str, *, pixels_per_inch: float) -> bytes:
    """Returns the only page of the template as PNG."""
    found = _compile(edition, template, {}, format="png", ppi=pixels_per_inch)
    return found if isinstance(found, bytes) else bytes(found[0])


def _compile(edition: Edition, template: str, options: Mapping[str, Any], **settings: Any) -> Any:
    try:
        import typst
    except ImportError as error:
        raise RendererMissing("PDF needs Typst, which is not installed: pip install 'reyna-studio[books]'.") from error
    try:
        return _run(typst.compile, edition, template, options, settings)
    except typst.TypstError:
        if not edition.images:
            raise
        return _run(typst.compile, replace(edition, images={}), template, options, settings)  # one cannot be decoded


def _run(
    compile: Callable[..., Any],
    edition: Edition,
    template: str,
    options: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Any:
    moment = int(edition.book.modified.timestamp())
    with tempfile.TemporaryDirectory(prefix="reyna-book-") as folder:
        root = Path(folder)
        _write_sources(root, edition, template, options)
        return compile(str(root / template), root=str(root), timestamp=moment, **settings)


def _write_sources(root: Path, edition: Edition, template: str, options: Mapping[str, Any]) -> None:
    """Writes all that the template may read; Typst reads nothing outside of this folder."""
    sources = files(__package__)
    for name in TEMPLATES:
        (root / name).write_bytes(sources.joinpath(name).read_bytes())
    images: dict[str, dict[str, Any]] = {}
    for number, source in enumerate((*edition.book.images, edition.book.cover or "")):
        if image := edition.images.get(source):
            path = f"image-{number}.{image.extension}"
            images[source] = {"path": path, "width": image.width, "height": image.height}
            (root / path).write_bytes(image.data)
    data = {
        "book": edition.book,
        "labels": edition.labels._asdict(),
        "options": options,
        "images": images,
    }
    (root / DATA_NAME).write_bytes(msgspec.json.encode(data))
