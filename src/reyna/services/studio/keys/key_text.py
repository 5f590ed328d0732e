"""The text of an API key: a prefix that scanners for secrets look for, a random part, and a checksum of both.

The checksum is the CRC-32 in base 62, as in the tokens of GitHub: a misspelt key is told apart without the store.
"""

import binascii
import hashlib
import hmac
from typing import Final

KEY_PREFIX: Final = "reyna_"
RANDOM_CHARACTERS: Final = 40  # 238 bits
CHECKSUM_CHARACTERS: Final = 6  # 62^6 > 2^32
HINT_CHARACTERS: Final = 4  # of the random part, by which people tell their keys apart
DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_text_of(secret: bytes, purpose: str) -> str:
    """Returns the key that follows from the secret and the purpose. Nobody without the secret can compute it."""
    digest = hmac.digest(secret, f"reyna api key {purpose}".encode(), hashlib.sha256)
    body = f"{KEY_PREFIX}{_in_base_62(int.from_bytes(digest), RANDOM_CHARACTERS)}"
    return body + checksum_of(body)


def checksum_of(body: str) -> str:
    """Returns the checksum of the prefix and the random part."""
    return _in_base_62(binascii.crc32(body.encode()), CHECKSUM_CHARACTERS)


def looks_like_key(token: str) -> bool:
    """Tells whether a token begins as API keys do."""
    return token.startswith(KEY_PREFIX)


def is_well_formed(token: str) -> bool:
    """Tells whether a token has the form and the checksum of an API key."""
    if len(token) != len(KEY_PREFIX) + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS or not token.isascii():
        return False
    body = token[:-CHECKSUM_CHARACTERS]
    return looks_like_key(token) and hmac.compare_digest(checksum_of(body), token[-CHECKSUM_CHARACTERS:])


def hint_of(token: str) -> str:
    """Returns the beginning of a key, by which its owner recognizes it."""
    return token[: len(KEY_PREFIX) + HINT_CHARACTERS]


def _in_base_62(number: int, characters: int) -> str:
    """Returns the last `characters` digits of the number in base 62."""
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
