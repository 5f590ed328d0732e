"""Buckets: created, changed and moved, and what stands in them."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.domain import rank
from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.caller import Caller
from reyna.domain.data import METADATA_BYTES, encoded
from reyna.domain.errors import Conflict, Invalid, NotFound, StaleRevision, WouldContainItself
from reyna.domain.ids import new_id, slug
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.ports import Collection, Need, Put, Step, Store, Unmet
from reyna.state.acts import journalled
from reyna.state.order import place_after
from reyna.state.quota import Quota
from reyna.state.records import BUCKETS, PLACEMENTS, TREES, Fields, Trashing, Tree
from reyna.state.repeats import made_before, remembered
from reyna.state.shapes import Shapes
from reyna.state.subtree import LIVE, live_below
from reyna.state.tree import grown, would_contain_itself

NAME_LENGTH: Final = 200
LISTED: Final = 1000  # ids in `child_bucket_ids` and `blob_ids`; the counts are always whole
TRIES: Final = 20  # moves of one user that race for the counter; each round lets at least one through
BUSY: Final = "The tree is being changed by others without pause. Try again."
DEEPEST: Final = 100  # levels that one answer holds as nested JSON; deeper ones are asked for by their bucket
After = str | msgspec.UnsetType | None


class Buckets:
    """The verbs on buckets."""

    def __init__(self, store: Store, shapes: Shapes, quota: Quota) -> None:
        self._store, self._shapes, self._quota = quota.over(store), shapes, quota

    async def create_bucket(self, caller: Caller, new: NewBucket, *, key: str | None = None) -> Bucket:
        """A new bucket, last among its siblings unless `after` says otherwise.

        A second request with the same `key` is answered with what the first one made.
        """
        name, type = as_name(new.name), slug("type", new.type)
        await self._check_metadata(caller, type, new.metadata)
        now = datetime.now(UTC)
        bucket = Bucket(
            id=new_id("bucket"),
            user_id=caller.user_id,
            name=name,
            type=type,
            parent_bucket_id=new.parent_bucket_id,
            rank=await self._rank(caller, new.parent_bucket_id, new.after),
            metadata=new.metadata,
            created_at=now,
            updated_at=now,
        )
        parent = [] if new.parent_bucket_id is None else [Need(BUCKETS, caller.user_id, new.parent_bucket_id, LIVE)]
        # Undone, it goes to the trash: whatever came into it meanwhile is never lost.
        change = Trashing(trash_id=new_id("trash"), kind="bucket", item_id=bucket.id, out=False)
        act = journalled(caller, "create_bucket", change, name=name)
        event = bucket.event("created", caller)
        try:
            once = remembered(caller, key, bucket.id)
            steps: list[Step] = [
                Put(BUCKETS, bucket),
                act,
                *parent,
                *once,
                *self._quota.used(caller.user_id, buckets=1),
            ]
            await self._store.write(*steps, messages=[event.message()])
        except Unmet as unmet:
            if (made_id := await made_before(self._store, caller, key, "bucket")) is not None:
                return await self.bucket(caller, made_id)
            raise NotFound(
                f"There is no bucket {new.parent_bucket_id} of yours.",
                id=new.parent_bucket_id,
                field="parent_bucket_id",
            ) from unmet
        return bucket

    async def bucket(self, caller: Caller, id: str) -> Bucket:
        bucket = await self._bucket(caller, id)
        return (await self._describe_buckets(caller.user_id, [bucket]))[0]

    async def buckets(
        self,
        caller: Caller,
        *,
        type: str | None = None,
        parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Bucket]:
        """In the order of their siblings; `parent_bucket_id` null for the roots, left out for all."""
        where: dict[str, Any] = dict(LIVE)
        if type is not None:
            where["type"] = type
        if parent_bucket_id is not msgspec.UNSET:
            where["parent_bucket_id"] = parent_bucket_id
        found = await self._store.find(
            BUCKETS, caller.user_id, where, order=("rank",), after=place_of(cursor, str, str), limit=bounded(limit) + 1
        )
        more = cursor_of(found[limit - 1].rank, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(await self._describe_buckets(caller.user_id, found[:limit])), next_cursor=more)

    async def tree(self, caller: Caller, id: str, depth: int | None = None) -> Node:
        """The bucket and what it contains, `depth` levels down (at most 100 in one answer)."""
        if (await self._bucket(caller, id)).trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
        found = await live_below(self._store, caller.user_id, [id], _depth(depth))
        return (await self._grown(caller.user_id, found))[0]

    async def forest(self, caller: Caller) -> Page[Node]:
        """Every tree of the user, at most 100 levels deep."""
        roots = await self._store.pick(BUCKETS, caller.user_id, ("id",), LIVE | {"parent_bucket_id": None})
        found = await live_below(self._store, caller.user_id, [id for (id,) in roots], _depth(None))
        return Page(items=tuple(await self._grown(caller.user_id, found)))

    async def change_bucket(self, caller: Caller, id: str, change: BucketChange) -> Bucket:
        """Name, type or metadata. Raises StaleRevision with `current`."""
        current = await self._bucket(caller, id)
        if current.trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", current=current)
        if change.base_revision != current.revision:
            raise StaleRevision(bucket_id=id, yours=change.base_revision, current=await self.bucket(caller, id))
        type = current.type if change.type is msgspec.UNSET else slug("type", change.type)
        metadata = current.metadata if change.metadata is msgspec.UNSET else change.metadata
        await self._check_metadata(caller, type, metadata)
        name = current.name if change.name is msgspec.UNSET else as_name(change.name)
        changed = current.changed(name=name, type=type, metadata=metadata)
        fields = Fields(bucket_id=id, before=_described_by(current), after=_described_by(changed))
        act = journalled(caller, "change_bucket", fields, name=current.name)
        try:
            await self._store.write(
                Put(BUCKETS, changed, expects=current.revision),
                *([act] if fields.before != fields.after else []),
                messages=[changed.event("updated", caller).message()],
            )
        except Unmet as unmet:
            now = await self.bucket(caller, id)
            raise StaleRevision(bucket_id=id, yours=change.base_revision, current=now) from unmet
        return await self.bucket(caller, id)

    async def move_bucket(self, caller: Caller, id: str, *, under: str | None, after: After = msgspec.UNSET) -> Bucket:
        """The bucket with all it contains, under another parent or to another place among its siblings.

        Every move of a user passes through one counter, so two at once can never make a loop.
        """
        for _ in range(TRIES):
            counter = await self._counter(caller)
            bucket = await self._bucket(caller, id)
            await self._check_move(caller, bucket, under)
            moved = bucket.moved(under, await self._rank(caller, under, after))
            fields = Fields(bucket_id=id, before=_place_of(bucket), after=_place_of(moved))
            act = journalled(caller, "move_bucket", fields, name=bucket.name)
            target = [] if under is None else [Need(BUCKETS, caller.user_id, under, LIVE)]
            event = moved.event("moved", caller, came_from=bucket.parent_bucket_id)
            try:
                await self._store.write(
                    counter, act, Put(BUCKETS, moved, expects=bucket.revision), *target, messages=[event.message()]
                )
            except Unmet:
                continue
            return (await self._describe_buckets(caller.user_id, [moved]))[0]
        raise Conflict(BUSY)

    async def containing(self, caller: Caller, bucket_ids: list[str]) -> list[str]:
        """Every bucket that contains these at any height, themselves included."""
        walked = await self._store.walk(BUCKETS, caller.user_id, bucket_ids, "parent_bucket_id", toward="parents")
        return [bucket.id for _, bucket in walked if bucket.trashed_at is None]

    # --- what the verbs above are made of ---

    async def _bucket(self, caller: Caller, id: str) -> Bucket:
        if bucket := await self._store.get(BUCKETS, caller.user_id, id):
            return bucket
        raise NotFound(id=id)

    async def _counter(self, caller: Caller) -> Put:
        """The step by which a change that could tangle the tree passes before any other such change."""
        tree = await self._store.get(TREES, caller.user_id, "tree")
        passed = 0 if tree is None else tree.revision
        return Put(TREES, Tree(user_id=caller.user_id, revision=passed + 1), expects=passed)

    async def _check_move(self, caller: Caller, bucket: Bucket, under: str | None) -> None:
        if bucket.trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=bucket.id)
        if under is None:
            return
        above = await self.containing(caller, [under])
        if under not in above:
            raise NotFound(f"There is no bucket {under} of yours.", id=under, field="parent_bucket_id")
        if would_contain_itself(bucket.id, above):
            raise WouldContainItself(bucket_id=bucket.id, parent_bucket_id=under)

    async def _check_metadata(self, caller: Caller, type: str, metadata: dict[str, Any]) -> None:
        encoded(metadata, most=METADATA_BYTES, field="metadata")
        if shape := await self._shapes.of_bucket(caller, type):
            shape.accept(metadata, "metadata", by=caller)

    async def _rank(self, caller: Caller, parent_bucket_id: str | None, after: After) -> str:
        if after is msgspec.UNSET:
            return rank.last()
        return await place_after(self._store, caller.user_id, parent_bucket_id, after)

    async def _grown(self, user_id: str, buckets: list[Bucket]) -> list[Node]:
        ids = [bucket.id for bucket in buckets]
        blob_counts, child_counts = await asyncio.gather(
            self._store.tally(PLACEMENTS, user_id, "bucket_id", LIVE | {"bucket_id": ids}),
            self._store.tally(BUCKETS, user_id, "parent_bucket_id", LIVE | {"parent_bucket_id": ids}),
        )
        return grown(buckets, blob_counts, child_counts)

    async def _describe_buckets(self, user_id: str, buckets: list[Bucket]) -> list[Bucket]:
        """With what is computed on read: what stands in them, and how many."""
        if not buckets:
            return buckets
        ids = [bucket.id for bucket in buckets]
        blob_counts, child_counts = await asyncio.gather(
            self._store.tally(PLACEMENTS, user_id, "bucket_id", LIVE | {"bucket_id": ids}),
            self._store.tally(BUCKETS, user_id, "parent_bucket_id", LIVE | {"parent_bucket_id": ids}),
        )
        blobs, children = await asyncio.gather(
            self._listed(user_id, PLACEMENTS, "bucket_id", "blob_id", blob_counts),
            self._listed(user_id, BUCKETS, "parent_bucket_id", "id", child_counts),
        )
        return [
            msgspec.structs.replace(
                bucket,
                blob_count=blob_counts.get(bucket.id, 0),
                child_count=child_counts.get(bucket.id, 0),
                blob_ids=blobs.get(bucket.id, ()),
                child_bucket_ids=children.get(bucket.id, ()),
            )
            for bucket in buckets
        ]

    async def _listed(
        self, user_id: str, collection: Collection[Any], holder: str, held: str, counts: dict[str, int]
    ) -> dict[str, tuple[str, ...]]:
        """The first ids in each of these buckets, in order."""
        within: dict[str, list[str]] = {}
        small = [id for id, count in counts.items() if count <= LISTED]
        if small:
            found = await self._store.pick(collection, user_id, (holder, "rank", held), LIVE | {holder: small})
            for bucket_id, _, id in sorted(found):
                within.setdefault(bucket_id, []).append(id)
        for bucket_id in counts.keys() - set(small):
            first = await self._store.find(
                collection, user_id, LIVE | {holder: bucket_id}, order=("rank",), limit=LISTED
            )
            within[bucket_id] = [getattr(record, held) for record in first]
        return {bucket_id: tuple(ids) for bucket_id, ids in within.items()}


def _described_by(bucket: Bucket) -> dict[str, Any]:
    return {"name": bucket.name, "type": bucket.type, "metadata": bucket.metadata}


def _place_of(bucket: Bucket) -> dict[str, Any]:
    return {"parent_bucket_id": bucket.parent_bucket_id, "rank": bucket.rank}


def as_name(name: str) -> str:
    """The name without space around it. Raises Invalid for one that is empty, too long or not printable."""
    stripped = name.strip()
    if not 1 <= len(stripped) <= NAME_LENGTH:
        raise Invalid.at("/name", f"must be 1 to {NAME_LENGTH} characters", expected=f"1 to {NAME_LENGTH} characters")
    if any(ord(c) < 32 or ord(c) == 127 for c in stripped):
        raise Invalid.at("/name", "contains a control character")
    encoded(stripped, field="name")
    return stripped


def _depth(depth: int | None) -> int:
    if depth is not None and not 0 <= depth <= DEEPEST:
        raise Invalid.at("/depth", f"must be 0 to {DEEPEST}", expected=f"0 to {DEEPEST}")
    return DEEPEST if depth is None else depth
