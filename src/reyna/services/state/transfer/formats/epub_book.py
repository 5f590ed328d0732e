"""Reads books in EPUB: the spine in order, each document split by its headings."""

from collections.abc import Callable, Iterator
from typing import Final

from reyna.services.state.transfer.reading.chapters import Chapter, book_bucket, plan_chapters, split_chapters
from reyna.services.state.transfer.reading.draft_tree import FILE_LINK, DraftTree, stem
from reyna.services.state.transfer.reading.html_text import TextBlock, convert_html, join_blocks
from reyna.services.state.transfer.reading.items import IncomingFile, IncomingItem, TakeNote
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive, decode_text
from reyna.services.state.transfer.reading.relative_paths import resolve_path
from reyna.services.state.transfer.reading.safe_xml import local_name, parse_xml

CONTAINER: Final = "META-INF/container.xml"
ENCRYPTION: Final = "META-INF/encryption.xml"
DOCUMENT_TYPES: Final = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
LANGUAGE_CHARACTERS: Final = 35


def is_epub(archive: OpenedArchive) -> bool:
    """Tells whether an archive is a book in EPUB."""
    return archive.is_zip and CONTAINER in archive


def read_epub_book(archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
    """Yields a book with its chapters and the images in them."""
    if ENCRYPTION in archive and b"EncryptedData" in archive.read(ENCRYPTION):
        note(ENCRYPTION, "not_understood", "Parts of the book are encrypted; fonts do no harm, texts cannot be read.")
    package = _package_path(archive)
    book = _Package(archive, package)
    tree = DraftTree(archive, f"epub\x1f{stem(name)}")
    title = book.metadata.get("title") or stem(name)
    author, language = book.metadata.get("creator"), book.metadata.get("language", "")[:LANGUAGE_CHARACTERS]
    yield book_bucket(tree, title, author=author, language=language)
    used: set[str] = set()
    number = 1
    for path in book.spine:
        if path not in archive:
            note(path, "skipped", "The book lists this document, but does not hold it.")
            continue
        if path == book.navigation:
            note(path, "ignored", "It is the table of contents.")
            continue
        images: list[str] = []
        chapters = _chapters_of(convert_html(decode_text(archive.read(path))[0], _linker(tree, archive, path, images)))
        for image in dict.fromkeys(images):
            if image not in used:
                used.add(image)
                yield IncomingFile(path=image, name=image.rpartition("/")[2])
        yield from plan_chapters(tree, "", chapters, path, first_number=number)
        number += len(chapters)
    for path, kind in book.items.items():
        if path in archive and path not in used and kind.startswith(("image/", "audio/", "video/")):
            yield from tree.attachment(path, "")
        elif kind in DOCUMENT_TYPES and path not in book.spine and path != book.navigation:
            note(path, "skipped", "It is not in the reading order of the book.")


class _Package:
    """The description of a book: its metadata, its entries with their types, and their reading order."""

    def __init__(self, archive: OpenedArchive, path: str) -> None:
        root = parse_xml(archive, path)
        self.metadata: dict[str, str] = {}
        self.items: dict[str, str] = {}
        self.navigation = ""
        by_id: dict[str, str] = {}
        order: list[str] = []
        for element in root.iter():
            match local_name(element):
                case "title" | "creator" | "language" if element.text and local_name(element) not in self.metadata:
                    self.metadata[local_name(element)] = " ".join(element.text.split())
                case "item":
                    target = resolve_path(path, element.get("href", ""))
                    by_id[element.get("id", "")] = target
                    self.items[target] = element.get("media-type", "")
                    if "nav" in element.get("properties", "").split():
                        self.navigation = target
                case "itemref":
                    order.append(element.get("idref", ""))
        self.spine = [by_id[id] for id in dict.fromkeys(order) if id in by_id]
        if not self.spine:
            raise BadArchive("The book has no reading order.")


def _package_path(archive: OpenedArchive) -> str:
    for element in parse_xml(archive, CONTAINER).iter():
        if local_name(element) == "rootfile" and (path := element.get("full-path", "")) in archive:
            return path
    raise BadArchive("This is no EPUB: META-INF/container.xml names no book.")


def _chapters_of(blocks: list[TextBlock]) -> list[Chapter]:
    """Returns the chapters of one document: most books have one in each, under one heading."""
    headings = [block for block in blocks if block.level]
    if len({block.level for block in headings}) > 1 and blocks[0].level == min(block.level for block in headings):
        top = [block for block in headings if block.level == blocks[0].level]
        if len(top) == 1:  # the title of the chapter, above headings within it
            return [Chapter(split_chapters(blocks[:1])[0].title, join_blocks(blocks[1:]))]
    return split_chapters(blocks)


def _linker(tree: DraftTree, archive: OpenedArchive, path: str, images: list[str]) -> Callable[[str], str | None]:
    def link(source: str) -> str | None:
        target = resolve_path(path, source)
        if target not in archive:
            return None
        images.append(target)
        return f"{FILE_LINK}{tree.file_id(target)}"

    return link
