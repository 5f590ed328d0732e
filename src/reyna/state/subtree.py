"""What stands in some buckets and below them: all that goes along when they go."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.placement import Placement
from reyna.ports import Store
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS

LIVE: Final = {"trashed_at": None}
T = TypeVar("T")
CHUNK: Final = 1000  # ids in one question


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Live records: `buckets` nearest first, `blobs` that stand nowhere else, and for each blob that does
    stand elsewhere one of its places there (`elsewhere`, blob id -> placement id)."""

    buckets: list[Bucket]
    placements: list[Placement]
    blobs: list[Blob]
    elsewhere: dict[str, str]

    def places_of(self) -> dict[str, tuple[str, ...]]:
        """Blob id -> the buckets it stands in here."""
        places: dict[str, tuple[str, ...]] = {}
        for placement in self.placements:
            places[placement.blob_id] = (*places.get(placement.blob_id, ()), placement.bucket_id)
        return places


async def live_below(store: Store, user_id: str, roots: Iterable[str], depth: int | None = None) -> list[Bucket]:
    """The roots and the buckets below them that are out of the trash, nearest first.

    The trash is left out here and not by the walk: a walk that asks for it may be served, on tables that PostgreSQL has
    no statistics of, by the index of all live buckets instead of the one by parent, at every step.
    """
    kept: dict[str, Bucket] = {}
    walked = await store.walk(BUCKETS, user_id, [*roots], "parent_bucket_id", toward="children", depth=depth)
    for far, bucket in walked:
        if bucket.trashed_at is None and (far == 0 or bucket.parent_bucket_id in kept):
            kept[bucket.id] = bucket
    return [*kept.values()]


async def below(store: Store, user_id: str, roots: Iterable[str], *, also: Iterable[str] = ()) -> Contents:
    """The roots and all below them; `also` names buckets that are gone already, but whose places count as here."""
    buckets = await live_below(store, user_id, roots)
    here = {bucket.id for bucket in buckets} | {*also}
    placements: list[Placement] = []
    for ids in chunks(sorted(here)):
        placements += await store.find(PLACEMENTS, user_id, LIVE | {"bucket_id": ids})
    held = sorted({placement.blob_id for placement in placements})
    elsewhere: dict[str, str] = {}
    blobs: list[Blob] = []
    for ids in chunks(held):
        places = await store.pick(PLACEMENTS, user_id, ("blob_id", "bucket_id", "id"), LIVE | {"blob_id": ids})
        elsewhere |= {blob_id: place for blob_id, bucket_id, place in places if bucket_id not in here}
        blobs += await store.find(BLOBS, user_id, LIVE | {"id": [id for id in ids if id not in elsewhere]})
    return Contents(buckets=buckets, placements=placements, blobs=blobs, elsewhere=elsewhere)


def chunks(all: Iterable[T]) -> Iterator[list[T]]:
    """These by the thousand; nothing when there are none."""
    rest = iter(all)
    while chunk := [*islice(rest, CHUNK)]:
        yield chunk
