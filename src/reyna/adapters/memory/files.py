"""The FileStorage port in memory, for tests that run in milliseconds."""

import time
from collections.abc import AsyncIterator, Sequence

from reyna.ports.files import ObjectMissing, StoredObject


class MemoryFiles:
    """Objects in a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, float]] = {}

    async def put(self, key: str, content: bytes) -> None:
        self.objects[key] = bytes(content), time.time()

    async def read(self, key: str, start: int, length: int) -> bytes:
        content, _ = self.objects.get(key, (b"", 0.0))
        if key not in self.objects or start + length > len(content):
            raise ObjectMissing(f"{key} is missing, or too short.")
        return content[start : start + length]

    async def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        for key, (content, modified_at) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield StoredObject(key, len(content), modified_at)

    async def check(self) -> None:
        return
