"""Finds out what lies in or below the buckets of an API key."""

from collections.abc import Iterable, Sequence

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.ports.store import Store
from reyna.services.state.records import BUCKETS, PLACEMENTS
from reyna.storage.chunks import chunks


class KeyReach:
    """Checks buckets and blobs against the buckets that the caller is limited to, those in the trash included."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def buckets_within(self, caller: Caller, bucket_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of the buckets that are, or lie below, a bucket of the key."""
        within: set[str] = set()
        roots, wanted = frozenset(caller.bucket_ids or ()), sorted(set(bucket_ids))
        for ids in chunks(wanted):
            walked = await self._store.walk(BUCKETS, caller.user_id, ids, "parent_bucket_id", toward="parents")
            parents = {bucket.id: bucket.parent_bucket_id for _, bucket in walked}
            within |= {id for id in ids if id in parents and _leads_to(roots, parents, id)}
        return frozenset(within)

    async def blobs_within(self, caller: Caller, blob_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of the blobs that stand in a bucket of the key or below one."""
        places: list[tuple[str, str]] = []
        for ids in chunks(sorted(set(blob_ids))):
            places += await self._store.select(PLACEMENTS, caller.user_id, ("blob_id", "bucket_id"), {"blob_id": ids})
        within = await self.buckets_within(caller, (bucket_id for _, bucket_id in places))
        return frozenset(blob_id for blob_id, bucket_id in places if bucket_id in within)

    async def check_buckets(self, caller: Caller, bucket_ids: Sequence[str]) -> None:
        """Raises NotFound for the first of the buckets that the key does not reach."""
        await self._check(bucket_ids, await self.buckets_within(caller, bucket_ids))

    async def check_below(self, caller: Caller, bucket_ids: Sequence[str]) -> None:
        """Raises NotFound for the first of the buckets that does not lie below one of the key: the buckets of the key
        themselves are part of what is around them."""
        within = await self.buckets_within(caller, bucket_ids)
        await self._check(bucket_ids, within - frozenset(caller.bucket_ids or ()))

    async def check_blobs(self, caller: Caller, blob_ids: Sequence[str]) -> None:
        """Raises NotFound for the first of the blobs that the key does not reach."""
        await self._check(blob_ids, await self.blobs_within(caller, blob_ids))

    async def _check(self, ids: Sequence[str], within: frozenset[str]) -> None:
        for id in ids:
            if id not in within:
                raise NotFound(id=id)


def _leads_to(roots: frozenset[str], parents: dict[str, str | None], id: str) -> bool:
    above: str | None = id
    seen: set[str] = set()
    while above is not None and above not in seen:
        if above in roots:
            return True
        seen.add(above)
        above = parents.get(above)
    return False
