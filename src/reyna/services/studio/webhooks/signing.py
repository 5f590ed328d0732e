"""The secrets of webhooks, and signatures with them as in Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import os
from typing import Final

from reyna.domain.errors import Invalid
from reyna.storage.secret_encryption import SecretEncryption, UnreadableSecret

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what stands in front of one
SECRET_BYTES: Final = 32
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def check_secret(secret: str) -> str:
    """Returns the secret. Raises Invalid unless it is `whsec_` and 24 to 64 bytes in base64."""
    try:
        size = len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(SECRET_PREFIX) or not MIN_SECRET_BYTES <= size <= MAX_SECRET_BYTES:
        raise Invalid.at(
            "/secret",
            "is no secret of a webhook",
            expected=f"{SECRET_PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes in base64",
        )
    return secret


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Returns the header `webhook-signature`: version 1, HMAC-SHA256 of id, time and body with dots between them."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class WebhookSecrets:
    """Encrypts and decrypts the secrets of webhooks. Each is bound to its owner and its webhook, and worthless
    elsewhere."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes."""
        self._encryption = SecretEncryption(key, "webhook secret")

    def encrypt(self, secret: str, user_id: str, webhook_id: str) -> str:
        return self._encryption.encrypt(secret, user_id, webhook_id)

    def decrypt(self, encrypted: str, user_id: str, webhook_id: str) -> str:
        """Raises Invalid when the secret of the installation has changed since."""
        try:
            return self._encryption.decrypt(encrypted, user_id, webhook_id)
        except UnreadableSecret:
            raise Invalid("The secret of this webhook cannot be read any more. Give it a new one.") from None
