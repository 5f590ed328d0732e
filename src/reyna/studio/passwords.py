"""Passwords: hashed with Argon2id, checked in the same time whether the account exists or not."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE: Final = 2  # each hash takes 64 MiB and a core for some 50 ms
HASHER: Final = PasswordHasher()  # RFC 9106, low-memory profile


class Passwords:
    """Hashes and checks without holding up the event loop."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobodys = hasher.hash("nobody")

    async def hashed(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def right(self, hash: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; False, after the same work, when there is none."""
        async with self._turn:
            return await asyncio.to_thread(self._matches, hash or self._nobodys, password) and hash is not None

    def _matches(self, hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(hash, password)
        except (VerificationError, InvalidHashError):
            return False
