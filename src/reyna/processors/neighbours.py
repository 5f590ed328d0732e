"""What the processor service needs of its neighbours, in their own words."""

from datetime import timedelta
from typing import Final, Protocol

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.page import Page
from reyna.domain.schema import Schema

PASS: Final = timedelta(days=7)  # work may wait a long weekend for a worker; what ends a pass sooner is its run's end


class StateVerbs(Protocol):
    async def blob(self, caller: Caller, id: str) -> Blob: ...

    async def blobs(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]: ...

    async def create_blob(
        self, caller: Caller, new: NewBlob, *, id: str | None = None, parent_revision: int | None = None
    ) -> Blob: ...

    async def change_blob(self, caller: Caller, id: str, change: BlobChange) -> Blob: ...

    async def containing(self, caller: Caller, bucket_ids: list[str]) -> list[str]: ...


class SchemaVerbs(Protocol):
    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema: ...


class Signs(Protocol):
    """Gives a caller a pass that holds for so many seconds."""

    def sign(self, caller: Caller, seconds: int = 60) -> str: ...


class Tells(Protocol):
    """Says something to whoever listens now."""

    async def tell(self, subject: str, body: bytes) -> None: ...
