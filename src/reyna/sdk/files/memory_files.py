"""Files in memory, for tests of processors and for rehearsals."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.files.file import DEFAULT_MEDIA_TYPE, FileInfo, cut_into_parts, file_id_of, sha256_of


class SavedFiles:
    """Files by id: `files` are their facts, `contents` their bytes. Media types are not looked for."""

    def __init__(self) -> None:
        self.files: dict[str, FileInfo] = {}
        self.contents: dict[str, bytes] = {}

    def add(self, name: str, content: bytes, media_type: str = DEFAULT_MEDIA_TYPE) -> FileInfo:
        """Adds a file that a processor may open, and returns it."""
        sha256 = sha256_of(content)
        file = FileInfo(
            id=file_id_of(sha256),
            sha256=sha256,
            size=len(content),
            media_type=media_type,
            name=name,
            created_by="",
            created_at=datetime.now(UTC),
        )
        self.contents[file.id] = content
        return self.files.setdefault(file.id, file)

    async def save(self, caller: Caller, name: str, content: AsyncIterable[bytes]) -> FileInfo:
        return self.add(name, b"".join([part async for part in content]))

    async def open(self, caller: Caller, id: str) -> AsyncIterator[bytes]:
        if id not in self.contents:
            raise NotFound(id=id)
        async for part in cut_into_parts(_single(self.contents[id])):
            yield part


async def _single(content: bytes) -> AsyncIterator[bytes]:
    yield content
