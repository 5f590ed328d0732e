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
from reyna.ports import Need, Put, Step, Store, Unmet
from reyna.state.merge import merged
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS, REVISIONS
from reyna.state.repeats import made_before, remembered
from reyna.state.shapes import Shapes
from reyna.state.subtree import LIVE

MOST_BUCKETS: Final = 100  # places one blob may be created in


class Blobs:
    """The verbs on blobs."""

    def __init__(self, store: Store, shapes: Shapes) -> None:
        self._store, self._shapes = store, shapes

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
        shape.accept(new.data, "data")
        blob = _blob(caller, new, size, shape.schema.version, id=id, parent_revision=parent_revision)
        steps = [*_creation(blob), *remembered(caller, key, blob.id)]
        try:
            await self._store.write(*steps, messages=[blob.event("created", caller).message()])
        except Unmet as unmet:
            made_id = await made_before(self._store, caller, key) or blob.id
            if unmet.kind == "put" and (there := await self._store.get(BLOBS, caller.user_id, made_id)):
                return await self._described(there)
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
        """The next revision. Raises StaleRevision, with `current`, when `base_revision` is not the newest; what was
        sent is then kept as a revision marked `conflict`. A repeated save of the same data is answered as it is."""
        current = await self._blob(caller, id)
        if current.trashed_at is not None:
            raise Conflict("This blob is in the trash; restore it first.", current=await self._described(current))
        data = await self._data_of(caller, current, change)
        size = len(encoded(data))
        shape = await self._shapes.latest(caller, current.schema_id)
        shape.accept(data, "data")
        if data == current.data:
            return await self._described(current)
        changed = current.changed(
            data, size=size, schema_version=shape.schema.version, by=caller.name, author_kind=_author(caller)
        )
        if change.base_revision == current.revision and (written := await self._replace(caller, current, changed)):
            return written
        raise await self._lost(caller, changed, change.base_revision)

    async def revisions(self, caller: Caller, id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Revision]:
        """Newest first, the present one included; refused saves stand among them, marked `conflict`."""
        current = await self._blob(caller, id)
        found = await self._store.find(
            REVISIONS,
            caller.user_id,
            {"blob_id": id},
            order=("number",),
            descending=True,
            after=place_of(cursor, int, str),
            limit=bounded(limit) + 1,
        )
        if cursor is None:
            found.insert(0, as_revision(current))
        more = cursor_of(found[limit - 1].number, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=more)

    async def revision(self, caller: Caller, id: str, number: int) -> Revision:
        current = await self._blob(caller, id)
        if number == current.revision:
            return as_revision(current)
        if found := await self._store.get(REVISIONS, caller.user_id, f"{id}:{number}"):
            return found
        raise NotFound(f"Blob {id} has no revision {number}.", id=id, revision=number)

    # --- what the verbs above are made of ---

    async def _blob(self, caller: Caller, id: str) -> Blob:
        if blob := await self._store.get(BLOBS, caller.user_id, id):
            return blob
        raise NotFound(id=id)

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
            self._store.pick(BLOBS, user_id, ("id", "revision"), {"id": parents}) if parents else _nothing(),
        )
        revisions: dict[str | None, int] = dict(sources)
        return [
            replace(
                blob,
                bucket_ids=tuple(bucket for id, bucket in places if id == blob.id),
                derived_ids=tuple(child for id, child in derived if id == blob.id),
                stale=blob.parent_revision is not None and blob.parent_revision < revisions.get(blob.parent_id, 0),
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
        if (change.data is msgspec.UNSET) == (change.merge_patch is msgspec.UNSET):
            raise Invalid.at("/data", "send either data or merge_patch", expected="exactly one of data, merge_patch")
        if not 1 <= change.base_revision <= current.revision:
            raise Invalid.at(
                "/base_revision",
                f"there is no revision {change.base_revision} of this blob",
                expected=f"1 to {current.revision}",
            )
        if change.data is not msgspec.UNSET:
            return change.data
        base = await self.revision(caller, current.id, change.base_revision)
        return merged(base.data, change.merge_patch)

    async def _replace(self, caller: Caller, current: Blob, changed: Blob) -> Blob | None:
        """The changed blob as it is now, or None when somebody else was faster."""
        described = await self._described(changed)
        superseded = Put(REVISIONS, as_revision(current))
        try:
            await self._store.write(
                superseded,
                Put(BLOBS, changed, expects=current.revision),
                messages=[described.event("updated", caller).message()],
            )
        except Unmet:
            return None
        return described

    async def _lost(self, caller: Caller, mine: Blob, base_revision: int) -> StaleRevision:
        """Keep what came too late, and say what is there instead."""
        kept = replace(
            as_revision(mine),
            id=f"{mine.id}:{new_id('revision')}",
            number=base_revision,
            conflict=True,
            author=caller.name,
        )
        await self._store.write(Put(REVISIONS, kept))
        current = await self.blob(caller, mine.id)
        return StaleRevision(blob_id=mine.id, yours=base_revision, kept_as=kept.id, current=current)

    async def _as_it_was(self, caller: Caller, id: str, revision: int) -> Blob:
        """The data of an earlier revision as a new one."""
        current = await self._blob(caller, id)
        old = await self.revision(caller, id, revision)
        shape = await self._shapes.latest(caller, current.schema_id)
        shape.accept(old.data, "data")
        changed = current.changed(
            old.data, size=old.size, schema_version=shape.schema.version, by=caller.name, author_kind="restore"
        )
        if written := await self._replace(caller, current, changed):
            return written
        raise await self._lost(caller, changed, current.revision)

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


def _author(caller: Caller) -> AuthorKind:
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
        size=size,
        created_by=caller.name,
        changed_by=caller.name,
        author_kind=_author(caller),
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


def as_revision(blob: Blob) -> Revision:
    """What is kept of a blob when the next revision takes its place."""
    return Revision(
        id=f"{blob.id}:{blob.revision}",
        user_id=blob.user_id,
        blob_id=blob.id,
        number=blob.revision,
        data=blob.data,
        size=blob.size,
        schema_version=blob.schema_version,
        author=blob.changed_by,
        author_kind=blob.author_kind,
        created_at=blob.updated_at,
    )
