"""Encryption of the keys of models, under a key that is derived from the secret of the installation."""

import base64
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reyna.domain.errors import Invalid

FORMAT_PREFIX: Final = "1:"  # AES-256-GCM, nonce in front
NONCE_BYTES: Final = 12
SHOWN_CHARACTERS: Final = 4
MIN_CHARACTERS_TO_SHOW: Final = 12  # of a shorter key, four would be too much


class KeyEncryption:
    """Encrypts and decrypts the keys of models. Each is bound to its owner and its model, and worthless elsewhere."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 bytes."""
        self._cipher = AESGCM(secret)

    def encrypt(self, key: str, user_id: str, model_id: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, key.encode(), _context(user_id, model_id))
        return FORMAT_PREFIX + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted: str, user_id: str, model_id: str) -> str:
        """Raises Invalid when the secret of the installation has changed since."""
        sealed = base64.b64decode(encrypted.removeprefix(FORMAT_PREFIX))
        try:
            key = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _context(user_id, model_id))
        except InvalidTag:
            raise Invalid("The key of this model cannot be read any more. Enter it again.") from None
        return key.decode()


def key_hint(key: str) -> str:
    """Returns the last characters of a key, by which its owner knows it; nothing of a short one."""
    return key[-SHOWN_CHARACTERS:] if len(key) >= MIN_CHARACTERS_TO_SHOW else ""


def _context(user_id: str, model_id: str) -> bytes:
    return f"reyna model key {user_id} {model_id}".encode()
