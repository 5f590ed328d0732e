"""Protocols: the verbs of its neighbours that the processor service needs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Protocol

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.requests.page import Page
from reyna.domain.schema import Kind, Schema
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.ports.bus import RpcReply, Stream

RUN_TOKEN_LIFETIME: Final = timedelta(days=7)  # work may wait a long weekend for a worker


class BlobVerbs(Protocol):
    """The verbs on blobs that the processor service calls."""

    async def get(self, caller: Caller, id: str) -> Blob: ...

    async def get_stored(self, caller: Caller, id: str) -> Blob: ...

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]: ...

    async def list_in_buckets(
        self,
        caller: Caller,
        bucket_ids: Sequence[str],
        schema_ids: Sequence[str],
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]: ...

    async def create_all(
        self, caller: Caller, new: Sequence[NewBlob], ids: Sequence[str], *, parent_revision: int | None = None
    ) -> None: ...

    async def change(self, caller: Caller, id: str, change: BlobChange) -> Blob: ...


class BucketVerbs(Protocol):
    """The verbs on buckets that the processor service calls."""

    async def containing(self, caller: Caller, bucket_ids: Sequence[str]) -> tuple[str, ...]: ...

    async def parents(self, caller: Caller) -> dict[str, str | None]: ...


class ContentVerbs(Protocol):
    """The verb on the contents of buckets that the processor service calls."""

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]: ...


class StateVerbs(Protocol):
    """The parts of the state service that the processor service calls."""

    @property
    def blobs(self) -> BlobVerbs: ...
    @property
    def buckets(self) -> BucketVerbs: ...
    @property
    def contents(self) -> ContentVerbs: ...


class VersionLookup(Protocol):
    """The verbs on schema versions that the processor service calls."""

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema: ...

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schema]: ...


class SchemaLookup(Protocol):
    """The part of the schema service that the processor service calls."""

    @property
    def versions(self) -> VersionLookup: ...


class TokenSigner(Protocol):
    """Signs the tokens of runs."""

    def sign(self, caller: Caller, seconds: int = 60) -> str:
        """Returns a signed token of this caller that is valid for so many seconds."""
        ...


class ProcessorBus(Protocol):
    """Publishes an ephemeral message, removes a message from a stream, and asks who serves a verb."""

    async def publish_ephemeral(self, subject: str, body: bytes) -> None: ...

    async def remove(self, stream: Stream, subject: str, id: str) -> None: ...

    async def request(
        self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> RpcReply: ...
