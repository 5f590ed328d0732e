"""Password hashes: Argon2id, verified in the same time whether the account exists or not."""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from reyna.services.studio.passwords.hash_queue import HashQueue
from reyna.services.studio.passwords.rules import hashed_forms_of

HASHERS: Final[Mapping[str, PasswordHasher]] = {  # by the setting `password_hash`
    "standard": PasswordHasher(),  # RFC 9106, low-memory profile: 64 MiB and some 200 ms of CPU
    "light": PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),  # OWASP's least: 19 MiB, some 35 ms
}


class PasswordCheck(msgspec.Struct, frozen=True):
    """The result of a check; `new_hash` replaces a stored hash that was made with older parameters or rules."""

    is_right: bool
    new_hash: str | None = None


class Passwords:
    """Hashes and checks passwords without blocking the event loop; `lane` names the source of the request (see
    HashQueue)."""

    def __init__(self, hasher: PasswordHasher = HASHERS["standard"], queue: HashQueue | None = None) -> None:
        self._hasher, self._queue = hasher, queue or HashQueue()
        self._dummy_hash = hash_of_nothing(hasher)

    async def hash(self, normalized: str, lane: str) -> str:
        """Returns the hash of a password as `check_password` has normalized it. Raises TooMuch."""
        return await self._queue.run(lane, lambda: self._hasher.hash(normalized))

    async def check(self, hash: str | None, password: str, lane: str) -> PasswordCheck:
        """Compares a password, as it was typed, with a hash. Without a hash it does the same work and finds the
        password wrong. Raises TooMuch when too many hashes wait."""
        return await self._queue.run(lane, lambda: self._check(hash, password))

    def _check(self, hash: str | None, password: str) -> PasswordCheck:
        forms = list(hashed_forms_of(password)) or [""]
        for form in forms:
            if self._matches(hash or self._dummy_hash, form):
                if hash is None or not password:
                    return PasswordCheck(is_right=False)
                is_old = form != forms[0] or self._hasher.check_needs_rehash(hash)
                return PasswordCheck(is_right=True, new_hash=self._hasher.hash(forms[0]) if is_old else None)
        return PasswordCheck(is_right=False)

    def _matches(self, hash: str, form: str) -> bool:
        try:
            return self._hasher.verify(hash, form)
        except (VerificationError, InvalidHashError):
            return False


def hash_of_nothing(hasher: PasswordHasher) -> str:
    """Returns a hash that no password has; to verify one against it takes as long as against a real one."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"
