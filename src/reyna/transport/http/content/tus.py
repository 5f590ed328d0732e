"""The headers of resumable uploads (tus 1.0, https://tus.io/protocols/resumable-upload)."""

import base64
import binascii
import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from reyna.domain.errors import Invalid, Malformed, UnsupportedMediaType

VERSION: Final = "1.0.0"
CHUNK_MEDIA_TYPE: Final = "application/offset+octet-stream"
CHECKSUM_ALGORITHMS: Final = ("sha256", "sha512", "sha1", "md5")
RESUMABLE: Final = {"tus-resumable": VERSION}
OPTIONS_HEADERS: Final = RESUMABLE | {
    "tus-version": VERSION,
    "tus-extension": "creation,creation-defer-length,expiration,checksum,termination",
    "tus-checksum-algorithm": ",".join(CHECKSUM_ALGORITHMS),
}
MAX_NUMBER_DIGITS: Final = 18
CHECKSUM_MISMATCH_STATUS: Final = 460
NAME_KEYS: Final = ("filename", "name")


class UnknownTusVersion(Invalid):
    """Send Tus-Resumable: 1.0.0."""

    status = 412


class Checksum:
    """The checksum of a chunk, computed while it arrives. SHA-1 and MD5 are those of the protocol: they find damage,
    and protect from nobody."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._expected = expected
        self._digest = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, content: bytes) -> None:
        self._digest.update(content)

    def matches(self) -> bool:
        return self._digest.digest() == self._expected


def check_version(header: str | None) -> None:
    """Raises UnknownTusVersion."""
    if header != VERSION:
        raise UnknownTusVersion


def check_chunk_type(header: str | None) -> None:
    """Raises UnsupportedMediaType for a body that is no chunk of an upload."""
    if header is None or header.partition(";")[0].strip().lower() != CHUNK_MEDIA_TYPE:
        raise UnsupportedMediaType(f"Send {CHUNK_MEDIA_TYPE}.")


def parse_number(name: str, header: str | None) -> int:
    """Returns the number in a header that must be there. Raises Malformed."""
    if header is None or not (header.isascii() and header.isdigit() and len(header) <= MAX_NUMBER_DIGITS):
        raise Malformed(f"{name} must be a number.", header=name)
    return int(header)


def parse_length(length: str | None, defer: str | None) -> int | None:
    """Returns the size of a new upload, None for one that is told later. Raises Malformed."""
    if length is None and defer == "1":
        return None
    if defer is not None:
        raise Malformed("Send Upload-Length, or Upload-Defer-Length: 1.", header="Upload-Length")
    return parse_number("Upload-Length", length)


def parse_name(metadata: str | None) -> str:
    """Returns the file name in Upload-Metadata, or nothing. The media type that it may name is not believed.

    Raises Malformed.
    """
    named: dict[str, str] = {}
    for pair in filter(str.strip, (metadata or "").split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            named[key] = base64.b64decode(value.strip(), validate=True).decode(errors="replace")
        except (ValueError, binascii.Error) as error:
            raise Malformed("Upload-Metadata holds what is no base64.", header="Upload-Metadata") from error
    return next((named[key] for key in NAME_KEYS if key in named), "")


def parse_checksum(header: str | None) -> Checksum | None:
    """Returns the checksum that a chunk comes with, or None. Raises Malformed for an unknown algorithm."""
    if header is None:
        return None
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise Malformed(f"Upload-Checksum is one of {', '.join(CHECKSUM_ALGORITHMS)}.", header="Upload-Checksum")
    try:
        return Checksum(algorithm, base64.b64decode(encoded.strip(), validate=True))
    except (ValueError, binascii.Error) as error:
        raise Malformed("Upload-Checksum holds what is no base64.", header="Upload-Checksum") from error


def upload_headers(offset: int, size: int | None, expires_at: datetime) -> dict[str, str]:
    """Returns the headers that describe an upload."""
    length = {"upload-defer-length": "1"} if size is None else {"upload-length": str(size)}
    expires = format_datetime(expires_at, usegmt=True)
    return RESUMABLE | length | {"upload-offset": str(offset), "upload-expires": expires, "cache-control": "no-store"}
