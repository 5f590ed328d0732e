"""The rank for a place in a bucket, where child buckets and blobs stand in one order."""

import asyncio
from typing import Any

from reyna.domain import rank
from reyna.domain.errors import NotFound
from reyna.domain.placement import placement_id
from reyna.ports import Collection, Store
from reyna.state.records import BUCKETS, PLACEMENTS
from reyna.state.subtree import LIVE


async def place_after(store: Store, user_id: str, bucket_id: str | None, after: str | None) -> str:
    """A rank directly behind `after`, a child bucket or a blob of this bucket, or in front of all when that is None.

    `bucket_id` None stands for the roots. Raises NotFound when `after` does not stand there.
    """
    behind = None if after is None else await _there(store, user_id, bucket_id, after)
    following = await asyncio.gather(
        _first(store, BUCKETS, user_id, "parent_bucket_id", bucket_id, behind),
        _first(store, PLACEMENTS, user_id, "bucket_id", bucket_id, behind),
    )
    ranks = [there for there in following if there is not None]
    if not ranks:
        return rank.last()
    return rank.before(min(ranks)) if behind is None else rank.between(behind[0], min(ranks))


async def _there(store: Store, user_id: str, bucket_id: str | None, id: str) -> tuple[str, str]:
    bucket = await store.get(BUCKETS, user_id, id)
    if bucket is not None and bucket.parent_bucket_id == bucket_id:
        return bucket.rank, bucket.id
    place = None if bucket_id is None else await store.get(PLACEMENTS, user_id, placement_id(bucket_id, id))
    if place is None:
        raise NotFound(f"There is nothing {id} in that place.", id=id, field="after")
    return place.rank, place.id


async def _first(
    store: Store, collection: Collection[Any], user_id: str, within: str, id: str | None, after: tuple[str, str] | None
) -> str | None:
    """The rank of the first one behind that place, or of all."""
    if collection is PLACEMENTS and id is None:
        return None
    found = await store.find(collection, user_id, LIVE | {within: id}, order=("rank",), after=after, limit=1)
    return found[0].rank if found else None
