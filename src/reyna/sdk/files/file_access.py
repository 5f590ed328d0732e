"""The files of a user, as a context saves and opens them."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol

from reyna.domain.caller import Caller
from reyna.domain.files.file import FileInfo, NewUpload, Upload, cut_into_parts


class FileAccess(Protocol):
    """Saves and opens files, however large they are."""

    async def save(self, caller: Caller, name: str, content: AsyncIterable[bytes]) -> FileInfo: ...

    def open(self, caller: Caller, id: str) -> AsyncIterator[bytes]: ...


class UploadVerbs(Protocol):
    """The verbs of the part `uploads` that a worker calls."""

    async def begin(self, caller: Caller, new: NewUpload) -> Upload: ...

    async def append(self, caller: Caller, id: str, offset: int, content: bytes) -> Upload: ...

    async def finish(self, caller: Caller, id: str) -> FileInfo: ...


class FileVerbs(Protocol):
    """The verbs of the part `files` that a worker calls."""

    async def get(self, caller: Caller, id: str) -> FileInfo: ...

    async def read(self, caller: Caller, id: str, start: int, end: int) -> bytes: ...


class FileParts(Protocol):
    """The parts of the state service that keep files."""

    uploads: UploadVerbs
    files: FileVerbs


class BusFiles:
    """Files over the bus, in parts that fit its messages."""

    def __init__(self, state: FileParts) -> None:
        self._state = state

    async def save(self, caller: Caller, name: str, content: AsyncIterable[bytes]) -> FileInfo:
        """Stores the content part by part. What a lost worker has begun is given up by the state service in a day."""
        uploads = self._state.uploads
        upload = await uploads.begin(caller, NewUpload(name=name))
        async for part in cut_into_parts(content):
            upload = await uploads.append(caller, upload.id, upload.offset, part)
        return await uploads.finish(caller, upload.id)

    async def open(self, caller: Caller, id: str) -> AsyncIterator[bytes]:
        """Yields the content part by part. Raises NotFound."""
        size, start = (await self._state.files.get(caller, id)).size, 0
        while start < size:
            part = await self._state.files.read(caller, id, start, size)
            yield part
            start += len(part)
