"""ZIP archives with the same bytes for the same content."""

import io
from collections.abc import Iterable
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

EARLIEST_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
UNIX_SYSTEM: Final = 3
FILE_MODE: Final = 0o644 << 16
COMPRESSION_LEVEL: Final = 6


def build_archive(entries: Iterable[tuple[str, bytes]], *, first: tuple[str, bytes] | None = None) -> bytes:
    """Returns the archive with its entries sorted by name; `first` comes before them, uncompressed."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        if first is not None:
            archive.writestr(_entry(first[0], ZIP_STORED), first[1])
        for name, data in sorted(entries):
            archive.writestr(_entry(name, ZIP_DEFLATED), data, compresslevel=COMPRESSION_LEVEL)
    return buffer.getvalue()


def _entry(name: str, compression: int) -> ZipInfo:
    entry = ZipInfo(name, EARLIEST_ZIP_TIME)
    entry.compress_type, entry.create_system, entry.external_attr = compression, UNIX_SYSTEM, FILE_MODE
    return entry
