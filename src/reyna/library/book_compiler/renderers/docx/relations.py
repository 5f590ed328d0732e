"""The relations of a document: to its parts, its images, and the addresses of its links."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from reyna.library.book_compiler.images import BookImage
from reyna.library.book_compiler.renderers.docx.xml import RELATIONSHIPS

PartName = Literal["document", "footnotes"]
DOCUMENT_PARTS: Final = ("styles", "settings", "numbering", "footnotes", "fontTable")


class Relation(msgspec.Struct, frozen=True):
    id: str
    type: str
    target: str
    is_external: bool = False


class Relations:
    """Collects the relations while a document is written; the same link or image has one."""

    def __init__(self, images: Mapping[str, BookImage]) -> None:
        self._images = images
        self._names: dict[str, str] = {}
        self._found: dict[PartName, dict[str, Relation]] = {"document": {}, "footnotes": {}}

    def link(self, part: PartName, url: str) -> str:
        """Returns the id of the relation to the address."""
        return self._add(part, f"{RELATIONSHIPS}/hyperlink", url, is_external=True)

    def image(self, part: PartName, source: str) -> tuple[str, BookImage] | None:
        """Returns the id of the relation to an image, and the image; None for one that is absent."""
        image = self._images.get(source)
        if image is None:
            return None
        name = self._names.setdefault(source, f"media/image{len(self._names) + 1}.{image.extension}")
        return self._add(part, f"{RELATIONSHIPS}/image", name, is_external=False), image

    def for_document(self) -> Iterator[Relation]:
        yield Relation("rIdHeader", f"{RELATIONSHIPS}/header", "header1.xml")
        for name in DOCUMENT_PARTS:
            yield Relation(f"rId{name.capitalize()}", f"{RELATIONSHIPS}/{name}", f"{name}.xml")
        yield from self._found["document"].values()

    def for_footnotes(self) -> Iterator[Relation]:
        yield from self._found["footnotes"].values()

    def media(self) -> Iterator[tuple[str, bytes]]:
        """Yields the images that are shown, by their names in the archive."""
        for source, name in self._names.items():
            yield f"word/{name}", self._images[source].data

    def _add(self, part: PartName, type: str, target: str, *, is_external: bool) -> str:
        found = self._found[part]
        relation = found.setdefault(target, Relation(f"rId{len(found) + 1}", type, target, is_external))
        return relation.id
