"""The format of WebSocket frames (RFC 6455, section 5.2), as far as whole text messages need it."""

from typing import Final

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C where it can be

FINAL_TEXT_FRAME: Final = 0x81  # the first byte of a text message in one frame
MASKED: Final = 0x80  # of the second byte; set in every frame of a client
MASK_BYTES: Final = 4
MAX_SHORT_PAYLOAD_BYTES: Final = 125  # whose length is the second byte
LENGTH_OF_16_BITS, LENGTH_OF_64_BITS = 126, 127  # second bytes that say where the length stands


def text_frame(payload: bytes) -> bytes:
    """Returns the frame of a text message as a server sends it: final, not masked, and without extensions."""
    size = len(payload)
    if size <= MAX_SHORT_PAYLOAD_BYTES:
        return bytes((FINAL_TEXT_FRAME, size)) + payload
    if size < 1 << 16:
        return bytes((FINAL_TEXT_FRAME, LENGTH_OF_16_BITS)) + size.to_bytes(2, "big") + payload
    return bytes((FINAL_TEXT_FRAME, LENGTH_OF_64_BITS)) + size.to_bytes(8, "big") + payload


def payload_of_text_frame(data: bytes, max_bytes: int) -> bytes | None:
    """Returns the payload when the data is exactly one masked text message below 64 KiB without extensions, and None
    for everything else, allowed or not."""
    if len(data) < 2 + MASK_BYTES or data[0] != FINAL_TEXT_FRAME:
        return None
    size, start = data[1] - MASKED, 2 + MASK_BYTES
    if size == LENGTH_OF_16_BITS:
        size, start = int.from_bytes(data[2:4], "big"), 4 + MASK_BYTES
    if not 0 <= size <= max_bytes or len(data) != start + size:
        return None
    unmasked: bytes = apply_mask(data[start:], data[start - MASK_BYTES : start])
    return unmasked
