"""The neighbours of the processor service in memory, small enough to see through."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from reyna.adapters.memory import MemoryStore
from reyna.domain.blob import AuthorKind, Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid, NotFound, StaleRevision
from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event, Message
from reyna.domain.ids import new_id
from reyna.domain.page import Page
from reyna.domain.run import RUN_SUBJECTS, Work
from reyna.domain.schema import Kind, Schema, Scope
from reyna.ports import Collection, Record, Store

R = TypeVar("R", bound=Record)
NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
MISFIT: Final = {"fits": False}  # data that no schema here takes


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_blob(user_id: str, id: str | None = None, **other: Any) -> Blob:
    plain: dict[str, Any] = {
        "processor_id": "user-input",
        "schema_id": "text-input-v1",
        "schema_version": "1.0.0",
        "data": {"content": "The ship sailed into the storm."},
        "size": 45,
        "created_by": user_id,
        "changed_by": user_id,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Blob(id=id or new_id("blob"), user_id=user_id, **plain | other)


class StateStandIn:
    """Blobs, and buckets as child -> parent.

    `before_create` is called when a blob is about to be made; the next `outages` reads of a blob fail.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Blob] = {}
        self.parents: dict[tuple[str, str], str | None] = {}
        self.made: list[tuple[Caller, NewBlob, str | None, int | None]] = []
        self.before_create: Callable[[], Awaitable[None]] | None = None
        self.outages = 0

    def keep(self, blob: Blob) -> Blob:
        self.kept[blob.user_id, blob.id] = blob
        return blob

    def bucket(self, user_id: str, id: str, parent: str | None = None) -> str:
        self.parents[user_id, id] = parent
        return id

    async def blob(self, caller: Caller, id: str) -> Blob:
        if self.outages:
            self.outages -= 1
            raise Fault
        if (caller.user_id, id) not in self.kept:
            raise NotFound(id=id)
        return self.kept[caller.user_id, id]

    async def blobs(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        found = sorted(
            (
                blob
                for (user_id, _), blob in self.kept.items()
                if user_id == caller.user_id
                and (bucket_id is None or bucket_id in blob.bucket_ids)
                and schema_id in {None, blob.schema_id}
                and (cursor is None or blob.id > cursor)
            ),
            key=lambda blob: blob.id,
        )
        more = len(found) > limit
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].id if more else None)

    async def create_blob(
        self, caller: Caller, new: NewBlob, *, id: str | None = None, parent_revision: int | None = None
    ) -> Blob:
        if self.before_create is not None:
            await self.before_create()
        if new.data == MISFIT:
            raise Invalid.at("/data/fits", "must be true")
        if id is not None and (caller.user_id, id) in self.kept:
            return self.kept[caller.user_id, id]
        self.made.append((caller, new, id, parent_revision))
        said = {field: getattr(new, field) for field in new.__struct_fields__}
        author: AuthorKind = "processor" if caller.kind == "processor" else "user"
        return self.keep(a_blob(caller.user_id, id, **said, parent_revision=parent_revision, author_kind=author))

    async def change_blob(self, caller: Caller, id: str, change: BlobChange) -> Blob:
        blob = await self.blob(caller, id)
        if change.base_revision != blob.revision:
            raise StaleRevision(blob_id=id)
        if change.data == MISFIT:
            raise Invalid.at("/data/fits", "must be true")
        return self.keep(replace(blob, data=change.data, revision=blob.revision + 1))

    async def containing(self, caller: Caller, bucket_ids: list[str]) -> list[str]:
        """Nearest first."""
        found: dict[str, None] = {}
        level = list(bucket_ids)
        while level:
            level = [id for id in level if (caller.user_id, id) in self.parents]
            found |= dict.fromkeys(level)
            level = [up for id in level if (up := self.parents[caller.user_id, id]) is not None]
        return list(found)


class SchemasStandIn:
    def __init__(self) -> None:
        self.kept: dict[str, Schema] = {}
        for name in ("text-input", "expanded-text", "style-analysis"):
            self.keep(name)

    def keep(self, name: str, *, scope: Scope = "system", kind: Kind = "blob") -> None:
        self.kept[f"{name}-v1"] = Schema(
            id=f"{name}-v1",
            name=name,
            major=1,
            version="1.0.0",
            kind=kind,
            scope=scope,
            json_schema=True,
            fingerprint=name,
            created_at=NOON,
            created_by="house",
        )

    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        if id not in self.kept:
            raise NotFound(id=id)
        return self.kept[id]


class TurnTakingStore(MemoryStore):
    """Lets others have their turn between reading and writing, as any store outside the process does."""

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        found = await super().get(collection, user_id, id)
        await asyncio.sleep(0)
        return found


class OpenSigner:
    """Writes the caller down where a real signer would seal it."""

    def sign(self, caller: Caller, seconds: int = 60) -> str:
        return msgspec.json.encode(caller).decode()


def pass_of(work: Work) -> Caller:
    return msgspec.json.decode(work.token, type=Caller)


class Notices:
    """What was told to whoever listens."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bytes]] = []

    async def tell(self, subject: str, body: bytes) -> None:
        self.told.append((subject, body))


async def messages(store: Store) -> list[Message]:
    return await store.unsent(before=datetime.max.replace(tzinfo=UTC), limit=10_000)


async def events(store: Store, type: str = "") -> list[Event]:
    """The events that were written so far, of this type or of all."""
    return [
        event
        for message in await messages(store)
        if message.subject.startswith(f"{EVENT_SUBJECTS}.")
        and (event := DECODER.decode(message.body)).type.startswith(type)
    ]


async def handed_out(store: Store) -> list[Work]:
    """The work that was written for workers so far."""
    return [
        msgspec.json.decode(message.body, type=Work)
        for message in await messages(store)
        if message.subject.startswith(f"{RUN_SUBJECTS}.")
    ]
