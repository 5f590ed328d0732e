"""Brings back the data of an earlier revision, as a new one."""

from typing import NamedTuple

from reyna.domain.blob import Blob, Revision
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.json.data import encode_json
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.content.blob_writer import BlobWriter
from reyna.services.state.content.schema_cache import CompiledSchema, SchemaCache
from reyna.services.state.revisions.revision_reader import RevisionRef
from reyna.services.state.revisions.revisions import Revisions


class EarlierRevision(NamedTuple):
    """An earlier revision and the version of its schema that its data fits."""

    revision: Revision
    schema: CompiledSchema


class EarlierData:
    """Loads and writes again the data of earlier revisions."""

    def __init__(self, schemas: SchemaCache, blobs: BlobReader, writer: BlobWriter, revisions: Revisions) -> None:
        self._schemas, self._blobs, self._writer, self._revisions = schemas, blobs, writer, revisions

    async def load(self, caller: Caller, id: str, revision: RevisionRef) -> EarlierRevision:
        """Returns the revision with the version that it fits: the newest of its schema, or the one that it had.

        Raises NotFound, and Invalid for what never fitted, such as an imported revision.
        """
        old = await self._revisions.get(caller, id, revision)
        schema, body = await self._schemas.latest(caller, old.schema_id), encode_json(old.data)
        try:
            await schema.validate(caller, old.data, body, "data")
        except Invalid:
            if old.schema_version == schema.schema.version:
                raise
            schema = await self._schemas.version(caller, old.schema_id, old.schema_version)
            await schema.validate(caller, old.data, body, "data", counted=False)
        return EarlierRevision(old, schema)

    async def write(self, caller: Caller, id: str, earlier: EarlierRevision) -> Blob:
        """Writes this data as the next revision, under the schema that it had, and returns the blob."""
        old, schema = earlier
        current = await self._blobs.load(caller, id)
        changed = current.changed(
            old.data,
            size=old.size,
            schema_id=old.schema_id,
            schema_version=schema.schema.version,
            by=caller.name,
            author_kind="restore",
        )
        if written := await self._writer.replace(caller, current, changed):
            return written
        raise await self._writer.keep_late_save(caller, changed, current.revision)
