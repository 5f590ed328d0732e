"""The entries of schemas: those of the user that the exported blobs and buckets have."""

from collections.abc import AsyncIterator

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.schema import NewSchema, Schema
from reyna.services.state.transfer.exports.archive_writer import ArchiveWriter
from reyna.services.state.transfer.exports.verbs import Exports
from reyna.services.state.transfer.layout.documents import pretty_json
from reyna.services.state.transfer.layout.entry_names import schema_entry_name


class SchemaEntries:
    """The schemas in use. Those that ship with the studio are everywhere, and stay out of the archive."""

    def __init__(self, exports: Exports, caller: Caller) -> None:
        self._exports, self._caller = exports, caller
        self._seen: set[tuple[str, str]] = set()
        self._types: set[str] = set()
        self._used: dict[tuple[str, str], Schema] = {}

    async def add(self, id: str, version: str) -> None:
        """Remembers a schema that a blob has."""
        if (id, version) in self._seen:
            return
        self._seen.add((id, version))
        self._keep(await self._exports.schema(self._caller, id, version))

    async def add_bucket_type(self, type: str) -> None:
        """Remembers the schema of the metadata of this type of bucket."""
        if type in self._types:
            return
        self._types.add(type)
        self._keep(await self._exports.bucket_schema(self._caller, type))

    async def write(self, archive: ArchiveWriter) -> AsyncIterator[bytes]:
        """Yields the schemas, each as it can be registered again."""
        for key in sorted(self._used):
            schema = self._used[key]
            archive.counts["schemas"] += 1
            new = NewSchema(
                name=schema.name,
                version=schema.version,
                kind=schema.kind,
                json_schema=schema.json_schema,
                compatibility=schema.compatibility,
                upgrade=schema.upgrade,
                description=schema.description,
            )
            content = pretty_json(msgspec.to_builtins(new))
            async for chunk in archive.add(schema_entry_name(schema.id, schema.version), content):
                yield chunk

    def _keep(self, schema: Schema | None) -> None:
        if schema is not None and schema.scope == "user":
            self._used[schema.id, schema.version] = schema
