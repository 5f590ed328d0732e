"""Ranks: the order of child buckets and blobs in a bucket."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from reyna.domain import rank
from reyna.domain.errors import NotFound
from reyna.domain.placement import placement_id
from reyna.ports.store import NOT_NULL, Collection, Store, Where
from reyna.services.state.records import BUCKETS, PLACEMENTS
from reyna.storage.logical_clock import LogicalClock

After = str | msgspec.UnsetType | None
"""The neighbour to stand behind: None for the first place, UNSET for the last."""
AFTER_ALL_IDS: Final = "~"  # sorts after every id


async def bucket_rank(
    store: Store, clock: LogicalClock, user_id: str, parent_bucket_id: str | None, after: After, id: str
) -> str:
    """Returns the rank of a bucket under this parent; the act that is written along gives out a larger number.

    Raises NotFound when `after` does not stand there.
    """
    next_number = partial(clock.next, user_id)
    if after is msgspec.UNSET:
        return rank.last(next_number(), id)
    return await rank_after(store, user_id, parent_bucket_id, after, id, next_number)


async def rank_after(
    store: Store, user_id: str, bucket_id: str | None, after: str | None, id: str, number: Callable[[], int]
) -> str:
    """Returns the rank of `id` directly behind `after`, a child bucket or a blob of this bucket; None for the front.

    What is in the trash keeps its place, to come back to it. `number` is called when nothing follows.

    `bucket_id` None stands for the roots. Raises NotFound when `after` does not stand there.
    """
    behind = None if after is None else await _rank_of(store, user_id, bucket_id, after)
    following = await asyncio.gather(
        *(
            _first_rank(store, collection, user_id, {within: bucket_id, "trashed_at": trashed}, behind)
            for collection, within in ((BUCKETS, "parent_bucket_id"), (PLACEMENTS, "bucket_id"))
            for trashed in (None, NOT_NULL)
            if collection is BUCKETS or bucket_id is not None
        )
    )
    ranks = [there for there in following if there is not None and (behind is None or there > behind[0])]
    if not ranks:
        return rank.last(number(), id)
    return rank.before(min(ranks), id) if behind is None else rank.between(behind[0], min(ranks), id)


async def _rank_of(store: Store, user_id: str, bucket_id: str | None, id: str) -> tuple[str, str]:
    bucket = await store.get(BUCKETS, user_id, id)
    if bucket is not None and bucket.parent_bucket_id == bucket_id:
        return bucket.rank, bucket.id
    place = None if bucket_id is None else await store.get(PLACEMENTS, user_id, placement_id(bucket_id, id))
    if place is None:
        raise NotFound(f"There is nothing {id} in that place.", id=id, field="after")
    return place.rank, place.id


async def _first_rank(
    store: Store, collection: Collection[Any], user_id: str, where: Where, after: tuple[str, str] | None
) -> str | None:
    """Returns the rank of the first one behind that place, or of all."""
    # Behind those of the same rank too, if there are: `AFTER_ALL_IDS` sorts after every id.
    place = None if after is None else (after[0], AFTER_ALL_IDS)
    found = await store.find(collection, user_id, where, order=("rank",), after=place, limit=1)
    return found[0].rank if found else None
