"""The use of a template: all of its buckets and texts in one write, which is undone as one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob, NewBlob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, Refusal
from reyna.domain.event import Event
from reyna.domain.ids import new_id
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.domain.placement import Placement, placement_id
from reyna.domain.requests.idempotency import Key
from reyna.domain.templates.plan import PlannedBucket, PlannedText, build_plan, check_values
from reyna.domain.templates.template import TemplateUse
from reyna.domain.text.names import normalize_name, normalize_type
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.content.creation import new_blob
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.history.journal_entries import journal_steps
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, Trashing
from reyna.services.state.structure.bucket_reader import MAX_LISTED_IDS
from reyna.services.state.structure.ranking import bucket_rank
from reyna.services.state.structure.subtree import LIVE
from reyna.services.state.templates.templates import Templates
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running

MAX_USE_ATTEMPTS: Final = 3
CAUSE: Final = "template"  # of its events, so that no processor starts on the texts to begin with


async def _repeat_use(part: "TemplateUses", caller: Caller, request: IdempotencyRecord) -> Bucket:
    """Returns what the first request was answered with. Raises NotFound when the bucket was purged since."""
    there = await part._store.get(BUCKETS, caller.user_id, request.made_id)
    if there is None or request.answer is None:
        raise NotFound("What this request made was purged since.", id=request.made_id)
    return msgspec.convert(request.answer, Bucket)


class NewContents(NamedTuple):
    """The records of one use, the steps that write the references of its blobs to files, and its last number."""

    buckets: list[Bucket]
    places: list[Placement]
    blobs: list[Blob]
    files: list[Step]


class TemplateUses:
    """The verb that makes buckets and texts of a template."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        quota: Quota,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        templates: Templates,
    ) -> None:
        self._store, self._schemas, self._quota, self._clock = store, schemas, quota, clock
        self._templates, self._files = templates, FileReferences(store)
        self.idempotency_keys = idempotency_keys

    @long_running
    @idempotent("bucket", _repeat_use)
    @retry_when_clock_is_behind
    async def instantiate(self, caller: Caller, id: str, use: TemplateUse, *, key: Key = None) -> Bucket:
        """Makes all that the template holds in one write, which one undo takes back, and returns the new bucket.

        Raises NotFound for a template, a parent or a sibling that is not there, Invalid for parameters that do not fit
        and for texts or metadata that the schemas of the caller refuse, and TooMuch over the quota or for more than
        10,000 buckets and texts. A second request with the same `key` is answered with the first bucket.
        """
        document = await self._templates.document(caller, id)
        name = normalize_name(use.name)
        plan = build_plan(document, name, check_values(document.parameters, use.parameters))
        for _ in range(MAX_USE_ATTEMPTS):
            contents = await self._build(caller, use, plan.items)
            root = _described(contents)
            change = Trashing(trash_id=new_id("trash"), kind="bucket", item_id=root.id, out=False)
            steps: list[Step] = [*map(_put_bucket, contents.buckets)]
            steps += [Put(PLACEMENTS, place) for place in contents.places]
            steps += [Put(BLOBS, blob) for blob in contents.blobs]
            steps += contents.files
            # The number of the act is behind those of all that it made.
            steps += journal_steps(self._clock, caller, "use_template", change, name=name)
            if use.parent_bucket_id is not None:
                steps.append(Require(BUCKETS, caller.user_id, use.parent_bucket_id, LIVE))
            steps += self._quota.increments_of(caller.user_id, steps)
            steps += self.idempotency_keys.steps(caller, key, root.id, root)
            try:
                await self._store.write(*steps, messages=[one.message() for one in _events(caller, contents)])
            except RequirementNotMet:
                await self.idempotency_keys.check_unused(caller, key)
                continue
            return root
        raise Conflict("The bucket that it goes into is being changed by others without pause. Try again.")

    async def _build(
        self, caller: Caller, use: TemplateUse, items: Sequence[PlannedBucket | PlannedText]
    ) -> NewContents:
        """Returns the new records; everything in them is checked as if it had been sent by itself."""
        await self._check_parent(caller, use.parent_bucket_id)
        contents = NewContents([], [], [], [])
        number, now = self._clock.next(caller.user_id), datetime.now(UTC)
        for index, item in enumerate(items):
            try:
                if isinstance(item, PlannedBucket):
                    contents.buckets.append(await self._bucket(caller, use, item, contents.buckets, number, now))
                else:
                    await self._add_text(caller, item, contents, number)
            except Refusal as refusal:
                raise _located(refusal, index) from refusal
        return contents

    async def _check_parent(self, caller: Caller, id: str | None) -> None:
        if id is not None and not await self._store.count(BUCKETS, caller.user_id, LIVE | {"id": id}):
            raise NotFound(f"There is no bucket {id} of yours.", id=id, field="parent_bucket_id")

    async def _bucket(
        self,
        caller: Caller,
        use: TemplateUse,
        planned: PlannedBucket,
        earlier: Sequence[Bucket],
        number: int,
        now: datetime,
    ) -> Bucket:
        id, type = new_id("bucket"), normalize_type(planned.type)
        body = encode_json(planned.metadata, most=MAX_METADATA_BYTES, field="metadata")
        if schema := await self._schemas.for_bucket_type(caller, type):
            await schema.validate(caller, planned.metadata, body, "metadata")
        if planned.parent is None:
            parent = use.parent_bucket_id
            position = await bucket_rank(self._store, self._clock, caller.user_id, parent, use.after, id)
        else:
            parent = earlier[planned.parent].id
            position = rank.last(self._clock.next(caller.user_id), id)
        return Bucket(
            id=id,
            user_id=caller.user_id,
            name=normalize_name(planned.name),
            type=type,
            parent_bucket_id=parent,
            rank=position,
            metadata=planned.metadata,
            number=number,
            created_at=now,
            updated_at=now,
        )

    async def _add_text(self, caller: Caller, planned: PlannedText, contents: NewContents, number: int) -> None:
        body = encode_json(planned.data)
        schema = await self._schemas.latest(caller, planned.schema_id)
        await schema.validate(caller, planned.data, body, "data")
        bucket_id = contents.buckets[planned.parent].id
        new = NewBlob(schema_id=planned.schema_id, data=planned.data, bucket_ids=(bucket_id,))
        place = self._clock.next(caller.user_id)
        version = schema.schema.version
        blob = new_blob(caller, new, len(body), version, place, id=None, parent_revision=None)
        contents.blobs.append(blob)
        contents.places.append(
            Placement(
                id=placement_id(bucket_id, blob.id),
                user_id=caller.user_id,
                bucket_id=bucket_id,
                blob_id=blob.id,
                rank=rank.last(place, blob.id),
                label=None if planned.label is None else normalize_name(planned.label, field="label"),
                number=number,
                created_at=blob.created_at,
            )
        )
        contents.files.extend(await self._files.steps(caller.user_id, blob.id, schema, planned.data, body))


def _put_bucket(bucket: Bucket) -> Put:
    return Put(BUCKETS, bucket)


def _located(refusal: Refusal, index: int) -> Refusal:
    """Returns the refusal of one item with its place in the plan; what is about the request stays as it is."""
    errors = [replace(error, path=f"/items/{index}{error.path}") for error in refusal.errors]
    if not errors or refusal.facts.get("field") == "after":
        return refusal
    facts: dict[str, Any] = refusal.facts | {"index": index}
    return type(refusal)(f"Item {index} of the template: {refusal.detail}", errors=errors, **facts)


def _described(contents: NewContents) -> Bucket:
    """Returns the first bucket with what is computed on read."""
    root = contents.buckets[0]
    children = [one.id for one in contents.buckets if one.parent_bucket_id == root.id]
    blobs = [one.blob_id for one in contents.places if one.bucket_id == root.id]
    return replace(
        root,
        child_count=len(children),
        blob_count=len(blobs),
        child_bucket_ids=tuple(children[:MAX_LISTED_IDS]),
        blob_ids=tuple(blobs[:MAX_LISTED_IDS]),
    )


def _events(caller: Caller, contents: NewContents) -> list[Event]:
    events = [bucket.event("created", caller, cause=CAUSE) for bucket in contents.buckets]
    return events + [blob.event("created", caller, cause=CAUSE) for blob in contents.blobs]
