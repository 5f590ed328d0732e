"""Reads blobs, and adds what is computed on read: buckets, derived blobs, and whether the source has moved on."""

import asyncio
from typing import Any, NamedTuple

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.subtree import LIVE

Sources = dict[str | None, int]  # the blobs that others were derived from, with the revision of their data


class Links(NamedTuple):
    """The buckets and the derived blobs of some blobs, as pairs that begin with the blob's id."""

    places: list[tuple[Any, ...]]
    derived: list[tuple[Any, ...]]


class BlobReader:
    """Reads the blobs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, caller: Caller, id: str) -> Blob:
        """Returns the blob as it is stored, also out of the trash. Raises NotFound."""
        if blob := await self._store.get(BLOBS, caller.user_id, id):
            return blob
        raise NotFound(id=id)

    async def load_described(self, caller: Caller, id: str) -> Blob:
        """Returns the blob with what is computed on read. Raises NotFound."""
        blob, links = await asyncio.gather(self.load(caller, id), self._load_links(caller.user_id, [id]))
        return _described(blob, links, await self._load_sources(caller.user_id, [blob]))

    async def describe(self, blob: Blob) -> Blob:
        """Returns the blob with what is computed on read."""
        return (await self.describe_all(blob.user_id, [blob]))[0]

    async def describe_all(self, user_id: str, blobs: list[Blob]) -> list[Blob]:
        """Returns the blobs, in their order, with what is computed on read."""
        if not blobs:
            return blobs
        links, sources = await asyncio.gather(
            self._load_links(user_id, [blob.id for blob in blobs]), self._load_sources(user_id, blobs)
        )
        return [_described(blob, links, sources) for blob in blobs]

    async def _load_links(self, user_id: str, ids: list[str]) -> Links:
        places, derived = await asyncio.gather(
            self._store.select(PLACEMENTS, user_id, ("blob_id", "bucket_id"), LIVE | {"blob_id": ids}),
            self._store.select(BLOBS, user_id, ("parent_id", "id"), LIVE | {"parent_id": ids}),
        )
        return Links(places, derived)

    async def _load_sources(self, user_id: str, blobs: list[Blob]) -> Sources:
        parents = {blob.parent_id for blob in blobs if blob.parent_id is not None}
        if not parents:
            return {}
        rows = await self._store.select(BLOBS, user_id, ("id", "data_revision", "revision"), {"id": parents})
        return {id: data_revision or revision for id, data_revision, revision in rows}


def _described(blob: Blob, links: Links, sources: Sources) -> Blob:
    return replace(
        blob,
        bucket_ids=tuple(bucket for id, bucket in links.places if id == blob.id),
        derived_ids=tuple(child for id, child in links.derived if id == blob.id),
        stale=blob.parent_revision is not None and blob.parent_revision < sources.get(blob.parent_id, 0),
    )
