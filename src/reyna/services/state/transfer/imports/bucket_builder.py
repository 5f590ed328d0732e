"""Builds the buckets of an import."""

from datetime import datetime
from typing import Final

from reyna.domain import rank
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Refusal
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.domain.text.names import MAX_TYPE_CHARACTERS, is_same_name, make_name
from reyna.services.state.content.schema_cache import SchemaCache
from reyna.services.state.transfer.imports.import_ids import ImportIds
from reyna.services.state.transfer.reading.items import IncomingBucket, TakeNote

UNTITLED: Final = "untitled"
PLAIN_TYPE: Final = "folder"


class ImportedBuckets:
    """Builds buckets for one import. `target` is the bucket that roots come into."""

    def __init__(
        self, schemas: SchemaCache, caller: Caller, ids: ImportIds, target: str | None, number: int, now: datetime
    ) -> None:
        self._schemas, self._caller, self._ids, self._target = schemas, caller, ids, target
        self._number, self._now = number, now

    async def build(self, planned: IncomingBucket, note: TakeNote) -> Bucket:
        """Returns the bucket; what cannot be kept of it is noted."""
        id, created = self._ids.bucket(planned.key), planned.created_at or self._now
        name = make_name(planned.name, instead=UNTITLED)
        if not is_same_name(planned.name, name):
            note(planned.path, "renamed", f"The bucket is called {name}: its name cannot be kept whole.")
        type = make_name(planned.type, instead=PLAIN_TYPE, most=MAX_TYPE_CHARACTERS)
        metadata = dict(planned.metadata)
        if problem := await self._problem_of(type, metadata):
            note(planned.path, "changed", f"Its metadata was left out, since {problem}: {metadata!r}")
            metadata = {}
            if await self._problem_of(type, metadata):
                type = PLAIN_TYPE
        return Bucket(
            id=id,
            user_id=self._caller.user_id,
            name=name,
            type=type,
            parent_bucket_id=self._target if planned.parent is None else self._ids.bucket(planned.parent),
            rank=rank.last(self._number + planned.position, id),
            number=self._number,
            metadata=metadata,
            created_at=created,
            updated_at=planned.updated_at or created,
        )

    async def _problem_of(self, type: str, metadata: dict[str, object]) -> str | None:
        try:
            body = encode_json(metadata, most=MAX_METADATA_BYTES, field="metadata")
            schema = await self._schemas.for_bucket_type(self._caller, type)
            if schema is not None:
                await schema.validate(self._caller, metadata, body, "metadata", counted=False)
        except Refusal as refusal:
            return refusal.detail
        return None
