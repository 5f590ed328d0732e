"""Writes a ZIP archive while it is sent: nothing is held but the entry at hand and, in a temporary file, the directory.

After APPNOTE.TXT 6.3.10. An entry of unknown length is always deflated, at level 0 where compression would gain
nothing: its end is then found without its length, also by programs that read an archive as a stream.
"""

import struct
import tempfile
import zlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final, NamedTuple, Self

from reyna.services.state.revisions.revision_storage import run_in_thread_if_large

LOCAL_HEADER: Final = struct.Struct("<4sHHHHHIIIHH")
CENTRAL_HEADER: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
DESCRIPTOR: Final = struct.Struct("<4sIII")
DESCRIPTOR_64: Final = struct.Struct("<4sIQQ")
END: Final = struct.Struct("<4sHHHHIIH")
END_64: Final = struct.Struct("<4sQHHIIQQQQ")
END_64_LOCATOR: Final = struct.Struct("<4sIQI")
UTF8_NAME, LENGTH_FOLLOWS = 0x0800, 0x0008  # flags of an entry
DEFLATED: Final = 8
VERSION, VERSION_64 = 20, 45  # of the format that a reader needs to know
MADE_ON_UNIX: Final = 3 << 8
FIXED_TIME, FIXED_DATE = 0, 33  # 1980-01-01 00:00, the first moment of MS-DOS: the same library gives the same bytes
FILE_MODE: Final = 0o100644 << 16
MAX_32: Final = 0xFFFFFFFF
MAX_16: Final = 0xFFFF
LARGE_BYTES: Final = 0xF0000000  # of content from which lengths are written in 64 bits, compressed or not
ZIP64_TAG: Final = 1
LEVEL: Final = 6
DIRECTORY_BYTES_IN_MEMORY: Final = 1024 * 1024
COPY_BYTES: Final = 64 * 1024


class _Entry(NamedTuple):
    """An entry, as the directory at the end lists it."""

    name: bytes
    flags: int
    checksum: int
    packed: int
    size: int
    offset: int


class ZipStream:
    """One archive. Each method yields the next bytes of it; `close` must be the last."""

    def __init__(self) -> None:
        self._offset = 0
        self._count = 0
        self._directory = tempfile.SpooledTemporaryFile(max_size=DIRECTORY_BYTES_IN_MEMORY)  # noqa: SIM115 - __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._directory.close()

    async def add(self, name: str, content: bytes) -> AsyncIterator[bytes]:
        """Yields an entry whose content is at hand."""
        packed = await run_in_thread_if_large(len(content), _deflate, content)
        entry = _Entry(name.encode(), UTF8_NAME, zlib.crc32(content), len(packed), len(content), self._offset)
        yield self._counted(_local_header(entry, VERSION))
        yield self._counted(packed)
        self._list(entry)

    async def add_stream(
        self, name: str, content: AsyncIterable[bytes], *, size: int = 0, compressed: bool = True
    ) -> AsyncIterator[bytes]:
        """Yields an entry whose content arrives; `size` is its length where it may be large."""
        is_large = size >= LARGE_BYTES
        started = _Entry(name.encode(), UTF8_NAME | LENGTH_FOLLOWS, 0, 0, 0, self._offset)
        yield self._counted(_local_header(started, VERSION_64 if is_large else VERSION, is_large=is_large))
        checksum = length = packed_length = 0
        packer = zlib.compressobj(LEVEL if compressed else 0, zlib.DEFLATED, -zlib.MAX_WBITS)
        async for chunk in content:
            checksum, length = zlib.crc32(chunk, checksum), length + len(chunk)
            if packed := await run_in_thread_if_large(len(chunk), packer.compress, chunk):
                packed_length += len(packed)
                yield self._counted(packed)
        packed = packer.flush()
        packed_length += len(packed)
        form = DESCRIPTOR_64 if is_large else DESCRIPTOR
        yield self._counted(packed + form.pack(b"PK\x07\x08", checksum, packed_length, length))
        self._list(started._replace(checksum=checksum, packed=packed_length, size=length))

    async def close(self) -> AsyncIterator[bytes]:
        """Yields the directory."""
        start, size = self._offset, self._directory.tell()
        self._directory.seek(0)
        while chunk := self._directory.read(COPY_BYTES):
            yield self._counted(chunk)
        if self._count >= MAX_16 or start >= MAX_32 or size >= MAX_32:
            end = END_64.size - 12  # the length of what follows it, as it says
            counts = (self._count, self._count, size, start)
            yield END_64.pack(b"PK\x06\x06", end, MADE_ON_UNIX | VERSION_64, VERSION_64, 0, 0, *counts)
            yield END_64_LOCATOR.pack(b"PK\x06\x07", 0, self._offset, 1)
        count = min(self._count, MAX_16)
        yield END.pack(b"PK\x05\x06", 0, 0, count, count, min(size, MAX_32), min(start, MAX_32), 0)

    def _counted(self, content: bytes) -> bytes:
        self._offset += len(content)
        return content

    def _list(self, entry: _Entry) -> None:
        """Writes an entry into the directory."""
        numbers = (entry.size, entry.packed, entry.offset)
        large = [number for number in numbers if number >= MAX_32]
        extra = struct.pack(f"<HH{len(large)}Q", ZIP64_TAG, 8 * len(large), *large) if large else b""
        version = VERSION_64 if large else VERSION
        self._directory.write(
            CENTRAL_HEADER.pack(
                *(b"PK\x01\x02", MADE_ON_UNIX | version, version, entry.flags, DEFLATED, FIXED_TIME, FIXED_DATE),
                *(entry.checksum, min(entry.packed, MAX_32), min(entry.size, MAX_32)),
                *(len(entry.name), len(extra), 0, 0, 0, FILE_MODE, min(entry.offset, MAX_32)),
            )
        )
        self._directory.write(entry.name + extra)
        self._count += 1


def _local_header(entry: _Entry, version: int, *, is_large: bool = False) -> bytes:
    extra = struct.pack("<HHQQ", ZIP64_TAG, 16, 0, 0) if is_large else b""
    length = MAX_32 if is_large else 0
    header = LOCAL_HEADER.pack(
        *(b"PK\x03\x04", version, entry.flags, DEFLATED, FIXED_TIME, FIXED_DATE, entry.checksum),
        *(entry.packed or length, entry.size or length, len(entry.name), len(extra)),
    )
    return header + entry.name + extra


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()
