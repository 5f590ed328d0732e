"""The Idempotency-Key, with which a client may repeat a request whose answer was lost."""

import hashlib
from typing import Any, Final

import msgspec

from reyna.domain.errors import Conflict, Invalid
from reyna.domain.json.reading import decode_json

MAX_KEY_CHARACTERS: Final = 200
HEADER: Final = "Idempotency-Key"
FINGERPRINT_BYTES: Final = 16
ANYTHING: Final = msgspec.json.Decoder()


class IdempotencyKey(msgspec.Struct, frozen=True):
    """The `text` that the client chose, and the fingerprint of its request, which is empty for calls inside the
    studio."""

    text: str
    fingerprint: str = ""


Key = IdempotencyKey | str | None


class KeyReused(Invalid):
    """This Idempotency-Key came with another request before. Send every request under a key of its own."""


class StillRunning(Conflict):
    """The request with this Idempotency-Key is still being worked on. Ask again for its answer."""


def parse_key(key: Key) -> IdempotencyKey | None:
    """Returns the key. Raises Invalid for one that is empty, too long, or not printable ASCII."""
    if key is None:
        return None
    key = IdempotencyKey(key) if isinstance(key, str) else key
    if not 1 <= len(key.text) <= MAX_KEY_CHARACTERS or not key.text.isascii() or not key.text.isprintable():
        raise Invalid.at(
            f"/{HEADER}", "cannot be used", expected=f"1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        )
    return key


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Returns a digest of the request; the order of keys and the white space of a JSON body do not matter."""
    digest = hashlib.blake2b(digest_size=FINGERPRINT_BYTES)
    for part in (method.encode(), path.encode(), canonical(body)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def canonical(body: bytes) -> bytes:
    """Returns a JSON body in its canonical form, and any other unchanged."""
    if not body:
        return body
    try:
        decoded: Any = decode_json(ANYTHING, body)
        return msgspec.json.encode(decoded, order="deterministic")
    except (Invalid, ValueError, OverflowError, RecursionError):
        return body
