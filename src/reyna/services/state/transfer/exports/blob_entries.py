"""The entries of blobs: their documents and their earlier revisions."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.services.state.transfer.exports.archive_writer import ArchiveWriter
from reyna.services.state.transfer.exports.file_entries import FileEntries
from reyna.services.state.transfer.exports.schema_entries import SchemaEntries
from reyna.services.state.transfer.exports.source import ExportSource
from reyna.services.state.transfer.layout.documents import (
    ENCODER,
    JSON_ENDING,
    MARKDOWN_ENDING,
    text_field_of,
    write_document,
)
from reyna.services.state.transfer.layout.entry_names import blob_stem, numbered, revisions_entry_name
from reyna.services.state.transfer.layout.facts import revision_facts

BATCH_BYTES: Final = MAX_BLOB_BYTES // 2  # of data that is read at once
BATCH_BLOBS: Final = 200


class BlobEntries:
    """Reads blobs in batches and writes their entries. `paths` are those of the blobs in several buckets."""

    def __init__(
        self, source: ExportSource, caller: Caller, schemas: SchemaEntries, files: FileEntries, *, revisions: bool
    ) -> None:
        self._source, self._caller, self._schemas, self._files = source, caller, schemas, files
        self._revisions = revisions
        self._with_history: set[str] = set()  # of the blobs at hand
        self.paths: dict[str, str] = {}

    async def load(self, blobs: Iterable[tuple[str, int]]) -> AsyncIterator[Blob | None]:
        """Yields the blobs with these ids and sizes in their order, None for one that is gone."""
        for ids in _batches(blobs):
            found = {blob.id: blob for blob in await self._source.exports.blobs(self._caller, ids)}
            if self._revisions:
                self._with_history = {*await self._source.exports.with_history(self._caller, ids)}
            for id in ids:
                yield found.get(id)

    def path_in(self, folder: str, position: int, total: int, blob: Blob) -> str:
        """Returns the path of the document of a blob."""
        ending = JSON_ENDING if text_field_of(blob.data) is None else MARKDOWN_ENDING
        return f"{folder}/{numbered(position, total, blob_stem(blob.data, blob.schema_id))}{ending}"

    async def write(
        self, archive: ArchiveWriter, blob: Blob, path: str, also_in: tuple[str, ...] = ()
    ) -> AsyncIterator[bytes]:
        """Yields the document of a blob, and its earlier revisions where the export has them."""
        archive.counts["blobs"] += 1
        await self._schemas.add(blob.schema_id, blob.schema_version)
        content = write_document(blob, revisions=self._revisions, also_in=also_in)
        self._files.add_mentioned(content)
        async for chunk in archive.add(path, content):
            yield chunk
        if self._revisions and blob.id in self._with_history:
            lines = self._revision_lines(archive, blob)
            async for chunk in archive.add_stream(revisions_entry_name(blob.id), lines):
                yield chunk

    async def _revision_lines(self, archive: ArchiveWriter, blob: Blob) -> AsyncIterator[bytes]:
        """Yields a line for each revision before the one that was written, newest first, and for names."""
        cursor: str | None = None
        while True:
            try:
                page = await self._source.revisions.list(self._caller, blob.id, limit=MAX_PAGE_SIZE, cursor=cursor)
            except NotFound:
                return  # it was purged meanwhile
            for revision in page.items:
                if revision.number > blob.revision:
                    continue
                is_present = revision.number == blob.revision and not revision.conflict
                if is_present and revision.name is None:
                    continue
                if not is_present:
                    archive.counts["revisions"] += 1
                    await self._schemas.add(revision.schema_id, revision.schema_version)
                line = ENCODER.encode(revision_facts(revision, is_present=is_present)) + b"\n"
                self._files.add_mentioned(line)
                yield line
            if (cursor := page.next_cursor) is None:
                return


def _batches(blobs: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Yields the ids in batches whose data fits into one answer."""
    batch: list[str] = []
    size = 0
    for id, length in blobs:
        if batch and (size + length > BATCH_BYTES or len(batch) == BATCH_BLOBS):
            yield batch
            batch, size = [], 0
        batch.append(id)
        size += length
    if batch:
        yield batch
