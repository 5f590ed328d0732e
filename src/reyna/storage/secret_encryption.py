"""Encryption of secrets that are stored in records, under a key that is derived from the secret of the installation."""

import base64
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT_PREFIX: Final = "1:"  # AES-256-GCM, nonce in front
NONCE_BYTES: Final = 12


class UnreadableSecret(Exception):
    """The secret was encrypted under another key, or belongs to another record."""


class SecretEncryption:
    """Encrypts and decrypts secrets for one purpose. Each is bound to its user and its record, and worthless
    elsewhere."""

    def __init__(self, key: bytes, purpose: str) -> None:
        """`key`: 32 bytes."""
        self._cipher, self._purpose = AESGCM(key), purpose

    def encrypt(self, secret: str, user_id: str, record_id: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), self._context(user_id, record_id))
        return FORMAT_PREFIX + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, encrypted: str, user_id: str, record_id: str) -> str:
        """Raises UnreadableSecret."""
        sealed = base64.b64decode(encrypted.removeprefix(FORMAT_PREFIX))
        try:
            secret = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._context(user_id, record_id))
        except InvalidTag:
            raise UnreadableSecret from None
        return secret.decode()

    def _context(self, user_id: str, record_id: str) -> bytes:
        return f"reyna {self._purpose} {user_id} {record_id}".encode()
