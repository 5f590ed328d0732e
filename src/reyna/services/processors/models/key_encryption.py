"""Encryption of the keys of models."""

from typing import Final

from reyna.domain.errors import Invalid
from reyna.storage.secret_encryption import SecretEncryption, UnreadableSecret

SHOWN_CHARACTERS: Final = 4
MIN_CHARACTERS_TO_SHOW: Final = 12  # of a shorter key, four would be too much


class KeyEncryption:
    """Encrypts and decrypts the keys of models. Each is bound to its owner and its model, and worthless elsewhere."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 bytes."""
        self._encryption = SecretEncryption(secret, "model key")

    def encrypt(self, key: str, user_id: str, model_id: str) -> str:
        return self._encryption.encrypt(key, user_id, model_id)

    def decrypt(self, encrypted: str, user_id: str, model_id: str) -> str:
        """Raises Invalid when the secret of the installation has changed since."""
        try:
            return self._encryption.decrypt(encrypted, user_id, model_id)
        except UnreadableSecret:
            raise Invalid("The key of this model cannot be read any more. Enter it again.") from None


def key_hint(key: str) -> str:
    """Returns the last characters of a key, by which its owner knows it; nothing of a short one."""
    return key[-SHOWN_CHARACTERS:] if len(key) >= MIN_CHARACTERS_TO_SHOW else ""
