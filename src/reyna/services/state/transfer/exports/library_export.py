"""The export of everything, or of one bucket: walks the library in reading order and yields the archive."""

from collections.abc import AsyncIterator
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.services.state.transfer.exports.archive_writer import ArchiveWriter
from reyna.services.state.transfer.exports.blob_entries import BlobEntries
from reyna.services.state.transfer.exports.export_tree import ExportTree
from reyna.services.state.transfer.exports.file_entries import FileEntries
from reyna.services.state.transfer.exports.folder import Folder
from reyna.services.state.transfer.exports.schema_entries import SchemaEntries
from reyna.services.state.transfer.exports.source import ExportSource
from reyna.services.state.transfer.exports.verbs import ExportPlace, OutlineBucket, UnplacedBlob
from reyna.services.state.transfer.layout.entry_names import READ_ME, UNPLACED
from reyna.services.state.transfer.layout.read_me import READ_ME_TEXT

SENT_BYTES: Final = 64 * 1024  # of the archive in one piece


class LibraryExport:
    """One export. `bucket_id` is the bucket whose subtree is exported, None for everything.

    It is no snapshot: what is moved meanwhile may be there as it was or as it is. Of a blob in several buckets the
    document is written once, in the first of them. Memory grows with the number of buckets alone, of blobs in several
    buckets and of unplaced blobs, by some 100 bytes each.
    """

    def __init__(self, source: ExportSource, caller: Caller, bucket_id: str | None, *, revisions: bool) -> None:
        self._source, self._caller, self._bucket_id, self._revisions = source, caller, bucket_id, revisions
        self._schemas = SchemaEntries(source.exports, caller)
        self._files = FileEntries(source.files, caller)
        self._blobs = BlobEntries(source, caller, self._schemas, self._files, revisions=revisions)

    async def begin(self) -> AsyncIterator[bytes]:
        """Returns the bytes of the archive. Raises NotFound, and Conflict for a bucket in the trash."""
        if self._bucket_id is not None:
            await self._source.exports.bucket(self._caller, self._bucket_id)
        buckets: list[OutlineBucket] = []
        while page := await self._source.exports.outline(self._caller, buckets[-1].id if buckets else None):
            buckets += page
        if self._bucket_id is not None and all(bucket.id != self._bucket_id for bucket in buckets):
            raise NotFound(id=self._bucket_id)
        return _in_pieces(self._write(ExportTree(buckets, self._bucket_id)))

    async def _write(self, tree: ExportTree) -> AsyncIterator[bytes]:
        with ArchiveWriter() as archive:
            async for chunk in archive.add(READ_ME, READ_ME_TEXT):
                yield chunk
            for bucket in tree.in_order():
                async for chunk in self._write_bucket(archive, tree, bucket):
                    yield chunk
            if self._bucket_id is None:
                async for chunk in self._write_unplaced(archive):
                    yield chunk
            async for chunk in self._files.write(archive, everything=self._bucket_id is None):
                yield chunk
            async for chunk in self._schemas.write(archive):
                yield chunk
            async for chunk in archive.close(self._bucket_id, revisions=self._revisions):
                yield chunk

    async def _write_bucket(
        self, archive: ArchiveWriter, tree: ExportTree, outline: OutlineBucket
    ) -> AsyncIterator[bytes]:
        """Yields the documents of the blobs whose first bucket this is, and then that of the bucket."""
        with Folder(tree, outline) as folder:
            after: tuple[str, str] | None = None
            while places := await self._source.exports.places(self._caller, outline.id, after):
                after = (places[-1].rank, places[-1].blob_id)
                async for chunk in self._write_places(archive, folder, places):
                    yield chunk
            folder.add_rest()
            try:
                bucket = await self._source.exports.bucket(self._caller, outline.id)
            except NotFound:
                return  # it was purged meanwhile
            await self._schemas.add_bucket_type(bucket.type)
            archive.counts["buckets"] += 1
            async for chunk in archive.add_stream(folder.document_path, folder.document(bucket)):
                yield chunk

    async def _write_places(
        self, archive: ArchiveWriter, folder: Folder, places: list[ExportPlace]
    ) -> AsyncIterator[bytes]:
        loaded = self._blobs.load(
            [(place.blob_id, place.size) for place in places if place.blob_id not in self._blobs.paths]
        )
        for place in places:
            folder.add_buckets_before(place.rank)
            path = self._blobs.paths.get(place.blob_id)
            if path is None:
                blob = await anext(loaded)
                if blob is None:
                    continue  # it was trashed meanwhile
                path = self._blobs.path_in(folder.path, folder.next_position(), folder.total, blob)
                also_in = folder.others(place)
                if also_in:
                    self._blobs.paths[place.blob_id] = path
                async for chunk in self._blobs.write(archive, blob, path, also_in):
                    yield chunk
            archive.counts["places"] += 1
            folder.add_blob(place, path)

    async def _write_unplaced(self, archive: ArchiveWriter) -> AsyncIterator[bytes]:
        """Yields the documents of the blobs in no bucket, in the order in which they were made."""
        found: list[UnplacedBlob] = []
        after: str | None = None
        while True:
            page = await self._source.exports.unplaced(self._caller, after)
            found += page.blobs
            if (after := page.after) is None:
                break
        found.sort(key=lambda blob: (blob.sequence, blob.id))
        position = 0
        async for blob in self._blobs.load([(blob.id, blob.size) for blob in found]):
            if blob is None:
                continue
            position += 1
            path = self._blobs.path_in(UNPLACED, position, len(found), blob)
            async for chunk in self._blobs.write(archive, blob, path):
                yield chunk


async def _in_pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the same bytes in pieces that are worth sending."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) >= SENT_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)
