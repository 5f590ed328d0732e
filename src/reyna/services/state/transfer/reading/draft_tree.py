"""Puts together what a foreign format becomes: buckets, texts and files in order, under keys that follow from paths."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import filetype  # type: ignore[import-untyped,unused-ignore]

from reyna.domain.files.file import PART_BYTES, file_id_of
from reyna.services.state.transfer.reading.items import (
    IncomingBlob,
    IncomingBucket,
    IncomingFile,
    IncomingItem,
    IncomingPlace,
)
from reyna.services.state.transfer.reading.opened_archive import OpenedArchive

MAX_TEXT_CHARACTERS: Final = 1_000_000  # that one text of `text-input-v1` holds
MAX_TITLE_CHARACTERS: Final = 500
MAX_FILE_NAME_CHARACTERS: Final = 255
NUMBERS: Final = re.compile(r"(\d+)")
FILE_LINK: Final = "/api/files/"
KNOWN_MEDIA: Final = ("image/", "audio/", "video/")


class DraftTree:
    """Numbers what is added. `scope` keeps the keys of one format and archive apart from those of all others."""

    def __init__(self, archive: OpenedArchive, scope: str) -> None:
        self._archive, self._scope = archive, scope
        self._positions: Counter[str] = Counter()

    def bucket(
        self, key: str, parent: str | None, name: str, type: str, *, path: str = "", **metadata: Any
    ) -> IncomingBucket:
        """Returns a bucket behind all that its parent has so far."""
        kept = {field: value for field, value in metadata.items() if value not in (None, "", [], {})}
        return IncomingBucket(
            key=self.key(key),
            parent=None if parent is None else self.key(parent),
            position=self._next(parent or ""),
            name=name,
            type=type,
            metadata=kept,
            path=path,
        )

    def texts(
        self,
        key: str,
        bucket: str,
        content: str,
        *,
        path: str,
        title: str | None = None,
        label: str | None = None,
        rest: dict[str, Any] | None = None,
        created_at: datetime | None = None,
    ) -> Iterator[IncomingBlob]:
        """Yields a text, in several where it is too long for one; `rest` is kept beside its data."""
        parts = [*split_long_text(content)] or [""]
        for number, part in enumerate(parts, 1):
            data = {"content": part}
            if title:
                name = title if len(parts) == 1 else f"{title} ({number})"
                data["title"] = name[:MAX_TITLE_CHARACTERS]
            yield self.blob(
                key if number == 1 else f"{key}\x1f{number}",
                bucket,
                data,
                path=path if number == 1 else "",
                label=label,
                created_at=created_at,
                legacy={"source": path} | (rest or {}),
            )

    def blob(
        self, key: str, bucket: str, data: Any, *, path: str, label: str | None = None, **fields: Any
    ) -> IncomingBlob:
        """Returns a blob behind all that its bucket has so far."""
        place = IncomingPlace(bucket=self.key(bucket), position=self._next(bucket), label=label)
        return IncomingBlob(key=self.key(key), path=path, places=(place,), data=data, **fields)

    def attachment(self, path: str, bucket: str) -> Iterator[IncomingItem]:
        """Yields a file, and the blob that refers to it: an image, or a text with a link."""
        name, id, size = path.rpartition("/")[2], self.file_id(path), self._archive.size_of(path)
        yield IncomingFile(path=path, name=name)
        media_type = _media_type(next(self._archive.read_pieces(path, 4096), b""))
        if media_type.startswith("image/"):
            facts = {
                "file_id": id,
                "file_name": name[:MAX_FILE_NAME_CHARACTERS],
                "media_type": media_type,
                "bytes": size,
            }
            yield self.blob(path, bucket, facts, path="", schema_id="image-v1", legacy={"source": path})
        else:
            yield from self.texts(
                path, bucket, f"[{name}]({FILE_LINK}{id})", path="", title=name, rest={"source": path}
            )

    def file_id(self, path: str) -> str:
        """Returns the id that the file at this path will have."""
        digest = hashlib.sha256()
        for piece in self._archive.read_pieces(path, PART_BYTES):
            digest.update(piece)
        return file_id_of(digest.hexdigest())

    def key(self, key: str) -> str:
        """Returns the key within all imports of the account."""
        return f"{self._scope}\x1f{key}"

    def _next(self, bucket: str) -> int:
        self._positions[bucket] += 1
        return self._positions[bucket]


def split_long_text(text: str) -> Iterator[str]:
    """Yields a text in parts that fit into one blob, cut between paragraphs where there are any."""
    while len(text) > MAX_TEXT_CHARACTERS:
        cut = text.rfind("\n\n", 0, MAX_TEXT_CHARACTERS)
        cut = cut if cut > MAX_TEXT_CHARACTERS // 2 else MAX_TEXT_CHARACTERS
        yield text[:cut]
        text = text[cut:].lstrip("\n")
    if text:
        yield text


def natural_order(path: str) -> tuple[Any, ...]:
    """Returns a key that sorts names as people do: Chapter 2 before Chapter 10."""
    return tuple(int(part) if part.isdigit() else part.casefold() for part in NUMBERS.split(path))


def stem(path: str) -> str:
    """Returns the name of a file without its folder and its ending."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _media_type(head: bytes) -> str:
    kind = filetype.guess(head)
    return "" if kind is None else str(kind.mime)
