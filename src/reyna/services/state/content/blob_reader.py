"""Reads blobs, and adds what is computed on read: buckets, derived blobs, and whether the source has moved on."""

import asyncio
from typing import Any

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.subtree import LIVE


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
        return await self.describe(await self.load(caller, id))

    async def describe(self, blob: Blob) -> Blob:
        """Returns the blob with what is computed on read."""
        return (await self.describe_all(blob.user_id, [blob]))[0]

    async def describe_all(self, user_id: str, blobs: list[Blob]) -> list[Blob]:
        """Returns the blobs, in their order, with what is computed on read."""
        if not blobs:
            return blobs
        ids = [blob.id for blob in blobs]
        parents = {blob.parent_id for blob in blobs if blob.parent_id is not None}
        places, derived, sources = await asyncio.gather(
            self._store.select(PLACEMENTS, user_id, ("blob_id", "bucket_id"), LIVE | {"blob_id": ids}),
            self._store.select(BLOBS, user_id, ("parent_id", "id"), LIVE | {"parent_id": ids}),
            self._store.select(BLOBS, user_id, ("id", "data_revision", "revision"), {"id": parents})
            if parents
            else _no_rows(),
        )
        since: dict[str | None, int] = {id: data_revision or revision for id, data_revision, revision in sources}
        return [
            replace(
                blob,
                bucket_ids=tuple(bucket for id, bucket in places if id == blob.id),
                derived_ids=tuple(child for id, child in derived if id == blob.id),
                stale=blob.parent_revision is not None and blob.parent_revision < since.get(blob.parent_id, 0),
            )
            for blob in blobs
        ]


async def _no_rows() -> list[tuple[Any, ...]]:
    return []
