"""An edition: a book with what its files need beside it."""

from collections.abc import Mapping

import msgspec

from reyna.library.book_compiler.book.labels import BookLabels, labels_for
from reyna.library.book_compiler.book.model import Book
from reyna.library.book_compiler.images import BookImage
from reyna.library.book_compiler.settings import BookSettings


class Edition(msgspec.Struct, frozen=True):
    """`images` are those that are there, by the names that the texts give them."""

    book: Book
    settings: BookSettings = BookSettings()
    images: Mapping[str, BookImage] = {}

    @property
    def labels(self) -> BookLabels:
        return labels_for(self.book.language)

    @property
    def cover(self) -> BookImage | None:
        return self.images.get(self.book.cover or "")
