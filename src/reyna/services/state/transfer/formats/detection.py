"""The formats by name, and the detection of that of an archive."""

from collections.abc import Callable, Mapping
from typing import Final

from reyna.services.state.transfer.formats.docx_document import is_docx, read_docx_document
from reyna.services.state.transfer.formats.epub_book import is_epub, read_epub_book
from reyna.services.state.transfer.formats.html_document import has_html, read_html_document
from reyna.services.state.transfer.formats.markdown_folder import has_texts, is_vault, read_markdown_folder
from reyna.services.state.transfer.formats.reyna_archive import is_reyna_archive, read_reyna_archive
from reyna.services.state.transfer.reading.items import FormatReader
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive

READERS: Final[Mapping[str, FormatReader]] = {
    "reyna": read_reyna_archive,
    "markdown": read_markdown_folder,
    "obsidian": read_markdown_folder,
    "docx": read_docx_document,
    "epub": read_epub_book,
    "html": read_html_document,
}
SIGNS: Final[tuple[tuple[str, Callable[[OpenedArchive], bool]], ...]] = (
    ("reyna", is_reyna_archive),
    ("docx", is_docx),
    ("epub", is_epub),
    ("obsidian", is_vault),
    ("markdown", has_texts),
    ("html", has_html),
)


def detect_format(archive: OpenedArchive) -> str:
    """Returns the format of an archive, by what is in it. Raises BadArchive."""
    for format, has_signs in SIGNS:
        if has_signs(archive):
            return format
    raise BadArchive(f"No format that can be imported is found in it; name one: {', '.join(READERS)}.")
