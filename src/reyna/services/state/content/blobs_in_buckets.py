"""The blobs in many buckets, such as all those of a subtree, with a few queries however many buckets they are."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.structure.subtree import LIVE

BUCKETS_PER_QUERY: Final = 5_000
BLOBS_PER_QUERY: Final = 500
Position = tuple[int, str, str]
"""The number of the bucket, the rank in it and the id of the placement."""


class BlobsInBuckets:
    """Lists blobs out of the trash in the order of the given buckets, and of the blobs in each of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(
        self, caller: Caller, bucket_ids: Sequence[str], schema_ids: Sequence[str], limit: int, cursor: str | None
    ) -> Page[Blob]:
        """Returns one page of the blobs of these schemas as `Blobs.get_stored` does, each at its first place.

        Raises NotFound for a bucket that is not there.
        """
        check_limit(limit)
        after = decode_cursor(cursor, int, str, str)
        places = iter(
            [place for place in await self._list_places(caller, bucket_ids) if after is None or place[0] > after]
        )
        items: list[Blob] = []
        while chunk := dict(islice(places, BLOBS_PER_QUERY)):
            where = LIVE | {"schema_id": tuple(schema_ids), "id": tuple(chunk.values())}
            found = {blob.id: blob for blob in await self._store.find(BLOBS, caller.user_id, where)}
            for position, blob_id in chunk.items():
                if blob_id in found:
                    items.append(replace(found[blob_id], bucket_ids=(), derived_ids=(), stale=False))
                if len(items) == limit:
                    return Page(items=tuple(items), next_cursor=encode_cursor(*position))
        return Page(items=tuple(items), next_cursor=None)

    async def _list_places(self, caller: Caller, bucket_ids: Sequence[str]) -> Sequence[tuple[Position, str]]:
        """Returns the first place of each blob in these buckets, in order."""
        numbers = {id: number for number, id in enumerate(bucket_ids)}
        found: list[tuple[Position, str]] = []
        for begin in range(0, len(bucket_ids), BUCKETS_PER_QUERY):
            ids = tuple(bucket_ids[begin : begin + BUCKETS_PER_QUERY])
            await self._check_buckets(caller, ids)
            fields = ("bucket_id", "rank", "id", "blob_id")
            rows = await self._store.select(PLACEMENTS, caller.user_id, fields, LIVE | {"bucket_id": ids})
            found += [((numbers[bucket_id], rank, id), blob_id) for bucket_id, rank, id, blob_id in rows]
        first: dict[str, Position] = {}
        for position, blob_id in sorted(found):
            first.setdefault(blob_id, position)
        return [(position, blob_id) for blob_id, position in first.items()]

    async def _check_buckets(self, caller: Caller, ids: Sequence[str]) -> None:
        there = {id for (id,) in await self._store.select(BUCKETS, caller.user_id, ("id",), {"id": ids})}
        if missing := [id for id in ids if id not in there]:
            raise NotFound(id=missing[0])
