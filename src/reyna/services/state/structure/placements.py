"""The placements part: place a blob in a bucket, reorder it, take it out, and list what a bucket contains."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.placement import Placement, placement_id
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.text.names import normalize_name
from reyna.domain.tree_item import ItemKind
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, Placing
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.ranking import After, rank_after
from reyna.services.state.structure.subtree import LIVE
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a bucket: a child bucket, or a blob with its placement."""

    kind: ItemKind
    bucket: Bucket | None = None
    blob: Blob | None = None
    placement: Placement | None = None

    @property
    def rank(self) -> tuple[str, str]:
        if self.bucket is not None:
            return self.bucket.rank, self.bucket.id
        assert self.placement is not None  # noqa: S101 - one of the two is always there
        return self.placement.rank, self.placement.id


class Placements:
    """The verbs on placements."""

    def __init__(self, store: Store, clock: LogicalClock, blobs: BlobReader, buckets: BucketReader) -> None:
        self._store, self._clock, self._blobs, self._buckets = store, clock, blobs, buckets

    @retry_when_clock_is_behind
    async def place(
        self,
        caller: Caller,
        bucket_id: str,
        blob_id: str,
        *,
        after: After = msgspec.UNSET,
        label: str | msgspec.UnsetType | None = msgspec.UNSET,
        if_match: IfMatch | None = None,
    ) -> Placement:
        """Places the blob in the bucket, or at another position there, and returns the placement.

        It comes behind `after`, a blob or a child bucket of this bucket, or first when that is None. Left out: last, or
        where it is. Raises NotFound for a blob, bucket or neighbour that is not there.
        """
        if isinstance(label, str):
            label = normalize_name(label, field="label")
        there = await self._store.get(PLACEMENTS, caller.user_id, placement_id(bucket_id, blob_id))
        if if_match is not None:
            if_match.check(there.revision if there else None, current=there)
        position = await self._position(caller, bucket_id, blob_id, after, there)
        placement = self._placement(caller, bucket_id, blob_id, position, label, there)
        event = placement.event("added" if there is None else "moved", caller)
        act = journal_steps(self._clock, caller, "place_blob", Placing(before=there, after=placement))
        changes = there is None or (there.rank, there.label) != (placement.rank, placement.label)
        try:
            await self._store.write(
                Put(PLACEMENTS, placement, expects=0 if there is None else there.revision),
                Require(BUCKETS, caller.user_id, bucket_id, LIVE),
                Require(BLOBS, caller.user_id, blob_id, LIVE),
                *(act if changes else []),
                messages=[event.message()],
            )
        except RequirementNotMet as unmet:
            raise _missing_part(unmet, bucket_id, blob_id) from unmet
        return placement

    @retry_when_clock_is_behind
    async def take_out(self, caller: Caller, bucket_id: str, blob_id: str, *, if_match: IfMatch | None = None) -> None:
        """Takes the blob out of this bucket only: the blob itself and its other placements stay. Raises NotFound."""
        there = await self._store.get(PLACEMENTS, caller.user_id, placement_id(bucket_id, blob_id))
        if there is None or there.trashed_at is not None:
            raise NotFound(
                f"Blob {blob_id} does not stand in bucket {bucket_id}.", bucket_id=bucket_id, blob_id=blob_id
            )
        seen: dict[str, Any] = dict(LIVE)
        if if_match is not None:
            if_match.check(there.revision, current=there)
            seen["revision"] = there.revision
        try:
            await self._store.write(
                Require(PLACEMENTS, caller.user_id, there.id, seen),
                Delete(PLACEMENTS, caller.user_id, there.id),
                *journal_steps(self._clock, caller, "take_out", Placing(before=there, after=None)),
                messages=[there.event("removed", caller).message()],
            )
        except RequirementNotMet as unmet:
            raise NotFound(bucket_id=bucket_id, blob_id=blob_id) from unmet

    async def list_items(self, caller: Caller, id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Item]:
        """Returns child buckets and blobs together, in the order of this bucket. Raises NotFound."""
        await self._buckets.load(caller, id)
        after = decode_cursor(cursor, str, str)
        fetched = check_limit(limit) + 1
        buckets = await self._store.find(
            BUCKETS, caller.user_id, LIVE | {"parent_bucket_id": id}, order=("rank",), after=after, limit=fetched
        )
        places = await self._store.find(
            PLACEMENTS, caller.user_id, LIVE | {"bucket_id": id}, order=("rank",), after=after, limit=fetched
        )
        both = [Item(kind="bucket", bucket=bucket) for bucket in buckets]
        both += [Item(kind="blob", placement=place) for place in places]
        both.sort(key=lambda item: item.rank)
        more = encode_cursor(*both[limit - 1].rank) if len(both) > limit else None
        return Page(items=tuple(await self._load_items(caller, both[:limit])), next_cursor=more)

    async def _load_items(self, caller: Caller, items: Sequence[Item]) -> Sequence[Item]:
        """Returns the items with their blobs and buckets, without those that are gone."""
        ids = [item.placement.blob_id for item in items if item.placement]
        found = await self._store.find(BLOBS, caller.user_id, LIVE | {"id": ids}) if ids else []
        blobs = {blob.id: blob for blob in await self._blobs.describe_all(caller.user_id, found)}
        described = await self._buckets.describe_all(caller.user_id, [item.bucket for item in items if item.bucket])
        buckets = {bucket.id: bucket for bucket in described}
        filled = [
            replace(
                item,
                bucket=buckets.get(item.bucket.id) if item.bucket else None,
                blob=blobs.get(item.placement.blob_id) if item.placement else None,
            )
            for item in items
        ]
        return [item for item in filled if item.bucket or item.blob]

    def _placement(
        self,
        caller: Caller,
        bucket_id: str,
        blob_id: str,
        position: str,
        label: str | msgspec.UnsetType | None,
        there: Placement | None,
    ) -> Placement:
        """Returns the next revision of the placement, or a new one where there is none."""
        if there is not None:
            kept = there.label if label is msgspec.UNSET else label
            return replace(there, rank=position, revision=there.revision + 1, label=kept)
        return Placement(
            id=placement_id(bucket_id, blob_id),
            user_id=caller.user_id,
            bucket_id=bucket_id,
            blob_id=blob_id,
            rank=position,
            label=None if label is msgspec.UNSET else label,
            number=self._clock.next(caller.user_id),
            created_at=datetime.now(UTC),
        )

    async def _position(
        self, caller: Caller, bucket_id: str, blob_id: str, after: After, there: Placement | None
    ) -> str:
        next = partial(self._clock.next, caller.user_id)
        if after is msgspec.UNSET:
            return rank.last(next(), blob_id) if there is None else there.rank
        if after == blob_id and there is not None:
            return there.rank
        return await rank_after(self._store, caller.user_id, bucket_id, after, blob_id, next)


def _missing_part(unmet: RequirementNotMet, bucket_id: str, blob_id: str) -> NotFound | Conflict:
    """Returns the refusal that names what a placement needs and does not find."""
    missing = {"state.buckets": ("bucket_id", bucket_id), "state.blobs": ("blob_id", blob_id)}
    if unmet.collection not in missing:
        return Conflict("This blob was placed by somebody else at the same moment. Try again.")
    field, id = missing[unmet.collection]
    return NotFound(f"There is no {field.removesuffix('_id')} {id} of yours.", id=id, field=field)
