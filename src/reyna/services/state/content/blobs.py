"""The blobs part: create, get, list and change, with every revision kept."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.json.data import encode_json
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import RequirementNotMet, Store
from reyna.services.state.acceptance.origins import ACCEPTED_SCHEMA, attribute_change, origin_of_caller
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.blobs_at_once import BlobsAtOnce
from reyna.services.state.content.blobs_in_buckets import BlobsInBuckets
from reyna.services.state.content.creation import (
    author_kind,
    check_creation,
    creation_steps,
    find_missing,
    new_blob,
    without_data,
)
from reyna.services.state.content.merge_patch import apply_merge_patch
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.revisions.revision_storage import is_same_json, run_in_thread_if_large
from reyna.services.state.revisions.revisions import Revisions
from reyna.services.state.structure.name_search import where_named
from reyna.services.state.structure.subtree import LIVE
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.validation.json_patch import apply_json_patch


async def _repeat_creation(part: "Blobs", caller: Caller, request: IdempotencyRecord) -> Blob:
    """Returns what the first request was answered with: the blob in its first revision and its first buckets."""
    try:
        if request.answer is None:
            return await part.get(caller, request.made_id)
        first = await part._revisions.get(caller, request.made_id, 1)
    except NotFound as purged:
        raise NotFound("What this request made was purged since.", id=request.made_id) from purged
    return msgspec.convert(request.answer | {"data": first.data}, Blob)


def _trace_change(caller: Caller, base: Blob | Revision, data: Any) -> Any:
    """Returns the data of a change; what the caller wrote into an accepted text is marked as the caller's."""
    return attribute_change(base.data, data, origin_of_caller(caller)) if base.schema_id == ACCEPTED_SCHEMA else data


class Blobs:
    """The verbs on blobs."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        quota: Quota,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        reader: BlobReader,
        writer: BlobWriter,
        revisions: Revisions,
        files: FileReferences,
    ) -> None:
        self._store, self._schemas, self._quota, self._clock = store, schemas, quota, clock
        self._reader, self._writer, self._revisions = reader, writer, revisions
        self._many, self._in_buckets = BlobsAtOnce(store, schemas, quota, clock, files), BlobsInBuckets(store)
        self._files = files
        self.idempotency_keys = idempotency_keys

    @idempotent("blob", _repeat_creation)
    @retry_when_clock_is_behind
    async def create(
        self,
        caller: Caller,
        new: NewBlob,
        *,
        id: str | None = None,
        parent_revision: int | None = None,
        key: Key = None,
    ) -> Blob:
        """Writes a new blob into its buckets and returns it. Raises Invalid, NotFound (bucket or parent), TooLarge.

        With an `id`, a second delivery is answered with what the first one made: a run names its output after its
        cause, and another service repeats a request whose answer was lost. So is a second request with the same
        `key`.
        """
        check_creation(caller, new, id)
        body = encode_json(new.data)
        schema = await self._schemas.latest(caller, new.schema_id)
        await schema.validate(caller, new.data, body, "data")
        number = self._clock.next(caller.user_id)
        blob = new_blob(caller, new, len(body), schema.schema.version, number, id=id, parent_revision=parent_revision)
        counted = self._quota.increments(caller.user_id, blobs=1, bytes=blob.size)
        files = await self._files.steps(caller.user_id, blob.id, schema, new.data, body)
        once = [] if key is None else self.idempotency_keys.steps(caller, key, blob.id, without_data(blob))
        try:
            await self._store.write(
                *creation_steps(blob, number),
                self._clock.step(caller.user_id, number),
                *once,
                *counted,
                *files,
                messages=[blob.event("created", caller).message()],
            )
        except RequirementNotMet as unmet:
            if unmet.kind == "put" and (there := await self._store.get(BLOBS, caller.user_id, blob.id)):
                return await self._reader.describe(there)
            raise await find_missing(self._store, caller, new) from unmet
        return blob

    @retry_when_clock_is_behind
    async def create_all(
        self, caller: Caller, new: Sequence[NewBlob], ids: Sequence[str], *, parent_revision: int | None = None
    ) -> None:
        """Writes new blobs under these ids in one write: all of them or none; those that are there already stay as they
        are. Raises as `create`, with the number of the blob in the path."""
        await self._many.create(caller, new, ids, parent_revision)

    async def get(self, caller: Caller, id: str) -> Blob:
        """Returns the blob, also out of the trash. Raises NotFound."""
        return await self._reader.load_described(caller, id)

    async def get_stored(self, caller: Caller, id: str) -> Blob:
        """Returns the blob without its buckets, its derived blobs and `stale`, which take three more queries.

        Raises NotFound.
        """
        return replace(await self._reader.load(caller, id), bucket_ids=(), derived_ids=(), stale=False)

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        processor_id: str | None = None,
        parent_id: str | None = None,
        q: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        """Returns the blobs out of the trash, newest first; within a bucket in the order of that bucket.

        With `q`, those whose title or first line contains each of its words, in any case, accents, width and normal
        form.
        """
        filters = {"schema_id": schema_id, "processor_id": processor_id, "parent_id": parent_id}
        where: dict[str, Any] = {field: value for field, value in filters.items() if value is not None}
        where |= where_named(q)
        if bucket_id is not None:
            return await self._list_bucket(caller, bucket_id, where, check_limit(limit), cursor)
        found = await self._store.find(
            BLOBS,
            caller.user_id,
            LIVE | where,
            order=("sequence",),
            descending=True,
            after=decode_cursor(cursor, str, str),
            limit=check_limit(limit) + 1,
        )
        more = encode_cursor(found[limit - 1].sequence, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(await self._reader.describe_all(caller.user_id, found[:limit])), next_cursor=more)

    async def list_in_buckets(
        self,
        caller: Caller,
        bucket_ids: Sequence[str],
        schema_ids: Sequence[str],
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        """Returns one page of the blobs of these schemas in these buckets, as `get_stored` does and each once, in the
        order of the buckets and of the blobs in them. Raises NotFound for a bucket that is not there."""
        return await self._in_buckets.list(caller, bucket_ids, schema_ids, limit, cursor)

    async def change(self, caller: Caller, id: str, change: BlobChange, *, if_match: IfMatch | None = None) -> Blob:
        """Writes the next revision and returns the blob; a repeated save of the same data changes nothing.

        Raises StaleRevision, with `current`, when `base_revision` is not the newest, and Conflict when the blob is in
        the trash; what was sent is then kept as a revision marked `conflict`, named by `kept_as`.
        """
        current = await self._reader.load(caller, id)
        if if_match is not None:
            if_match.check(current.revision, current=await self._reader.describe(current))
        data = await self._changed_data(caller, current, change)
        body = encode_json(data)
        # What comes late is held to the schema that its writer saw: it is kept, even if an upgrade came between.
        late = change.base_revision != current.revision
        traced = await run_in_thread_if_large(len(body), _trace_change, caller, current, data)
        if current.trashed_at is None and is_same_json(traced, current.data):
            return await self._reader.describe(current)
        base = await self._revisions.get(caller, id, change.base_revision) if late else current
        data = await run_in_thread_if_large(len(body), _trace_change, caller, base, data) if late else traced
        schema_id, body = base.schema_id, encode_json(data)
        schema = await self._schemas.latest(caller, schema_id)
        await schema.validate(caller, data, body, "data")
        changed = current.changed(
            data,
            size=len(body),
            schema_id=schema_id,
            schema_version=schema.schema.version,
            by=caller.name,
            author_kind=author_kind(caller),
        )
        files = await self._files.steps(caller.user_id, id, schema, data, body, current.data)
        if current.trashed_at is not None:
            raise await self._writer.keep_save_to_trashed(caller, current, changed, change.base_revision, files)
        if not late and (written := await self._writer.replace(caller, current, changed, files)):
            return written
        raise await self._writer.keep_late_save(caller, changed, change.base_revision, files)

    async def _list_bucket(
        self, caller: Caller, bucket_id: str, where: dict[str, Any], limit: int, cursor: str | None
    ) -> Page[Blob]:
        if not await self._store.select(BUCKETS, caller.user_id, ("id",), {"id": bucket_id}):
            raise NotFound(id=bucket_id)
        items = []
        after = decode_cursor(cursor, str, str)
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
        more = encode_cursor(*after) if after is not None and len(items) == limit else None
        return Page(items=tuple(await self._reader.describe_all(caller.user_id, items)), next_cursor=more)

    async def _changed_data(self, caller: Caller, current: Blob, change: BlobChange) -> Any:
        """Returns the data that a change asks for. Raises Invalid for a change that cannot be read."""
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
        base = await self._revisions.get(caller, current.id, change.base_revision)
        if isinstance(change.json_patch, tuple):
            # A few operations may copy much, in which time others want to be served.
            return await asyncio.to_thread(apply_json_patch, base.data, change.json_patch)
        return await run_in_thread_if_large(
            len(msgspec.json.encode(change.merge_patch)), apply_merge_patch, base.data, change.merge_patch
        )
