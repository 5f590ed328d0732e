"""Placements: a blob put into a bucket, reordered there, and taken out of it; and a bucket's items in order."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.data import encoded
from reyna.domain.errors import Conflict, Invalid, NotFound
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.placement import Placement, placement_id
from reyna.ports import Drop, Need, Put, Unmet
from reyna.state.acts import journalled
from reyna.state.blobs import Blobs
from reyna.state.buckets import NAME_LENGTH, After, Buckets
from reyna.state.order import place_after
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS, Placing
from reyna.state.subtree import LIVE


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a bucket: a child bucket, or a blob with its placement."""

    kind: Literal["bucket", "blob"]
    bucket: Bucket | None = None
    blob: Blob | None = None
    placement: Placement | None = None

    @property
    def rank(self) -> tuple[str, str]:
        if self.bucket is not None:
            return self.bucket.rank, self.bucket.id
        assert self.placement is not None  # noqa: S101 - one of the two is always there
        return self.placement.rank, self.placement.id


class Placements(Blobs, Buckets):
    """The verbs on places."""

    async def place_blob(
        self,
        caller: Caller,
        bucket_id: str,
        blob_id: str,
        *,
        after: After = msgspec.UNSET,
        label: str | msgspec.UnsetType | None = msgspec.UNSET,
    ) -> Placement:
        """Into the bucket, or to another position there: behind `after`, which is a blob or a child bucket of it, first
        when null; left out, last, or where it stands."""
        if isinstance(label, str):
            _check_label(label)
        there = await self._store.get(PLACEMENTS, caller.user_id, placement_id(bucket_id, blob_id))
        position = await self._position(caller, bucket_id, after, there)
        if there is None:
            placement = Placement(
                id=placement_id(bucket_id, blob_id),
                user_id=caller.user_id,
                bucket_id=bucket_id,
                blob_id=blob_id,
                rank=position,
                label=None if label is msgspec.UNSET else label,
                created_at=datetime.now(UTC),
            )
        else:
            placement = replace(
                there,
                rank=position,
                revision=there.revision + 1,
                label=there.label if label is msgspec.UNSET else label,
            )
        event = placement.event("added" if there is None else "moved", caller)
        act = journalled(caller, "place_blob", Placing(before=there, after=placement))
        changes = there is None or (there.rank, there.label) != (placement.rank, placement.label)
        try:
            await self._store.write(
                Put(PLACEMENTS, placement, expects=0 if there is None else there.revision),
                Need(BUCKETS, caller.user_id, bucket_id, LIVE),
                Need(BLOBS, caller.user_id, blob_id, LIVE),
                *([act] if changes else []),
                messages=[event.message()],
            )
        except Unmet as unmet:
            missing = {"state.buckets": ("bucket_id", bucket_id), "state.blobs": ("blob_id", blob_id)}
            if unmet.collection not in missing:
                raise Conflict("This blob was placed by somebody else at the same moment. Try again.") from unmet
            field, id = missing[unmet.collection]
            raise NotFound(f"There is no {field.removesuffix('_id')} {id} of yours.", id=id, field=field) from unmet
        return placement

    async def take_out(self, caller: Caller, bucket_id: str, blob_id: str) -> None:
        """Out of this bucket only; the blob itself and its other places stay."""
        there = await self._store.get(PLACEMENTS, caller.user_id, placement_id(bucket_id, blob_id))
        if there is None or there.trashed_at is not None:
            raise NotFound(
                f"Blob {blob_id} does not stand in bucket {bucket_id}.", bucket_id=bucket_id, blob_id=blob_id
            )
        try:
            await self._store.write(
                Need(PLACEMENTS, caller.user_id, there.id, LIVE),
                Drop(PLACEMENTS, caller.user_id, there.id),
                journalled(caller, "take_out", Placing(before=there, after=None)),
                messages=[there.event("removed", caller).message()],
            )
        except Unmet as unmet:
            raise NotFound(bucket_id=bucket_id, blob_id=blob_id) from unmet

    async def items(self, caller: Caller, id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Item]:
        """Child buckets and blobs together, in the order of this bucket."""
        await self._bucket(caller, id)
        after = place_of(cursor, str, str)
        most = bounded(limit) + 1
        buckets = await self._store.find(
            BUCKETS, caller.user_id, LIVE | {"parent_bucket_id": id}, order=("rank",), after=after, limit=most
        )
        places = await self._store.find(
            PLACEMENTS, caller.user_id, LIVE | {"bucket_id": id}, order=("rank",), after=after, limit=most
        )
        both = [Item(kind="bucket", bucket=bucket) for bucket in buckets]
        both += [Item(kind="blob", placement=place) for place in places]
        both.sort(key=lambda item: item.rank)
        more = cursor_of(*both[limit - 1].rank) if len(both) > limit else None
        return Page(items=tuple(await self._filled(caller, both[:limit])), next_cursor=more)

    async def _filled(self, caller: Caller, items: list[Item]) -> list[Item]:
        """The items with the blobs and the described buckets they stand for."""
        ids = [item.placement.blob_id for item in items if item.placement]
        found = await self._store.find(BLOBS, caller.user_id, LIVE | {"id": ids}) if ids else []
        blobs = {blob.id: blob for blob in await self._describe_blobs(caller.user_id, found)}
        shown = await self._describe_buckets(caller.user_id, [item.bucket for item in items if item.bucket])
        buckets = {bucket.id: bucket for bucket in shown}
        filled = [
            replace(
                item,
                bucket=buckets.get(item.bucket.id) if item.bucket else None,
                blob=blobs.get(item.placement.blob_id) if item.placement else None,
            )
            for item in items
        ]
        return [item for item in filled if item.bucket or item.blob]

    async def _position(self, caller: Caller, bucket_id: str, after: After, there: Placement | None) -> str:
        if after is msgspec.UNSET:
            return rank.last() if there is None else there.rank
        if there is not None and after == there.blob_id:
            return there.rank
        return await place_after(self._store, caller.user_id, bucket_id, after)


def _check_label(label: str) -> None:
    encoded(label, field="label")
    if len(label) > NAME_LENGTH:
        raise Invalid.at("/label", f"must be at most {NAME_LENGTH} characters")
