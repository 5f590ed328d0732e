"""Cutting content into pieces, so that what did not change gives the same pieces as in the backup before."""

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

MIN_PIECE_BYTES: Final = 256 * 1024
AVERAGE_PIECE_BYTES: Final = 1024 * 1024
MAX_PIECE_BYTES: Final = 4 * 1024 * 1024
HASH_RANGE: Final = 2**32
LENGTH_BYTES: Final = 4  # in front of each document of BSON, its own length included


class Cutter(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields the pieces that are complete now."""
        ...

    def finish(self) -> Iterator[bytes]:
        """Yields what is left."""
        ...


class RowCutter:
    """Cuts behind rows that their own content chooses: a new or changed row changes the piece around it, not those
    behind it.

    `split` returns the whole rows at the beginning of some data, and the rest.
    """

    def __init__(self, split: Callable[[bytes], tuple[list[bytes], bytes]]) -> None:
        self._split, self._rest = split, b""
        self._rows: list[bytes] = []
        self._size = 0
        self.row_count = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        rows, self._rest = self._split(self._rest + data if self._rest else data)
        for row in rows:
            self._rows.append(row)
            self._size += len(row)
            self.row_count += 1
            if self._size >= MAX_PIECE_BYTES or (self._size >= MIN_PIECE_BYTES and _ends_piece(row)):
                yield self._take()

    def finish(self) -> Iterator[bytes]:
        if self._rest:
            self._rows.append(self._rest)
            self._rest = b""
        if self._rows:
            yield self._take()

    def _take(self) -> bytes:
        piece, self._rows, self._size = b"".join(self._rows), [], 0
        return piece


class ByteCutter:
    """Cuts after every 4 MiB."""

    row_count = 0

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        content = self._rest + data if self._rest else data
        whole = len(content) - len(content) % MAX_PIECE_BYTES
        for start in range(0, whole, MAX_PIECE_BYTES):
            yield content[start : start + MAX_PIECE_BYTES]
        self._rest = content[whole:]

    def finish(self) -> Iterator[bytes]:
        if self._rest:
            yield self._rest
            self._rest = b""


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Returns the whole lines, each with its line feed, and the rest: one row each in PostgreSQL's text format."""
    end = data.rfind(b"\n") + 1
    return [line + b"\n" for line in data[: end - 1].split(b"\n")] if end else [], data[end:]


def split_documents(data: bytes) -> tuple[list[bytes], bytes]:
    """Returns the whole documents of BSON, and the rest."""
    documents, start = [], 0
    while start + LENGTH_BYTES <= len(data):
        end = start + int.from_bytes(data[start : start + LENGTH_BYTES], "little")
        if end > len(data) or end <= start:
            break
        documents.append(data[start:end])
        start = end
    return documents, data[start:]


def _ends_piece(row: bytes) -> bool:
    """Returns whether a piece ends behind this row: by its own hash, once in some 768 KiB of rows."""
    return zlib.crc32(row) * (AVERAGE_PIECE_BYTES - MIN_PIECE_BYTES) < len(row) * HASH_RANGE
