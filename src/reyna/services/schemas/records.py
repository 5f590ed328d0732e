"""The records of the schema service: every version, the latest of each schema, and their use by day."""

from datetime import datetime
from typing import Any, Final

import msgspec

from reyna.domain.schema import Kind, Schema, Scope
from reyna.domain.usage import Counted
from reyna.ports.store import Collection
from reyna.storage.idempotency import idempotency_collection


class VersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One registered version. `user_id` is its owner, or the system's user.

    `body` is the Schema as JSON text, because a store may not keep the author's order of properties.
    """

    id: str
    user_id: str
    schema_id: str
    name: str
    major: int
    version: str
    kind: Kind
    scope: Scope
    fingerprint: str
    body: str
    created_at: datetime
    revision: int = 1

    @property
    def schema(self) -> Schema:
        return SCHEMA_DECODER.decode(self.body)


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The latest version of one schema; `id` is the schema's. A registration must have seen its revision."""

    id: str
    user_id: str
    name: str
    major: int
    version: str
    kind: Kind
    body: str
    revision: int = 1

    @property
    def schema(self) -> Schema:
        return SCHEMA_DECODER.decode(self.body)


class DailyUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The use of one schema by one user on one day, by version. `batches` are the ids of the last batches that were
    added."""

    id: str
    user_id: str
    schema_id: str
    day: str
    versions: dict[str, Counted] = {}
    batches: tuple[str, ...] = ()
    revision: int = 1


SCHEMA_DECODER: Final = msgspec.json.Decoder(Schema)
VERSIONS: Final = Collection(
    "schemas.versions",
    VersionRecord,
    columns=("schema_id", "name", "major", "version", "kind", "scope", "fingerprint", "created_at"),
)
LATEST: Final = Collection("schemas.latest", Latest, columns=("name", "major", "version", "kind"))
USAGE: Final = Collection("schemas.usage", DailyUsage, columns=("schema_id", "day"))
REQUESTS: Final = idempotency_collection("schemas.requests")
COLLECTIONS: Final[tuple[Collection[Any], ...]] = (VERSIONS, LATEST, USAGE, REQUESTS)


def version_id(schema_id: str, version: str) -> str:
    return f"{schema_id}:{version}"


def usage_id(schema_id: str, day: str) -> str:
    return f"{schema_id}:{day}"


def version_of(schema: Schema, owner: str) -> VersionRecord:
    return VersionRecord(
        id=version_id(schema.id, schema.version),
        user_id=owner,
        schema_id=schema.id,
        name=schema.name,
        major=schema.major,
        version=schema.version,
        kind=schema.kind,
        scope=schema.scope,
        fingerprint=schema.fingerprint,
        body=msgspec.json.encode(schema).decode(),
        created_at=schema.created_at,
    )


def latest_of(schema: Schema, owner: str, before: Latest | None) -> Latest:
    return Latest(
        id=schema.id,
        user_id=owner,
        name=schema.name,
        major=schema.major,
        version=schema.version,
        kind=schema.kind,
        body=msgspec.json.encode(schema).decode(),
        revision=before.revision + 1 if before else 1,
    )
