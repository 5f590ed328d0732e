"""Files: binary content of a user, which is addressed by its hash."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Final

import msgspec

from reyna.domain.ids import ulid

PART_BYTES: Final = 3 * 1024 * 1024  # of content in one call over the bus, where base64 makes it 4 MiB
MAX_FILE_NAME_CHARACTERS: Final = 255
DEFAULT_MEDIA_TYPE: Final = "application/octet-stream"


class FileInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about a file. Its id follows from its content, so that the same content is one file of its user.

    `size` is in bytes and `sha256` in hexadecimal; `media_type` was found in the content. `width` and `height` are in
    pixels, `duration` in seconds, `peaks` the waveform from 0 to 1, where a processor has found them out.
    """

    id: str
    sha256: str
    size: int
    media_type: str
    name: str
    created_by: str
    created_at: datetime
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    peaks: tuple[float, ...] | None = None


class NewUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A request to begin an upload; `size` is its length in bytes, None while it is not known."""

    name: str = ""
    size: int | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an upload: `offset` bytes are stored. `file_id` is the file that it became."""

    id: str
    name: str
    size: int | None
    offset: int
    file_id: str | None = None
    created_at: datetime
    expires_at: datetime


def file_id_of(sha256: str) -> str:
    """Returns the id of the file with this content: 128 bits of its hash."""
    digest = bytes.fromhex(sha256)
    return f"file-{ulid(int.from_bytes(digest[:6], 'big'), int.from_bytes(digest[6:16], 'big'))}"


def sha256_of(content: bytes) -> str:
    """Returns the hash of this content in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


async def cut_into_parts(content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yields the same content in parts of 3 MiB, the last one shorter and never empty.

    What has arrived before an error is yielded before the error is raised: it need not be sent again.
    """
    held = bytearray()
    try:
        async for chunk in content:
            held += chunk
            while len(held) >= PART_BYTES:
                yield bytes(held[:PART_BYTES])
                del held[:PART_BYTES]
    except Exception:
        if held:
            yield bytes(held)
        raise
    if held:
        yield bytes(held)
