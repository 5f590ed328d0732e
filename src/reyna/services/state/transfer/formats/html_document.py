"""Reads documents of HTML, whose headings begin chapters."""

import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import Final

from reyna.services.state.transfer.reading.chapters import book_bucket, plan_chapters, split_chapters
from reyna.services.state.transfer.reading.draft_tree import FILE_LINK, DraftTree, stem
from reyna.services.state.transfer.reading.html_text import convert_html
from reyna.services.state.transfer.reading.items import IncomingFile, IncomingItem, TakeNote
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive, decode_text, is_system_file
from reyna.services.state.transfer.reading.relative_paths import resolve_path

ENDINGS: Final = (".html", ".htm", ".xhtml")
TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
CHARSET: Final = re.compile(rb"<meta[^>]+charset=[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
HEAD_BYTES: Final = 2048


def has_html(archive: OpenedArchive) -> bool:
    """Tells whether an archive has a document of HTML."""
    return any(path.lower().endswith(ENDINGS) for path in archive.paths)


def read_html_document(archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
    """Yields a book for the documents, with a chapter for each heading, and the images in them."""
    pages = [path for path in archive.paths if path.lower().endswith(ENDINGS) and not is_system_file(path)]
    if not pages:
        raise BadArchive("There is no HTML in it.")
    documents = [(path, _read(archive, path)) for path in pages]
    title = next((found[1] for _, text in documents if (found := TITLE.search(text))), "")
    tree = DraftTree(archive, f"html\x1f{stem(name)}")
    yield book_bucket(tree, " ".join(unescape(title).split()) or stem(name))
    used: set[str] = set()
    for path, text in documents:
        images: list[str] = []

        def link(source: str, path: str = path, images: list[str] = images) -> str | None:
            target = resolve_path(path, source)
            if target not in archive or target in pages:
                return None
            images.append(target)
            return f"{FILE_LINK}{tree.file_id(target)}"

        chapters = split_chapters(convert_html(text, link))
        for image in dict.fromkeys(images):
            if image not in used:
                used.add(image)
                yield IncomingFile(path=image, name=image.rpartition("/")[2])
        yield from plan_chapters(tree, "", chapters, path)
    for path in archive.paths:
        if path not in used and path not in pages:
            note(path, "ignored" if is_system_file(path) else "skipped", "No document of it shows this file.")


def _read(archive: OpenedArchive, path: str) -> str:
    content = archive.read(path)
    found = CHARSET.search(content[:HEAD_BYTES])
    if found is not None:
        with suppress(LookupError, UnicodeDecodeError):
            return content.decode(found[1].decode()).replace("\0", "\ufffd").replace("\r\n", "\n")
    return decode_text(content)[0]
