"""Writes accepted texts: the first one as a new blob beside its note, each further one as a revision."""

from typing import Any

from msgspec.structs import replace

from reyna.domain.blob import MAX_BUCKETS, Blob, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.ids import derive_id
from reyna.domain.json.data import encode_json
from reyna.domain.requests.idempotency import Key
from reyna.ports.store import Require, Step, Store
from reyna.services.state.acceptance.origins import ACCEPTED_SCHEMA
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.creation import author_kind, creation_steps, new_blob, without_data
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.files.file_references import FileReferences
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.ranking import rank_after
from reyna.services.state.structure.subtree import LIVE
from reyna.storage.idempotency import IdempotencyKeys
from reyna.storage.logical_clock import LogicalClock


def accepted_text_id(note_id: str) -> str:
    """Returns the id of the accepted text of a note: two devices that accept at once make one text."""
    return derive_id("blob", note_id, "accepted-text")


class AcceptedTextWriter:
    """Writes accepted texts into one store."""

    def __init__(
        self,
        store: Store,
        schemas: SchemaCache,
        quota: Quota,
        clock: LogicalClock,
        idempotency_keys: IdempotencyKeys,
        blobs: BlobReader,
        writer: BlobWriter,
    ) -> None:
        self._store, self._schemas, self._quota, self._clock = store, schemas, quota, clock
        self._files = FileReferences(store)
        self._keys, self._blobs, self._writer = idempotency_keys, blobs, writer

    async def create(self, caller: Caller, note: Blob, derived: Blob, data: Any, since: int, key: Key) -> Blob:
        """Makes the accepted text of a note, behind the note in each of its buckets; returns it.

        Raises RequirementNotMet when it is there already, or what it needs has changed.
        """
        size, version = await self._validate(caller, data)
        id, number = accepted_text_id(note.id), self._clock.next(caller.user_id)
        places = await self._store.select(PLACEMENTS, caller.user_id, ("bucket_id",), LIVE | {"blob_id": note.id})
        buckets = tuple(bucket_id for (bucket_id,) in places)[:MAX_BUCKETS]
        new = NewBlob(schema_id=ACCEPTED_SCHEMA, data=data, bucket_ids=buckets, parent_id=note.id)
        blob = new_blob(caller, new, size, version, number, id=id, parent_revision=since)
        ranks = {
            bucket_id: await rank_after(self._store, caller.user_id, bucket_id, note.id, id, lambda: number)
            for bucket_id in buckets
        }
        await self._store.write(
            *creation_steps(blob, number, ranks),
            *await self._files.mention_steps([blob]),
            *_still_there(note, derived),
            self._clock.step(caller.user_id, number),
            *self._keys.steps(caller, key, id, without_data(blob)),
            *self._quota.increments(caller.user_id, blobs=1, bytes=size),
            messages=[blob.event("created", caller, **_facts(derived)).message()],
        )
        return blob

    async def change(
        self, caller: Caller, current: Blob, derived: Blob, data: Any, since: int | None, key: Key
    ) -> Blob:
        """Writes the next revision of an accepted text and returns it. Raises RequirementNotMet when others did."""
        size, version = await self._validate(caller, data)
        changed = current.changed(
            data,
            size=size,
            schema_id=ACCEPTED_SCHEMA,
            schema_version=version,
            by=caller.name,
            author_kind=author_kind(caller),
        )
        described = await self._blobs.describe(replace(changed, parent_revision=since))
        stored = replace(described, bucket_ids=(), derived_ids=(), stale=False)
        await self._store.write(
            *await self._writer.change_steps(current, stored),
            *await self._files.mention_steps([stored]),
            *_still_there(derived),
            *self._keys.steps(caller, key, described.id, without_data(described)),
            messages=[described.event("updated", caller, **_facts(derived)).message()],
        )
        return described

    async def _validate(self, caller: Caller, data: Any) -> tuple[int, str]:
        """Returns the size of the data and the version of the schema that it fits. Raises TooLarge and Invalid."""
        body, schema = encode_json(data), await self._schemas.latest(caller, ACCEPTED_SCHEMA)
        await schema.validate(caller, data, body, "data")
        return len(body), schema.schema.version


def _facts(derived: Blob) -> dict[str, Any]:
    return {"cause": "accept", "accepted_blob_id": derived.id}


def _still_there(*blobs: Blob) -> list[Step]:
    """Returns the steps by which the write fails when one of these has gone to the trash."""
    return [Require(BLOBS, blob.user_id, blob.id, LIVE) for blob in blobs]
