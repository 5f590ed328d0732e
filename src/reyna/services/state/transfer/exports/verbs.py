"""The exports part: the reads by which an archive is put together, page by page."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.placement import placement_id
from reyna.domain.schema import Schema
from reyna.ports.store import Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.records import BLOBS, BUCKETS, NAMES, PLACEMENTS, REVISIONS
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.subtree import LIVE

OUTLINE_PAGE_BUCKETS: Final = 1000
PLACES_PAGE: Final = 500
UNPLACED_PAGE: Final = 1000  # blobs that are looked at


class OutlineBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket without its metadata, and the number of blobs in it."""

    id: str
    name: str
    parent_id: str | None
    rank: str
    blob_count: int


class ExportPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a blob in a bucket, with the size of its data and the other buckets that it is in."""

    blob_id: str
    rank: str
    label: str | None
    placed_at: datetime
    size: int
    other_bucket_ids: tuple[str, ...]


class UnplacedBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that is in no bucket, with its place in the order of all blobs."""

    id: str
    sequence: str
    size: int


class UnplacedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the unplaced blobs; `after` goes on there, None at the end."""

    blobs: tuple[UnplacedBlob, ...]
    after: str | None


class Exports:
    """The verbs that read what an archive holds. What is in the trash is left out."""

    def __init__(self, store: Store, schemas: SchemaCache, blobs: BlobReader, buckets: BucketReader) -> None:
        self._store, self._schemas, self._blobs, self._buckets = store, schemas, blobs, buckets

    async def outline(self, caller: Caller, after: str | None = None) -> list[OutlineBucket]:
        """Returns the next 1,000 buckets by id; none behind the last."""
        rows = await self._store.select(
            BUCKETS,
            caller.user_id,
            ("id", "name", "parent_bucket_id", "rank"),
            LIVE,
            after=after,
            limit=OUTLINE_PAGE_BUCKETS,
        )
        ids = [row[0] for row in rows]
        counts = await self._store.count_by(PLACEMENTS, caller.user_id, "bucket_id", LIVE | {"bucket_id": ids})
        return [
            OutlineBucket(id=id, name=name, parent_id=parent, rank=rank, blob_count=counts.get(id, 0))
            for id, name, parent, rank in rows
        ]

    async def bucket(self, caller: Caller, id: str) -> Bucket:
        """Returns the bucket as it is stored. Raises NotFound, and Conflict when it is in the trash."""
        bucket = await self._buckets.load(caller, id)
        if bucket.trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
        return bucket

    async def places(self, caller: Caller, bucket_id: str, after: tuple[str, str] | None = None) -> list[ExportPlace]:
        """Returns the next 500 places in a bucket in their order, behind this rank and blob id."""
        position = None if after is None else (after[0], placement_id(bucket_id, after[1]))
        found = await self._store.find(
            PLACEMENTS,
            caller.user_id,
            LIVE | {"bucket_id": bucket_id},
            order=("rank",),
            after=position,
            limit=PLACES_PAGE,
        )
        ids = [placement.blob_id for placement in found]
        sizes = dict(await self._store.select(BLOBS, caller.user_id, ("id", "size"), LIVE | {"id": ids}))
        others: defaultdict[str, list[str]] = defaultdict(list)
        for blob_id, other in await self._store.select(
            PLACEMENTS, caller.user_id, ("blob_id", "bucket_id"), LIVE | {"blob_id": ids}
        ):
            if other != bucket_id:
                others[blob_id].append(other)
        return [
            ExportPlace(
                blob_id=placement.blob_id,
                rank=placement.rank,
                label=placement.label,
                placed_at=placement.created_at,
                size=sizes.get(placement.blob_id, 0),
                other_bucket_ids=tuple(others[placement.blob_id]),
            )
            for placement in found
        ]

    async def unplaced(self, caller: Caller, after: str | None = None) -> UnplacedPage:
        """Returns those of the next 1,000 blobs by id that are in no bucket."""
        rows = await self._store.select(
            BLOBS, caller.user_id, ("id", "sequence", "size"), LIVE, after=after, limit=UNPLACED_PAGE
        )
        ids = [row[0] for row in rows]
        placed = await self._store.count_by(PLACEMENTS, caller.user_id, "blob_id", LIVE | {"blob_id": ids})
        blobs = [UnplacedBlob(id=id, sequence=sequence, size=size) for id, sequence, size in rows if id not in placed]
        return UnplacedPage(blobs=tuple(blobs), after=ids[-1] if len(ids) == UNPLACED_PAGE else None)

    async def blobs(self, caller: Caller, ids: Sequence[str]) -> list[Blob]:
        """Returns those of these blobs that are there, in the order of the ids; their data must fit into one answer."""
        found = await self._store.find(BLOBS, caller.user_id, LIVE | {"id": [*ids]})
        described = {blob.id: blob for blob in await self._blobs.describe_all(caller.user_id, found)}
        return [described[id] for id in ids if id in described]

    async def with_history(self, caller: Caller, ids: Sequence[str]) -> list[str]:
        """Returns those of these blobs that have earlier revisions, late saves or named revisions."""
        where = {"blob_id": [*ids]}
        kept = await self._store.count_by(REVISIONS, caller.user_id, "blob_id", where)
        return sorted(kept.keys() | await self._store.count_by(NAMES, caller.user_id, "blob_id", where))

    async def schema(self, caller: Caller, id: str, version: str) -> Schema | None:
        """Returns this version of a schema, None when it is not there any more."""
        try:
            return (await self._schemas.version(caller, id, version)).schema
        except NotFound:
            return None

    async def bucket_schema(self, caller: Caller, type: str) -> Schema | None:
        """Returns the schema of the metadata of this type of bucket."""
        found = await self._schemas.for_bucket_type(caller, type)
        return None if found is None else found.schema
