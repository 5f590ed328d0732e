"""The entries of files: their content, and the index with the facts about them."""

import re
from collections.abc import AsyncIterator
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.domain.files.file import FileInfo
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.services.state.files.file_references import MARK, MENTION
from reyna.services.state.transfer.exports.archive_writer import ArchiveWriter
from reyna.services.state.transfer.exports.source import FileReads
from reyna.services.state.transfer.layout.entry_names import FILE_INDEX, file_entry_name
from reyna.services.state.transfer.layout.facts import ArchiveFile

PACKED_ALREADY: Final = re.compile(
    r"(?:audio|image|video)/(?!svg|bmp|tiff|x-ms-bmp|(?:x-|vnd\.)?wave?\b|(?:x-)?aiff)|application/(?:zip|gzip|epub|x-7z|vnd)"
)


class FileEntries:
    """The files that an export mentions, or all of them."""

    def __init__(self, files: FileReads, caller: Caller) -> None:
        self._files, self._caller = files, caller
        self._mentioned: set[str] = set()

    def add_mentioned(self, content: bytes) -> None:
        """Remembers the files that an entry names."""
        if MARK in content:
            self._mentioned.update(id.decode() for id in MENTION.findall(content))

    async def write(self, archive: ArchiveWriter, *, everything: bool) -> AsyncIterator[bytes]:
        """Yields the content of the files in the order of their ids, which follow from it, and the index."""
        if everything:
            await self._add_all()
        index: list[ArchiveFile] = []
        for id in sorted(self._mentioned):
            try:
                file = await self._files.get(self._caller, id)
            except NotFound:
                continue  # what looks like the id of a file, or that of a file which is gone
            path = file_entry_name(file.id, file.name)
            index.append(_facts(file, path, self._caller.user_id))
            archive.counts["files"] += 1
            archive.counts["file_bytes"] += file.size
            compressed = PACKED_ALREADY.match(file.media_type) is None
            async for chunk in archive.add_stream(path, self._read(file), size=file.size, compressed=compressed):
                yield chunk
        if index:
            async for chunk in archive.add_list(FILE_INDEX, {}, "files", index):
                yield chunk

    async def _add_all(self) -> None:
        cursor: str | None = None
        while True:
            page = await self._files.list(self._caller, limit=MAX_PAGE_SIZE, cursor=cursor)
            self._mentioned.update(file.id for file in page.items)
            if (cursor := page.next_cursor) is None:
                return

    async def _read(self, file: FileInfo) -> AsyncIterator[bytes]:
        start = 0
        while start < file.size:
            part = await self._files.read(self._caller, file.id, start, file.size)
            if not part:
                raise Fault(f"{file.id} ends too early.")
            start += len(part)
            yield part


def _facts(file: FileInfo, path: str, user_id: str) -> ArchiveFile:
    return ArchiveFile(
        id=file.id,
        path=path,
        sha256=file.sha256,
        size=file.size,
        media_type=file.media_type,
        name=file.name,
        created_at=file.created_at,
        created_by=None if file.created_by == user_id else file.created_by,
        width=file.width,
        height=file.height,
        duration=file.duration,
        peaks=file.peaks,
    )
