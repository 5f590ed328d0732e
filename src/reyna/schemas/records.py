"""What the schema service keeps: every version for ever, which one is the latest of each schema, and their use."""

from datetime import datetime
from typing import Any, Final

import msgspec

from reyna.domain.schema import Kind, Schema, Scope
from reyna.domain.usage import Counted
from reyna.ports import Collection


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One registered version; `user_id` owns it, the house what is the system's.

    `body` is the Schema as JSON text, because the order of properties is the author's and a store may not keep it.
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
        return READER.decode(self.body)


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The latest version of one schema; `id` is the schema's. Whoever registers the next one must have seen it."""

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
        return READER.decode(self.body)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """How one user used one schema on one day, by version; `batches` are the last ones that were added."""

    id: str
    user_id: str
    schema_id: str
    day: str
    versions: dict[str, Counted] = {}
    batches: tuple[str, ...] = ()
    revision: int = 1


READER: Final = msgspec.json.Decoder(Schema)
VERSIONS: Final = Collection(
    "schemas.versions",
    Version,
    columns=("schema_id", "name", "major", "version", "kind", "scope", "fingerprint", "created_at"),
)
LATEST: Final = Collection("schemas.latest", Latest, columns=("name", "major", "version", "kind"))
USAGE: Final = Collection("schemas.usage", Usage, columns=("schema_id", "day"))
COLLECTIONS: Final[tuple[Collection[Any], ...]] = (VERSIONS, LATEST, USAGE)


def version_id(schema_id: str, version: str) -> str:
    return f"{schema_id}:{version}"


def usage_id(schema_id: str, day: str) -> str:
    return f"{schema_id}:{day}"


def version_of(schema: Schema, owner: str) -> Version:
    return Version(
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
