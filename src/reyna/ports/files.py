"""The FileStorage port: objects of bytes under keys, as a directory or an object store keeps them."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from reyna.domain.errors import Fault


class ObjectMissing(Fault):
    """There is no object under this key, or it ends before the bytes that were asked for."""


class StoredObject(msgspec.Struct, frozen=True):
    """An object that is stored; `size` is in bytes, `modified_at` in seconds since 1970."""

    key: str
    size: int
    modified_at: float


class FileStorage(Protocol):
    """Objects under keys such as `user-1/upload-1/part-1`: letters, digits, hyphens, dots and slashes.

    Every method raises Fault when the storage cannot be reached, and Unavailable where that passes.
    """

    async def put(self, key: str, content: bytes) -> None:
        """Stores the whole object, so that it survives a loss of power, or nothing. Replaces one under the same key."""
        ...

    async def read(self, key: str, start: int, length: int) -> bytes:
        """Returns these bytes of an object. Raises ObjectMissing."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Deletes these objects; those that are not there are left out."""
        ...

    def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Yields the objects whose keys begin with `prefix`, which ends in a slash or is empty."""
        ...

    async def check(self) -> None:
        """Returns when the storage answers; raises a Fault when it does not (for `/readyz`)."""
        ...
