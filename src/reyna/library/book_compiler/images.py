"""The images of a book: their kind and size, read from their first bytes."""

from collections.abc import Callable
from typing import Final

import msgspec

MAX_IMAGE_SIDE_PIXELS: Final = 20_000
EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


class BookImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that every format can show; sizes in pixels."""

    media_type: str
    width: int
    height: int
    data: bytes

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.media_type]


def read_image(data: bytes) -> BookImage | None:
    """Returns the image, or None for other files, and for those that are broken at their beginning."""
    for media_type, read_size in SIZE_READERS.items():
        size = read_size(data)
        if size is not None and all(0 < side <= MAX_IMAGE_SIDE_PIXELS for side in size):
            return BookImage(media_type=media_type, width=size[0], height=size[1], data=data)
    return None


def _png_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def _gif_size(data: bytes) -> tuple[int, int] | None:
    if not data.startswith((b"GIF87a", b"GIF89a")) or len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Returns the size in the first frame header (ITU-T T.81, B.2.2)."""
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in START_OF_FRAME:
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return None


SIZE_READERS: Final[dict[str, Callable[[bytes], tuple[int, int] | None]]] = {
    "image/png": _png_size,
    "image/jpeg": _jpeg_size,
    "image/gif": _gif_size,
}
