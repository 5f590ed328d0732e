"""Reads buckets, and adds what is computed on read: the ids and counts of what they contain."""

import asyncio
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Collection, Store
from reyna.services.state.records import BUCKETS, PLACEMENTS
from reyna.services.state.structure.subtree import LIVE

MAX_LISTED_IDS: Final = 1000  # in `child_bucket_ids` and `blob_ids`; the counts are always whole


class BucketReader:
    """Reads the buckets of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, caller: Caller, id: str) -> Bucket:
        """Returns the bucket as it is stored, also out of the trash. Raises NotFound."""
        if bucket := await self._store.get(BUCKETS, caller.user_id, id):
            return bucket
        raise NotFound(id=id)

    async def load_described(self, caller: Caller, id: str) -> Bucket:
        """Returns the bucket with what is computed on read. Raises NotFound."""
        return await self.describe(await self.load(caller, id))

    async def describe(self, bucket: Bucket) -> Bucket:
        """Returns the bucket with what is computed on read."""
        return (await self.describe_all(bucket.user_id, [bucket]))[0]

    async def describe_all(self, user_id: str, buckets: list[Bucket]) -> list[Bucket]:
        """Returns the buckets, in their order, with what is computed on read."""
        if not buckets:
            return buckets
        blob_counts, child_counts = await self.counts(user_id, [bucket.id for bucket in buckets])
        blobs, children = await asyncio.gather(
            self._listed_ids(user_id, PLACEMENTS, "bucket_id", "blob_id", blob_counts),
            self._listed_ids(user_id, BUCKETS, "parent_bucket_id", "id", child_counts),
        )
        return [
            replace(
                bucket,
                blob_count=blob_counts.get(bucket.id, 0),
                child_count=child_counts.get(bucket.id, 0),
                blob_ids=blobs.get(bucket.id, ()),
                child_bucket_ids=children.get(bucket.id, ()),
            )
            for bucket in buckets
        ]

    async def counts(self, user_id: str, ids: list[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Returns how many blobs and how many child buckets are in each of these buckets."""
        blob_counts, child_counts = await asyncio.gather(
            self._store.count_by(PLACEMENTS, user_id, "bucket_id", LIVE | {"bucket_id": ids}),
            self._store.count_by(BUCKETS, user_id, "parent_bucket_id", LIVE | {"parent_bucket_id": ids}),
        )
        return blob_counts, child_counts

    async def _listed_ids(
        self, user_id: str, collection: Collection[Any], holder: str, held: str, counts: dict[str, int]
    ) -> dict[str, tuple[str, ...]]:
        """Returns the first ids in each of these buckets, in order."""
        within: dict[str, list[str]] = {}
        small = [id for id, count in counts.items() if count <= MAX_LISTED_IDS]
        if small:
            found = await self._store.select(collection, user_id, (holder, "rank", held), LIVE | {holder: small})
            for bucket_id, _, id in sorted(found):
                within.setdefault(bucket_id, []).append(id)
        for bucket_id in counts.keys() - set(small):
            first = await self._store.find(
                collection, user_id, LIVE | {holder: bucket_id}, order=("rank",), limit=MAX_LISTED_IDS
            )
            within[bucket_id] = [getattr(record, held) for record in first]
        return {bucket_id: tuple(ids) for bucket_id, ids in within.items()}
