"""Loads subtrees: the buckets, placements and blobs that go along when buckets are trashed or copied."""

from collections.abc import Iterable
from typing import Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.placement import Placement
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.storage.chunks import chunks

LIVE: Final = {"trashed_at": None}


class SubtreeContents(msgspec.Struct, frozen=True, kw_only=True):
    """The live records of a subtree.

    `buckets` are nearest first. `blobs` are those that stand nowhere else; for each blob that does, `elsewhere` names
    one of its placements there (blob id -> placement id).
    """

    buckets: list[Bucket]
    placements: list[Placement]
    blobs: list[Blob]
    elsewhere: dict[str, str]

    def places_of(self) -> dict[str, tuple[str, ...]]:
        """Returns the buckets of each blob in the subtree, by blob id."""
        places: dict[str, tuple[str, ...]] = {}
        for placement in self.placements:
            places[placement.blob_id] = (*places.get(placement.blob_id, ()), placement.bucket_id)
        return places


async def live_buckets_below(
    store: Store, user_id: str, roots: Iterable[str], depth: int | None = None
) -> list[Bucket]:
    """Returns the roots and the buckets below them that are out of the trash, nearest first.

    The trash is left out here and not by the walk: a walk that asks for it may be served, on tables that PostgreSQL has
    no statistics of, by the index of all live buckets instead of the one by parent, at every step.
    """
    kept: dict[str, Bucket] = {}
    walked = await store.walk(BUCKETS, user_id, [*roots], "parent_bucket_id", toward="children", depth=depth)
    for far, bucket in walked:
        if bucket.trashed_at is None and (far == 0 or bucket.parent_bucket_id in kept):
            kept[bucket.id] = bucket
    return [*kept.values()]


async def load_subtree(
    store: Store, user_id: str, roots: Iterable[str], *, also: Iterable[str] = ()
) -> SubtreeContents:
    """Returns the roots and all below them; `also` are ids of trashed buckets whose placements count as inside."""
    buckets = await live_buckets_below(store, user_id, roots)
    here = {bucket.id for bucket in buckets} | {*also}
    placements: list[Placement] = []
    for ids in chunks(sorted(here)):
        placements += await store.find(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
    held = sorted({placement.blob_id for placement in placements})
    elsewhere: dict[str, str] = {}
    blobs: list[Blob] = []
    for ids in chunks(held):
        places = await store.select(PLACEMENTS, user_id, ("blob_id", "bucket_id", "id"), LIVE | {"blob_id": ids})
        elsewhere |= {blob_id: place for blob_id, bucket_id, place in places if bucket_id not in here}
        blobs += await store.find(BLOBS, user_id, LIVE | {"id": [id for id in ids if id not in elsewhere]})
    return SubtreeContents(buckets=buckets, placements=placements, blobs=blobs, elsewhere=elsewhere)
