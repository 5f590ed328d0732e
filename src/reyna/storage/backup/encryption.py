"""The encryption of backups: a passphrase opens the key of a repository, which seals every chunk and manifest."""

import base64
import hashlib
import hmac
import os
import zlib
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reyna.domain.errors import CannotStart

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SALT_BYTES: Final = 16
MIN_PASSPHRASE_CHARACTERS: Final = 8
FORMAT: Final = 1
ARGON2_MEMORY_KIB: Final = 64 * 1024  # with three passes and four lanes, the second choice of RFC 9106
ARGON2_PASSES: Final = 3
ARGON2_LANES: Final = 4
MAX_ARGON2_MEMORY_KIB: Final = 4 * 1024**2  # a forged key file must not take all memory
MAX_ARGON2_PASSES: Final = 100
MAX_ARGON2_LANES: Final = 64
STORED, DEFLATED = b"\0", b"\1"
COMPRESSION_LEVEL: Final = 1
MIN_SAVED_SHARE: Final = 0.05  # below, content is stored as it is: pictures and audio are compressed already


class DamagedBackup(CannotStart):
    """Something in the backup is not as it was written."""


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """The key of a repository, sealed under its passphrase; the parameters are those of Argon2id (RFC 9106)."""

    format: int = FORMAT
    salt: str
    memory_kib: int = ARGON2_MEMORY_KIB
    passes: int = ARGON2_PASSES
    lanes: int = ARGON2_LANES
    sealed_key: str


class BackupKeys:
    """Seals and opens the content of one repository: AES-256-GCM under random nonces, bound to the name of each object.

    A name is a keyed hash of the content (HMAC-SHA256), so that equal content has one name and tells nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derive(key, b"content"))
        self._naming_key = _derive(key, b"names")
        self._fingerprint_key = _derive(key, b"fingerprints")

    def name_of(self, content: bytes) -> str:
        return hmac.digest(self._naming_key, content, hashlib.sha256).hex()

    def fingerprint(self, secret: bytes) -> str:
        """Returns a text by which two secrets can be compared, and from which neither can be found."""
        return hmac.digest(self._fingerprint_key, secret, hashlib.sha256).hex()

    def seal(self, content: bytes, name: str) -> bytes:
        packed = zlib.compress(content, COMPRESSION_LEVEL)
        body = DEFLATED + packed if len(packed) < len(content) * (1 - MIN_SAVED_SHARE) else STORED + content
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Raises DamagedBackup for what was changed, cut or exchanged."""
        try:
            body = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
            return zlib.decompress(body[1:]) if body[:1] == DEFLATED else body[1:]
        except (InvalidTag, ValueError, zlib.error):
            raise DamagedBackup(f"the backup is damaged: {name} is not as it was written") from None


def create_key_file(passphrase: str) -> tuple[KeyFile, BackupKeys]:
    """Returns a new key, sealed under this passphrase."""
    key, salt = os.urandom(KEY_BYTES), os.urandom(SALT_BYTES)
    file = KeyFile(salt=base64.b64encode(salt).decode(), sealed_key="")
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(_stretch(passphrase, file)).encrypt(nonce, key, b"reyna backup key")
    return msgspec.structs.replace(file, sealed_key=base64.b64encode(sealed).decode()), BackupKeys(key)


def open_key_file(file: KeyFile, passphrase: str) -> BackupKeys:
    """Raises CannotStart for another passphrase, and DamagedBackup for a file that cannot be one."""
    if file.format != FORMAT:
        raise CannotStart(f"the backup has format {file.format}: restore it with a later version of the studio")
    try:
        sealed = base64.b64decode(file.sealed_key, validate=True)
        stretched = _stretch(passphrase, file)
    except ValueError:
        raise DamagedBackup("the key of the backup is damaged") from None
    try:
        return BackupKeys(AESGCM(stretched).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], b"reyna backup key"))
    except (InvalidTag, ValueError):
        raise CannotStart("this is not the passphrase of the backup (or its key is damaged)") from None


def _stretch(passphrase: str, file: KeyFile) -> bytes:
    if (
        not 0 < file.memory_kib <= MAX_ARGON2_MEMORY_KIB
        or not 0 < file.passes <= MAX_ARGON2_PASSES
        or not 0 < file.lanes <= MAX_ARGON2_LANES
    ):
        raise ValueError("the parameters are out of range")
    function = Argon2id(
        salt=base64.b64decode(file.salt, validate=True),
        length=KEY_BYTES,
        iterations=file.passes,
        lanes=file.lanes,
        memory_cost=file.memory_kib,
    )
    return function.derive(passphrase.encode())


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"reyna backup " + purpose).derive(key)
