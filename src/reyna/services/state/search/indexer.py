"""The indexer: makes the entries of changed records anew, many at once, and builds the whole index of a user."""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, Literal, get_args

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.requests.page import decode_cursor, encode_cursor
from reyna.ports.passages import PassageIndex
from reyna.ports.search import INDEX_VERSION, SearchIndex
from reyna.ports.store import Collection, Store
from reyna.services.state.records import BLOBS, BUCKETS
from reyna.services.state.search.entries import EntryLoader

MAX_IDS_PER_REFRESH: Final = 50
MAX_USERS_AT_ONCE: Final = 2  # whose entries one process makes at the same time
IDS_PER_STEP: Final = 200  # records that one step of building an index takes
GATHERING_SECONDS: Final = 0.05  # that an id waits for others of its user
REST_SECONDS: Final = 0.4  # instead, of a user whose entries were made a moment ago; 1 s until it is found is promised
BuildPhase = Literal["buckets", "blobs", "remains"]
PHASES: Final[tuple[BuildPhase, ...]] = get_args(BuildPhase)


class Pace(msgspec.Struct, frozen=True):
    """The seconds in which the ids of a user gather before their entries are made: after a pause, and in a burst."""

    gathering: float = GATHERING_SECONDS
    rest: float = REST_SECONDS


NO_PAUSE: Final = Pace(gathering=0.0, rest=0.0)


class BuildStep(msgspec.Struct, frozen=True, kw_only=True):
    """The number of records that a step took, and the cursor of the next one; None when the index is whole."""

    done: int
    next_cursor: str | None


class _Batch:
    """The ids of one user that wait to be refreshed, and the task that will do it."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}
        self.task: asyncio.Task[None]


class Indexer:
    """Refreshes entries. The ids of a user gather for a moment, and while others are being made, for one next turn:
    the entries of a burst cost a fraction of as many single ones."""

    def __init__(
        self, store: Store, index: SearchIndex, pace: Pace = Pace(), *, passages: PassageIndex | None = None
    ) -> None:
        self._store, self._index, self.loader, self._pace = store, index, EntryLoader(store), pace
        self._passages = passages
        self._waiting: dict[str, _Batch] = {}
        self._resting: set[str] = set()  # users whose entries were made a moment ago
        self._turns = asyncio.Semaphore(MAX_USERS_AT_ONCE)

    async def refresh(self, user_id: str, ids: Iterable[str]) -> None:
        """Returns when the entries are as the records were at the time of the call, or later. Raises Fault."""
        batch = self._waiting.get(user_id)
        if batch is None:
            batch = self._waiting[user_id] = _Batch()
            batch.task = asyncio.create_task(self._run(user_id, batch), name="index refresh")
        batch.ids.update(dict.fromkeys(ids))
        await asyncio.shield(batch.task)

    async def refresh_below(self, user_id: str, bucket_id: str) -> None:
        """Refreshes the entries of a bucket and of all buckets below it."""
        walked = await self._store.walk(BUCKETS, user_id, [bucket_id], "parent_bucket_id", toward="children")
        await self.refresh(user_id, [bucket_id, *(bucket.id for _, bucket in walked)])

    async def build_step(self, user_id: str, cursor: str | None = None) -> BuildStep:
        """Makes some entries of a user anew; at the end, removes entries without a record.

        Raises Invalid for a cursor of something else.
        """
        phase, after = decode_cursor(cursor, str, str) or (PHASES[0], "")
        if phase not in PHASES:
            raise Invalid.at("/cursor", "is not a cursor of this list")
        ids = await self._page_of(phase, user_id, after)
        await self._refresh_now(user_id, ids if phase != "remains" else await self._without_record(user_id, ids))
        if self._passages is not None and phase != "remains":
            await self._passages.wait_again(user_id, ids)
        if len(ids) == IDS_PER_STEP:
            return BuildStep(done=len(ids), next_cursor=encode_cursor(phase, ids[-1]))
        if phase != PHASES[-1]:
            following = PHASES[PHASES.index(phase) + 1]
            return BuildStep(done=len(ids), next_cursor=encode_cursor(following, ""))
        await self._index.set_version(user_id, INDEX_VERSION)
        return BuildStep(done=len(ids), next_cursor=None)

    async def _run(self, user_id: str, batch: _Batch) -> None:
        await asyncio.sleep(self._pace.rest if user_id in self._resting else self._pace.gathering)
        async with self._turns:
            del self._waiting[user_id]  # what comes from now on waits for the next batch
            self._rest(user_id)
            await self._refresh_now(user_id, [*batch.ids])

    def _rest(self, user_id: str) -> None:
        if user_id not in self._resting:
            self._resting.add(user_id)
            asyncio.get_running_loop().call_later(self._pace.rest, self._resting.discard, user_id)

    async def _refresh_now(self, user_id: str, ids: list[str]) -> None:
        for start in range(0, len(ids), MAX_IDS_PER_REFRESH):
            portion = ids[start : start + MAX_IDS_PER_REFRESH]
            await self._index.refresh(user_id, portion, partial(self.loader.load, user_id))

    async def _page_of(self, phase: BuildPhase, user_id: str, after: str) -> list[str]:
        if phase == "remains":
            return await self._index.list_ids(user_id, after, IDS_PER_STEP)
        collection: Collection[Any] = BUCKETS if phase == "buckets" else BLOBS
        rows = await self._store.select(collection, user_id, ("id",), after=after or None, limit=IDS_PER_STEP)
        return [id for (id,) in rows]

    async def _without_record(self, user_id: str, ids: list[str]) -> list[str]:
        """Returns those of the ids that are of no blob and no bucket."""
        kept: set[str] = set()
        collections: tuple[Collection[Any], ...] = (BLOBS, BUCKETS)
        for collection in collections:
            kept |= {id for (id,) in await self._store.select(collection, user_id, ("id",), {"id": ids})}
        return [id for id in ids if id not in kept]
