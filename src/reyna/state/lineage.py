"""Where a blob stands, what it comes from, what was made of it, and how its revisions differ."""

import asyncio
from datetime import datetime

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.state.diff import Diff, differences
from reyna.state.history import Which
from reyna.state.journal import Journal
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.state.subtree import LIVE


class PathBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket on the way to a blob."""

    id: str
    name: str
    type: str


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """All the ways to a blob, each from a root bucket down; never more than one page."""

    items: tuple[tuple[PathBucket, ...], ...]
    next_cursor: None = None


class Kin(msgspec.Struct, frozen=True, kw_only=True):
    """A blob in a lineage, `distance` derivations away; `stale` when its own source has moved on since it was made."""

    id: str
    parent_id: str | None
    distance: int
    schema_id: str
    processor_id: str
    revision: int
    parent_revision: int | None
    stale: bool
    created_at: datetime
    trashed_at: datetime | None


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Nearest first; a blob has one line of ancestors and a tree of descendants."""

    blob_id: str
    stale: bool
    ancestors: tuple[Kin, ...]
    descendants: tuple[Kin, ...]


class Lines(Journal):
    """The verbs on where a blob belongs. A blob's source is there before it and never changes: there are no loops."""

    async def places(self, caller: Caller, id: str) -> Paths:
        """Every path from a root bucket down to this blob."""
        await self._blob(caller, id)
        held = await self._store.pick(PLACEMENTS, caller.user_id, ("bucket_id",), LIVE | {"blob_id": id})
        starts = [bucket_id for (bucket_id,) in held]
        walked = await self._store.walk(BUCKETS, caller.user_id, starts, "parent_bucket_id", toward="parents")
        buckets = {bucket.id: bucket for _, bucket in walked}
        return Paths(items=tuple(_path(buckets, bucket_id) for bucket_id in starts))

    async def lineage(self, caller: Caller, id: str) -> Lineage:
        """What the blob was derived from and what was derived from it, over any distance, the trash included."""
        blob = await self._blob(caller, id)
        above, below = await asyncio.gather(
            self._store.walk(BLOBS, caller.user_id, [id], "parent_id", toward="parents"),
            self._store.walk(BLOBS, caller.user_id, [id], "parent_id", toward="children"),
        )
        since = {kin.id: kin.data_since for _, kin in (*above, *below)}
        return Lineage(
            blob_id=id,
            stale=_stale(blob, since),
            ancestors=tuple(_kin(far, kin, since) for far, kin in above if far),
            descendants=tuple(_kin(far, kin, since) for far, kin in below if far),
        )

    async def diff(self, caller: Caller, id: str, *, since: Which, to: Which | None = None) -> Diff:
        """What leads from revision `since` to revision `to`, the present one when left out. Raises NotFound."""
        older = await self.revision(caller, id, since)
        newer = await self.revision(caller, id, to if to is not None else (await self._blob(caller, id)).revision)
        # Two long texts may take a second, in which others want to be served.
        found = await asyncio.to_thread(lambda: tuple(differences(older.data, newer.data)))
        return Diff(blob_id=id, from_revision=older.number, to_revision=newer.number, differences=found)


def _path(buckets: dict[str, Bucket], bucket_id: str) -> tuple[PathBucket, ...]:
    path: dict[str, PathBucket] = {}
    above: str | None = bucket_id
    while above is not None and above in buckets and above not in path:
        bucket = buckets[above]
        path[above] = PathBucket(id=bucket.id, name=bucket.name, type=bucket.type)
        above = bucket.parent_bucket_id
    return tuple(reversed(path.values()))


def _stale(blob: Blob, since: dict[str, int]) -> bool:
    """`since`: in which revision the data of each blob last changed."""
    return blob.parent_revision is not None and blob.parent_revision < since.get(blob.parent_id or "", 0)


def _kin(distance: int, blob: Blob, since: dict[str, int]) -> Kin:
    return Kin(
        id=blob.id,
        parent_id=blob.parent_id,
        distance=distance,
        schema_id=blob.schema_id,
        processor_id=blob.processor_id,
        revision=blob.revision,
        parent_revision=blob.parent_revision,
        stale=_stale(blob, since),
        created_at=blob.created_at,
        trashed_at=blob.trashed_at,
    )
