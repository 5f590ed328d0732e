"""Stand-ins for the neighbours of the processor service: state, schemas, store, signer, bus and clock."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import AuthorKind, Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid, NotFound, StaleRevision, Unserved
from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event, Message
from reyna.domain.ids import new_id
from reyna.domain.processing.run import RUN_SUBJECTS, Work
from reyna.domain.requests.page import Page
from reyna.domain.schema import Kind, Schema, Scope
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.ports.bus import RpcReply, Stream
from reyna.ports.store import Collection, Record, RequirementNotMet, Step, Store
from reyna.storage.decorator import StoreDecorator

R = TypeVar("R", bound=Record)
NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
MISFIT: Final = {"fits": False}  # data that no schema here takes


class Clock:
    """A clock that a test moves; `elapsed` are the seconds that passed, however the clock is set."""

    def __init__(self) -> None:
        self.now, self.elapsed = NOON, 0.0

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.elapsed += seconds

    def set_by(self, seconds: float) -> None:
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

    `before_create` is called when blobs are about to be made, `after_create` before that is answered; the next
    `outages` reads of a blob fail.
    """

    def __init__(self) -> None:
        self.blobs, self.buckets, self.contents = BlobsStandIn(self), BucketsStandIn(self), ContentsStandIn(self)
        self.kept: dict[tuple[str, str], Blob] = {}
        self.parents: dict[tuple[str, str], str | None] = {}
        self.made: list[tuple[Caller, NewBlob, str | None, int | None]] = []
        self.before_create: Callable[[], Awaitable[None]] | None = None
        self.after_create: Callable[[], Awaitable[None]] | None = None
        self.outages = 0
        self.outage: Exception = Fault()

    def keep(self, blob: Blob) -> Blob:
        self.kept[blob.user_id, blob.id] = blob
        return blob

    def bucket(self, user_id: str, id: str, parent: str | None = None) -> str:
        self.parents[user_id, id] = parent
        return id


class BlobsStandIn:
    """The blobs part of the stand-in."""

    def __init__(self, state: StateStandIn) -> None:
        self._state = state

    async def get(self, caller: Caller, id: str) -> Blob:
        if self._state.outages:
            self._state.outages -= 1
            raise self._state.outage
        if (caller.user_id, id) not in self._state.kept:
            raise NotFound(id=id)
        return self._state.kept[caller.user_id, id]

    async def get_stored(self, caller: Caller, id: str) -> Blob:
        return replace(await self.get(caller, id), bucket_ids=(), derived_ids=(), stale=False)

    async def list(
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
                for (user_id, _), blob in self._state.kept.items()
                if user_id == caller.user_id
                and (bucket_id is None or bucket_id in blob.bucket_ids)
                and schema_id in {None, blob.schema_id}
                and (cursor is None or blob.id > cursor)
            ),
            key=lambda blob: blob.id,
        )
        more = len(found) > limit
        return Page(items=tuple(found[:limit]), next_cursor=found[limit - 1].id if more else None)

    async def list_in_buckets(
        self,
        caller: Caller,
        bucket_ids: Sequence[str],
        schema_ids: Sequence[str],
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        found = {
            blob.id: blob
            for bucket_id in bucket_ids
            for schema_id in schema_ids
            for blob in (await self.list(caller, bucket_id=bucket_id, schema_id=schema_id, limit=10_000)).items
        }
        begin = list(found).index(cursor) + 1 if cursor else 0
        items = tuple(found.values())[begin : begin + limit]
        return Page(items=items, next_cursor=items[-1].id if begin + limit < len(found) else None)

    async def create_all(
        self, caller: Caller, new: Sequence[NewBlob], ids: Sequence[str], *, parent_revision: int | None = None
    ) -> None:
        if self._state.before_create is not None:
            await self._state.before_create()
        if any(one.data == MISFIT for one in new):
            raise Invalid.at("/data/fits", "must be true")
        for one, id in zip(new, ids, strict=True):
            if (caller.user_id, id) not in self._state.kept:
                self._create(caller, one, id, parent_revision)
        if self._state.after_create is not None:
            await self._state.after_create()

    def _create(self, caller: Caller, new: NewBlob, id: str, parent_revision: int | None) -> None:
        self._state.made.append((caller, new, id, parent_revision))
        said = {field: getattr(new, field) for field in new.__struct_fields__}
        author: AuthorKind = "processor" if caller.kind == "processor" else "user"
        self._state.keep(a_blob(caller.user_id, id, **said, parent_revision=parent_revision, author_kind=author))

    async def change(self, caller: Caller, id: str, change: BlobChange) -> Blob:
        blob = await self.get(caller, id)
        if change.base_revision != blob.revision:
            raise StaleRevision(blob_id=id)
        if change.data == MISFIT:
            raise Invalid.at("/data/fits", "must be true")
        return self._state.keep(replace(blob, data=change.data, revision=blob.revision + 1))


class BucketsStandIn:
    """The buckets part of the stand-in."""

    def __init__(self, state: StateStandIn) -> None:
        self._state = state

    async def containing(self, caller: Caller, bucket_ids: Sequence[str]) -> tuple[str, ...]:
        """Nearest first."""
        found: dict[str, None] = {}
        level = list(bucket_ids)
        while level:
            level = [id for id in level if (caller.user_id, id) in self._state.parents]
            found |= dict.fromkeys(level)
            level = [up for id in level if (up := self._state.parents[caller.user_id, id]) is not None]
        return tuple(found)

    async def parents(self, caller: Caller) -> dict[str, str | None]:
        return {id: parent for (user_id, id), parent in self._state.parents.items() if user_id == caller.user_id}


class ContentsStandIn:
    """The contents part of the stand-in: the blobs of one bucket, in the order in which they were kept."""

    def __init__(self, state: StateStandIn) -> None:
        self._state = state

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]:
        if (caller.user_id, id) not in self._state.parents:
            raise NotFound(id=id)
        found = [
            TreeItem(depth=1, blob=blob, parent_bucket_id=id)
            for blob in self._state.kept.values()
            if blob.user_id == caller.user_id and id in blob.bucket_ids
        ]
        start = int(cursor or 0)
        more = str(start + limit) if len(found) > start + limit else None
        return Page(items=tuple(found[start : start + limit]), next_cursor=more)


class SchemasStandIn:
    def __init__(self) -> None:
        self.kept: dict[str, Schema] = {}
        for name in ("text-input", "expanded-text", "style-analysis", "pitch"):
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

    @property
    def versions(self) -> "SchemasStandIn":
        return self

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        if id not in self.kept:
            raise NotFound(id=id)
        return self.kept[id]

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schema]:
        found = [schema for schema in self.kept.values() if kind in {None, schema.kind} and name in {None, schema.name}]
        return Page(items=tuple(found[:limit]), next_cursor=None)


class TurnTakingStore(MemoryStore):
    """A memory store that lets other tasks run between a read and a write, as a store outside the process does."""

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        found = await super().get(collection, user_id, id)
        await asyncio.sleep(0)
        return found


class OvertakenStore(StoreDecorator):
    """A Store decorator whose writes always fail, since another writer came first."""

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        raise RequirementNotMet("records", "put")


class ReadableSigner:
    """Signs nothing: its token is the caller as JSON."""

    def sign(self, caller: Caller, seconds: int = 60) -> str:
        return msgspec.json.encode(caller).decode()


def caller_of(work: Work) -> Caller:
    return msgspec.json.decode(work.token, type=Caller)


class RecordingBus:
    """Records the ephemeral messages, and the removals from streams."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.removed: list[tuple[Stream, str, str]] = []
        self.requests: list[tuple[str, str, bytes]] = []
        self.answer: Callable[[bytes], Awaitable[RpcReply]] | None = None  # to each request; without one, nobody serves

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        self.published.append((subject, body))

    async def remove(self, stream: Stream, subject: str, id: str) -> None:
        self.removed.append((stream, subject, id))

    async def request(
        self, service: str, verb: str, body: bytes, headers: Mapping[str, str], *, timeout: float
    ) -> RpcReply:
        self.requests.append((service, verb, body))
        if self.answer is None:
            raise Unserved
        return await self.answer(body)


async def list_messages(store: Store) -> list[Message]:
    return await store.list_unsent(before=datetime.max.replace(tzinfo=UTC), limit=10_000)


async def list_events(store: Store, type: str = "") -> list[Event]:
    """Returns the events written so far, of this type or of all."""
    return [
        event
        for message in await list_messages(store)
        if message.subject.startswith(f"{EVENT_SUBJECTS}.")
        and (event := DECODER.decode(message.body)).type.startswith(type)
    ]


async def list_work(store: Store) -> list[Work]:
    """Returns the work written for workers so far."""
    return [
        msgspec.json.decode(message.body, type=Work)
        for message in await list_messages(store)
        if message.subject.startswith(f"{RUN_SUBJECTS}.")
    ]
