"""The lineage part: the paths to a blob, its ancestors and its descendants."""

import asyncio
from datetime import datetime

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import PathBucket
from reyna.domain.caller import Caller
from reyna.ports.store import Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.paths import paths_to
from reyna.services.state.structure.subtree import LIVE


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """All paths to a blob, each from a root bucket down; never more than one page."""

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


class LineageVerbs:
    """The verbs on the lineage of a blob. A blob's source is there before it and never changes: there are no loops."""

    def __init__(self, store: Store, blobs: BlobReader) -> None:
        self._store, self._blobs = store, blobs

    async def paths(self, caller: Caller, id: str) -> Paths:
        """Returns every path from a root bucket down to this blob. Raises NotFound."""
        await self._blobs.load(caller, id)
        held = await self._store.select(PLACEMENTS, caller.user_id, ("bucket_id",), LIVE | {"blob_id": id})
        paths = await paths_to(self._store, caller.user_id, (bucket_id for (bucket_id,) in held))
        return Paths(items=tuple(paths.values()))

    async def get(self, caller: Caller, id: str) -> Lineage:
        """Returns what the blob was derived from and what was derived from it, over any distance, the trash included.

        Raises NotFound.
        """
        blob = await self._blobs.load(caller, id)
        above, below = await asyncio.gather(
            self._store.walk(BLOBS, caller.user_id, [id], "parent_id", toward="parents"),
            self._store.walk(BLOBS, caller.user_id, [id], "parent_id", toward="children"),
        )
        since = {kin.id: kin.data_since for _, kin in (*above, *below)}
        return Lineage(
            blob_id=id,
            stale=_is_stale(blob, since),
            ancestors=tuple(_kin(distance, kin, since) for distance, kin in above if distance),
            descendants=tuple(_kin(distance, kin, since) for distance, kin in below if distance),
        )


def _is_stale(blob: Blob, since: dict[str, int]) -> bool:
    """Returns whether the source has moved on; `since` is the revision in which the data of each blob last changed."""
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
        stale=_is_stale(blob, since),
        created_at=blob.created_at,
        trashed_at=blob.trashed_at,
    )
