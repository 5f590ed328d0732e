"""Blobs: created and changed, with every revision kept."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import AuthorKind, Blob, BlobChange, NewBlob, Revision
from reyna.domain.caller import Caller
from reyna.domain.data import encoded
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from reyna.domain.ids import new_id, slug
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.placement import Placement, placement_id
from reyna.fit.patch import patched
from reyna.ports import Need, Put, Step, Unmet
from reyna.state.history import History, Which
from reyna.state.merge import merged
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.state.repeats import made_before, remembered
from reyna.state.revisions import refused, same, superseded
from reyna.state.shapes import Shape
from reyna.state.subtree import LIVE

MOST_BUCKETS: Final = 100  # places one blob may be created in


class Blobs(History):
    """The verbs on blobs."""

    async def create_blob(
        self,
        caller: Caller,
        new: NewBlob,
        *,
        id: str | None = None,
        parent_revision: int | None = None,
        key: str | None = None,
    ) -> Blob:
        """A new blob in its buckets, announced; raises Invalid, NotFound (bucket or parent), TooLarge.

        Only a run names the `id`, after its cause: a second delivery is answered with what the first one made. So is
        a second request with the same `key`.
        """
        if id is not None and caller.run_id is None:
            raise Forbidden("Only a run may say under which id its output is kept.")
        size = len(encoded(new.data))
        shape = await self._shapes.latest(caller, new.schema_id)
        shape.accept(new.data, "data", by=caller)
        blob = _blob(caller, new, size, shape.schema.version, id=id, parent_revision=parent_revision)
        counted = self._quota.used(caller.user_id, blobs=1, bytes=size)
        steps = [*_creation(blob), *remembered(caller, key, blob.id), *counted]
        try:
            await self._store.write(*steps, messages=[blob.event("created", caller).message()])
        except Unmet as unmet:
            made_id = await made_before(self._store, caller, key, "blob")
            if unmet.kind == "put" and (there := await self._store.get(BLOBS, caller.user_id, made_id or blob.id)):
                return await self._described(there)
            if made_id is not None:
                raise NotFound("What this request made was purged since.", id=made_id) from unmet
            raise await self._missing(caller, new) from unmet
        return blob

    async def blob(self, caller: Caller, id: str) -> Blob:
        return await self._described(await self._blob(caller, id))

    async def blobs(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        processor_id: str | None = None,
        parent_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        """Newest first; within a bucket in the order of that bucket. Trashed blobs are left out."""
        wanted = {"schema_id": schema_id, "processor_id": processor_id, "parent_id": parent_id}
        where = {field: value for field, value in wanted.items() if value is not None}
        if bucket_id is not None:
            return await self._in_bucket(caller, bucket_id, where, bounded(limit), cursor)
        found = await self._store.find(
            BLOBS, caller.user_id, LIVE | where, descending=True, after=place_of(cursor, str), limit=bounded(limit) + 1
        )
        more = cursor_of(found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(await self._describe_blobs(caller.user_id, found[:limit])), next_cursor=more)

    async def change_blob(self, caller: Caller, id: str, change: BlobChange) -> Blob:
        """The next revision. Raises StaleRevision, with `current`, when `base_revision` is not the newest, and Conflict
        when the blob is in the trash; what was sent is then kept as a revision marked `conflict`, named by `kept_as`.
        A repeated save of the same data is answered as it is."""
        current = await self._blob(caller, id)
        data = await self._data_of(caller, current, change)
        size = len(encoded(data))
        # What comes late is held to the schema that its writer saw: it is kept, even if an upgrade came between.
        late = change.base_revision != current.revision
        schema_id = (await self.revision(caller, id, change.base_revision) if late else current).schema_id
        shape = await self._shapes.latest(caller, schema_id)
        shape.accept(data, "data", by=caller)
        if current.trashed_at is None and same(data, current.data):
            return await self._described(current)
        changed = current.changed(
            data,
            size=size,
            schema_id=schema_id,
            schema_version=shape.schema.version,
            by=caller.name,
            author_kind=author_kind(caller),
        )
        if current.trashed_at is not None:
            raise await self._in_trash(caller, current, changed, change.base_revision)
        if not late and (written := await self._replace(caller, current, changed)):
            return written
        raise await self._lost(caller, changed, change.base_revision)

    # --- what the verbs above are made of ---

    async def _described(self, blob: Blob) -> Blob:
        return (await self._describe_blobs(blob.user_id, [blob]))[0]

    async def _describe_blobs(self, user_id: str, blobs: list[Blob]) -> list[Blob]:
        """With what is computed on read: buckets, derived blobs, and whether the source has moved on."""
        if not blobs:
            return blobs
        ids = [blob.id for blob in blobs]
        parents = {blob.parent_id for blob in blobs if blob.parent_id is not None}
        places, derived, sources = await asyncio.gather(
            self._store.pick(PLACEMENTS, user_id, ("blob_id", "bucket_id"), LIVE | {"blob_id": ids}),
            self._store.pick(BLOBS, user_id, ("parent_id", "id"), LIVE | {"parent_id": ids}),
            self._store.pick(BLOBS, user_id, ("id", "data_revision", "revision"), {"id": parents})
            if parents
            else _nothing(),
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

    async def _in_bucket(
        self, caller: Caller, bucket_id: str, where: dict[str, Any], limit: int, cursor: str | None
    ) -> Page[Blob]:
        if not await self._store.pick(BUCKETS, caller.user_id, ("id",), {"id": bucket_id}):
            raise NotFound(id=bucket_id)
        items: list[Blob] = []
        after = place_of(cursor, str, str)
        while True:  # a filter may leave little of a page, so go on until it is full or the bucket ends
            places = await self._store.find(
                PLACEMENTS, caller.user_id, LIVE | {"bucket_id": bucket_id}, order=("rank",), after=after, limit=limit
            )
            found = await self._store.find(
                BLOBS, caller.user_id, LIVE | where | {"id": [place.blob_id for place in places]}
            )
            by_id = {blob.id: blob for blob in found}
            for place in places:
                after = (place.rank, place.id)
                if blob := by_id.get(place.blob_id):
                    items.append(blob)
                if len(items) == limit:
                    break
            if len(items) == limit or len(places) < limit:
                break
        more = cursor_of(*after) if after is not None and len(items) == limit else None
        return Page(items=tuple(await self._describe_blobs(caller.user_id, items)), next_cursor=more)

    async def _data_of(self, caller: Caller, current: Blob, change: BlobChange) -> Any:
        sent = [change.data, change.merge_patch, change.json_patch]
        if sent.count(msgspec.UNSET) != len(sent) - 1:
            raise Invalid.at("/data", "send one of data, merge_patch and json_patch", expected="exactly one of them")
        if not 1 <= change.base_revision <= current.revision:
            raise Invalid.at(
                "/base_revision",
                f"there is no revision {change.base_revision} of this blob",
                expected=f"1 to {current.revision}",
            )
        if change.data is not msgspec.UNSET:
            return change.data
        base = await self.revision(caller, current.id, change.base_revision)
        if isinstance(change.json_patch, tuple):
            # A few operations may copy much, in which time others want to be served.
            return await asyncio.to_thread(patched, base.data, change.json_patch)
        return merged(base.data, change.merge_patch)

    async def _replace(self, caller: Caller, current: Blob, changed: Blob, **facts: Any) -> Blob | None:
        """The changed blob as it is now, or None when somebody else was faster."""
        described = await self._described(changed)
        try:
            await self._store.write(
                *await self._change(current, changed),
                messages=[described.event("updated", caller, **facts).message()],
            )
        except Unmet:
            return None
        return described

    async def _change(self, current: Blob, changed: Blob) -> list[Step]:
        """What is written when the data of a blob changes, if it is still as it was."""
        counted = self._quota.used(current.user_id, bytes=changed.size - current.size)
        return [await superseded(current, changed), Put(BLOBS, changed, expects=current.revision), *counted]

    async def _lost(self, caller: Caller, mine: Blob, base_revision: int) -> StaleRevision:
        """Keep what came too late, and say what is there instead."""
        kept_as = await self._kept_aside(caller, mine, base_revision)
        current = await self.blob(caller, mine.id)
        return StaleRevision(blob_id=mine.id, yours=base_revision, kept_as=kept_as, current=current)

    async def _kept_aside(self, caller: Caller, mine: Blob, base_revision: int) -> str:
        """The id under which what was sent is kept. Raises NotFound where the blob was purged: nothing of it stays."""
        kept = await refused(mine, base_revision, caller.name)
        try:
            await self._store.write(Need(BLOBS, mine.user_id, mine.id), kept)
        except Unmet as unmet:
            raise NotFound(id=mine.id) from unmet
        id: str = kept.record.id
        return id

    async def _in_trash(self, caller: Caller, current: Blob, mine: Blob, base_revision: int) -> Conflict:
        """Keep what was sent to a blob that somebody trashed meanwhile, and say so."""
        message, described = "This blob is in the trash; restore it first.", await self._described(current)
        if same(mine.data, current.data):
            return Conflict(message, current=described)
        kept_as = await self._kept_aside(caller, mine, base_revision)
        return Conflict(f"{message} What you sent is kept.", kept_as=kept_as, current=described)

    async def _as_it_was(self, caller: Caller, id: str, old: Revision, shape: Shape) -> Blob:
        """The data of an earlier revision as a new one, under the schema that it had."""
        current = await self._blob(caller, id)
        changed = current.changed(
            old.data,
            size=old.size,
            schema_id=old.schema_id,
            schema_version=shape.schema.version,
            by=caller.name,
            author_kind="restore",
        )
        if written := await self._replace(caller, current, changed):
            return written
        raise await self._lost(caller, changed, current.revision)

    async def _fitting(self, caller: Caller, id: str, revision: Which) -> tuple[Revision, Shape]:
        """An earlier revision, and what it fits. Raises NotFound, and Invalid when its schema takes it no more."""
        old = await self.revision(caller, id, revision)
        shape = await self._shapes.latest(caller, old.schema_id)
        shape.accept(old.data, "data", by=caller)
        return old, shape

    async def _missing(self, caller: Caller, new: NewBlob) -> NotFound | Conflict:
        """Why a creation was not met, in words."""
        there = (
            await self._store.pick(BUCKETS, caller.user_id, ("id",), LIVE | {"id": new.bucket_ids})
            if new.bucket_ids
            else []
        )
        for bucket_id in new.bucket_ids:
            if (bucket_id,) not in there:
                return NotFound(f"There is no bucket {bucket_id} of yours.", id=bucket_id, field="bucket_ids")
        if new.parent_id is not None and await self._store.get(BLOBS, caller.user_id, new.parent_id) is None:
            return NotFound(f"There is no blob {new.parent_id} of yours.", id=new.parent_id, field="parent_id")
        return Conflict("Something this blob needs was changed at the same moment. Try again.")


async def _nothing() -> list[tuple[Any, ...]]:
    return []


def author_kind(caller: Caller) -> AuthorKind:
    return caller.kind if caller.kind in ("processor", "import") else "user"


def _blob(
    caller: Caller, new: NewBlob, size: int, schema_version: str, *, id: str | None, parent_revision: int | None
) -> Blob:
    if len(new.bucket_ids) > MOST_BUCKETS:
        raise Invalid.at("/bucket_ids", f"has more than {MOST_BUCKETS} buckets", expected=f"at most {MOST_BUCKETS}")
    now = datetime.now(UTC)
    return Blob(
        id=id or new_id("blob"),
        user_id=caller.user_id,
        processor_id=slug("processor_id", new.processor_id),
        schema_id=new.schema_id,
        schema_version=schema_version,
        data=new.data,
        bucket_ids=tuple(dict.fromkeys(new.bucket_ids)),
        parent_id=new.parent_id,
        parent_revision=parent_revision,
        data_revision=1,
        size=size,
        created_by=caller.name,
        changed_by=caller.name,
        author_kind=author_kind(caller),
        created_at=now,
        updated_at=now,
    )


def _creation(blob: Blob) -> list[Step]:
    """One write: the blob, its places, and that the buckets and the source are there."""
    steps: list[Step] = [Put(BLOBS, blob)]
    for bucket_id in blob.bucket_ids:
        steps.append(Need(BUCKETS, blob.user_id, bucket_id, LIVE))
        steps.append(
            Put(
                PLACEMENTS,
                Placement(
                    id=placement_id(bucket_id, blob.id),
                    user_id=blob.user_id,
                    bucket_id=bucket_id,
                    blob_id=blob.id,
                    rank=rank.last(),
                    created_at=blob.created_at,
                ),
            )
        )
    if blob.parent_id is not None:
        steps.append(Need(BLOBS, blob.user_id, blob.parent_id))
    return steps
