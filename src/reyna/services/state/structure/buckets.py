"""The buckets part: create, get, list, change and move, and the trees that buckets form."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from reyna.domain.ids import ID, new_id
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.text.names import normalize_name, normalize_type
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.quota import Quota
from reyna.services.state.records import BUCKETS, Fields, Trashing
from reyna.services.state.revisions.revision_storage import is_same_json
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.moves import check_move, live_ancestors
from reyna.services.state.structure.name_search import where_named
from reyna.services.state.structure.ranking import After, bucket_rank
from reyna.services.state.structure.subtree import LIVE, live_buckets_below
from reyna.services.state.structure.tree import build_trees
from reyna.services.state.structure.tree_counter import MAX_TREE_CHANGE_ATTEMPTS, TREE_BUSY, advance_tree_counter
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind

MAX_TREE_DEPTH: Final = 100  # levels that one answer holds as nested JSON; deeper ones are asked for by their bucket


async def _repeat_creation(part: "Buckets", caller: Caller, request: IdempotencyRecord) -> Bucket:
    """Returns what the first request was answered with. Raises NotFound when the bucket was purged since."""
    there = await part.get(caller, request.made_id)
    return there if request.answer is None else msgspec.convert(request.answer, Bucket)


class Buckets:
    """The verbs on buckets."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        quota: Quota,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        reader: BucketReader,
    ) -> None:
        self._store, self._schemas, self._quota, self._clock = store, schemas, quota, clock
        self._reader = reader
        self.idempotency_keys = idempotency_keys

    @idempotent("bucket", _repeat_creation)
    @retry_when_clock_is_behind
    async def create(self, caller: Caller, new: NewBucket, *, id: str | None = None, key: Key = None) -> Bucket:
        """Writes a new bucket, last among its siblings unless `after` says otherwise, and returns it.

        A second request with the same `key`, or the same `id`, is answered with what the first one made.
        """
        if id is not None and not (ID.fullmatch(id) and id.startswith("bucket-")):
            raise Forbidden("A bucket is named by an id of its own.")
        name, type = normalize_name(new.name), normalize_type(new.type)
        await self._check_metadata(caller, type, new.metadata)
        now, number, id = datetime.now(UTC), self._clock.next(caller.user_id), id or new_id("bucket")
        bucket = Bucket(
            id=id,
            user_id=caller.user_id,
            name=name,
            type=type,
            parent_bucket_id=new.parent_bucket_id,
            rank=await bucket_rank(self._store, self._clock, caller.user_id, new.parent_bucket_id, new.after, id),
            metadata=new.metadata,
            number=number,
            created_at=now,
            updated_at=now,
        )
        parent = [] if new.parent_bucket_id is None else [Require(BUCKETS, caller.user_id, new.parent_bucket_id, LIVE)]
        # Undone, it goes to the trash: whatever came into it meanwhile is never lost.
        change = Trashing(trash_id=new_id("trash"), kind="bucket", item_id=bucket.id, out=False)
        act = journal_steps(self._clock, caller, "create_bucket", change, name=name)
        event = bucket.event("created", caller)
        try:
            once = self.idempotency_keys.steps(caller, key, bucket.id, bucket)
            steps: list[Step] = [
                Put(BUCKETS, bucket),
                *act,
                *parent,
                *once,
                *self._quota.increments(caller.user_id, buckets=1),
            ]
            await self._store.write(*steps, messages=[event.message()])
        except RequirementNotMet as unmet:
            if unmet.kind == "put" and await self._store.count(BUCKETS, caller.user_id, {"id": bucket.id}):
                return await self._reader.load_described(caller, bucket.id)
            raise NotFound(
                f"There is no bucket {new.parent_bucket_id} of yours.",
                id=new.parent_bucket_id,
                field="parent_bucket_id",
            ) from unmet
        return bucket

    async def get(self, caller: Caller, id: str) -> Bucket:
        """Returns the bucket, also out of the trash. Raises NotFound."""
        return await self._reader.load_described(caller, id)

    async def list(
        self,
        caller: Caller,
        *,
        type: str | None = None,
        parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET,
        q: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Bucket]:
        """Returns the buckets out of the trash in the order of their siblings.

        `parent_bucket_id` None stands for the roots, left out for all. With `q`, those whose name contains each of its
        words, in any case, accents, width and normal form.
        """
        where: dict[str, Any] = dict(LIVE)
        if type is not None:
            where["type"] = unicodedata.normalize("NFC", type)
        if parent_bucket_id is not msgspec.UNSET:
            where["parent_bucket_id"] = parent_bucket_id
        where |= where_named(q)
        found = await self._store.find(
            BUCKETS,
            caller.user_id,
            where,
            order=("rank",),
            after=decode_cursor(cursor, str, str),
            limit=check_limit(limit) + 1,
        )
        more = encode_cursor(found[limit - 1].rank, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(await self._reader.describe_all(caller.user_id, found[:limit])), next_cursor=more)

    async def tree(self, caller: Caller, id: str, depth: int | None = None) -> Node:
        """Returns the bucket and what it contains, `depth` levels down (at most 100 in one answer). Raises NotFound,
        and Conflict for one in the trash."""
        if (await self._reader.load(caller, id)).trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
        found = await live_buckets_below(self._store, caller.user_id, [id], _checked_depth(depth))
        return (await self._trees(caller.user_id, found))[0]

    async def forest(self, caller: Caller) -> Page[Node]:
        """Returns every tree of the user, at most 100 levels deep."""
        roots = await self._store.select(BUCKETS, caller.user_id, ("id",), LIVE | {"parent_bucket_id": None})
        found = await live_buckets_below(self._store, caller.user_id, [id for (id,) in roots], _checked_depth(None))
        return Page(items=tuple(await self._trees(caller.user_id, found)))

    @retry_when_clock_is_behind
    async def change(self, caller: Caller, id: str, change: BucketChange, *, if_match: IfMatch | None = None) -> Bucket:
        """Changes name, type or metadata, and returns the bucket. Raises StaleRevision with `current`."""
        current = await self._reader.load(caller, id)
        if if_match is not None:
            if_match.check(current.revision, current=current)
        if current.trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", current=current)
        if change.base_revision != current.revision:
            raise StaleRevision(
                bucket_id=id, yours=change.base_revision, current=await self._reader.load_described(caller, id)
            )
        type = current.type if change.type is msgspec.UNSET else normalize_type(change.type)
        metadata = current.metadata if change.metadata is msgspec.UNSET else change.metadata
        if type != current.type or not is_same_json(metadata, current.metadata):
            await self._check_metadata(caller, type, metadata)
        name = current.name if change.name is msgspec.UNSET else normalize_name(change.name)
        changed = current.changed(name=name, type=type, metadata=metadata)
        fields = Fields(bucket_id=id, before=_described_fields(current), after=_described_fields(changed))
        act = journal_steps(self._clock, caller, "change_bucket", fields, name=current.name)
        try:
            await self._store.write(
                Put(BUCKETS, changed, expects=current.revision),
                *([] if is_same_json(fields.before, fields.after) else act),
                messages=[changed.event("updated", caller).message()],
            )
        except RequirementNotMet as unmet:
            now = await self._reader.load_described(caller, id)
            raise StaleRevision(bucket_id=id, yours=change.base_revision, current=now) from unmet
        return await self._reader.load_described(caller, id)

    @retry_when_clock_is_behind
    async def move(self, caller: Caller, id: str, *, under: str | None, after: After = msgspec.UNSET) -> Bucket:
        """Moves the bucket with all it contains under another parent, or to another place among its siblings.

        Every move of a user passes through one counter, so two at once can never make a loop.
        """
        for _ in range(MAX_TREE_CHANGE_ATTEMPTS):
            counter = await advance_tree_counter(self._store, caller.user_id)
            bucket = await self._reader.load(caller, id)
            await check_move(self._store, caller, bucket, under)
            position = await bucket_rank(self._store, self._clock, caller.user_id, under, after, id)
            moved = bucket.moved(under, position)
            fields = Fields(bucket_id=id, before=_position_fields(bucket), after=_position_fields(moved))
            act = journal_steps(self._clock, caller, "move_bucket", fields, name=bucket.name)
            target = [] if under is None else [Require(BUCKETS, caller.user_id, under, LIVE)]
            event = moved.event("moved", caller, came_from=bucket.parent_bucket_id)
            try:
                await self._store.write(
                    counter, *act, Put(BUCKETS, moved, expects=bucket.revision), *target, messages=[event.message()]
                )
            except RequirementNotMet:
                continue
            return await self._reader.describe(moved)
        raise Conflict(TREE_BUSY)

    async def containing(self, caller: Caller, bucket_ids: Sequence[str]) -> tuple[str, ...]:
        """Returns the id of every bucket out of the trash that contains these at any height, themselves included."""
        return await live_ancestors(self._store, caller.user_id, bucket_ids)

    async def parents(self, caller: Caller) -> dict[str, str | None]:
        """Returns the parent of every bucket, also of those in the trash, by id."""
        return dict(await self._store.select(BUCKETS, caller.user_id, ("id", "parent_bucket_id")))

    async def _check_metadata(self, caller: Caller, type: str, metadata: dict[str, Any]) -> None:
        body = encode_json(metadata, most=MAX_METADATA_BYTES, field="metadata")
        if schema := await self._schemas.for_bucket_type(caller, type):
            await schema.validate(caller, metadata, body, "metadata")

    async def _trees(self, user_id: str, buckets: Sequence[Bucket]) -> Sequence[Node]:
        blob_counts, child_counts = await self._reader.counts(user_id, [bucket.id for bucket in buckets])
        return build_trees(buckets, blob_counts, child_counts)


def _described_fields(bucket: Bucket) -> dict[str, Any]:
    return {"name": bucket.name, "type": bucket.type, "metadata": bucket.metadata}


def _position_fields(bucket: Bucket) -> dict[str, Any]:
    return {"parent_bucket_id": bucket.parent_bucket_id, "rank": bucket.rank}


def _checked_depth(depth: int | None) -> int:
    if depth is not None and not 0 <= depth <= MAX_TREE_DEPTH:
        raise Invalid.at("/depth", f"must be 0 to {MAX_TREE_DEPTH}", expected=f"0 to {MAX_TREE_DEPTH}")
    return MAX_TREE_DEPTH if depth is None else depth
