"""Goes through all that a user has and says which rules are broken; for the house's own caller."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden
from reyna.ports import PRESENT, Add, Collection, Store
from reyna.rpc import takes_long
from reyna.state import examined
from reyna.state.examined import Finding, Findings, Present, Standing
from reyna.state.history import History
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS, REVISIONS, TRASH

PAGE: Final = 1_000  # records that are looked at together; a user may have a million
TRASHED: Final[tuple[Collection[Any], ...]] = (BLOBS, BUCKETS)  # what bears the id of an act of trashing
TRIES: Final = 5  # counts of what somebody goes on changing


class Examining(History):
    """The verbs by which `reyna doctor` looks at what is kept. Each raises Forbidden for all but the house."""

    async def users(self, caller: Caller, *, after: str | None = None, limit: int = PAGE) -> list[str]:
        """Who keeps something here, by id."""
        _check_house(caller)
        return await self._store.users(after, limit)

    @takes_long
    async def examine(self, caller: Caller) -> tuple[Finding, ...]:
        """What is wrong with all that the caller's user has; nothing when all is well.

        It is read a page at a time while its user goes on, so whatever seems wrong is looked at twice.
        """
        _check_house(caller)
        first = await _Examination(self._store, caller.user_id).made()
        if not first:
            return ()
        again = {finding.rule for finding in first}
        return tuple(f for f in await _Examination(self._store, caller.user_id).made() if f.rule in again)

    @takes_long
    async def recount(self, caller: Caller) -> bool:
        """Set the sums of the caller's user to what is there; whether anything differed. Raises Conflict while they
        are being changed without pause."""
        _check_house(caller)
        for _ in range(TRIES):
            before = await self._store.sums(caller.user_id)
            counted = await count(self._store, caller.user_id)
            if await self._store.sums(caller.user_id) != before:
                continue
            # As a difference, so that whatever is written in this very moment counts too.
            adds = [Add(caller.user_id, what, by) for what, n in counted.items() if (by := n - before.get(what, 0))]
            await self._store.write(*adds)
            return bool(adds)
        raise Conflict("This user goes on changing things. Try again later.")


def _check_house(caller: Caller) -> None:
    if caller.kind != "house":
        raise Forbidden("Only the house examines what its users keep.")


async def count(store: Store, user_id: str) -> dict[str, int]:
    """What the sums of a user should be."""
    counted = {"blobs": 0, "bytes": 0, "buckets": await store.count(BUCKETS, user_id)}
    async for page in _pages(store, BLOBS, user_id, ("id", "size")):
        counted["blobs"] += len(page)
        for id, size in page:
            counted["bytes"] += await _size(store, user_id, id) if size is None else size
    return counted


class _Examination:
    """One pass through what one user has."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store, self._user_id = store, user_id
        self._found = Findings()

    async def made(self) -> tuple[Finding, ...]:
        await self._sums()
        await self._buckets()
        await self._places()
        await self._trash()
        await self._blobs()
        await self._revisions()
        return self._found.all()

    async def _sums(self) -> None:
        for _ in range(TRIES):
            before = await self._store.sums(self._user_id)
            counted = await count(self._store, self._user_id)
            if await self._store.sums(self._user_id) == before:
                self._found.add("sums", examined.differing(before, counted))
                return

    async def _buckets(self) -> None:
        parents: dict[str, str | None] = {}
        live: dict[str, bool] = {}
        async for page in _pages(self._store, BUCKETS, self._user_id, ("id", "parent_bucket_id", "trashed_at")):
            parents |= {id: parent for id, parent, _ in page}
            live |= {id: trashed_at is None for id, _, trashed_at in page}
        self._found.add("orphans", examined.orphans(parents, live))
        self._found.add("loops", examined.loops(parents))
        self._found.add("live_in_trash", examined.live_in_trash(parents, live))

    async def _places(self) -> None:
        fields = ("id", "blob_id", "bucket_id", "trashed_at")
        async for page in _pages(self._store, PLACEMENTS, self._user_id, fields):
            places = [Standing(id, blob_id, bucket_id, at is None) for id, blob_id, bucket_id, at in page]
            blobs = await self._present(BLOBS, (place.blob_id for place in places))
            buckets = await self._present(BUCKETS, (place.bucket_id for place in places))
            self._found.add("placed_nothing", examined.placed_nothing(places, blobs))
            self._found.add("placed_nowhere", examined.placed_nowhere(places, buckets))
            self._found.add("placed_in_trash", examined.placed_in_trash(places, blobs, buckets))

    async def _trash(self) -> None:
        async for page in _pages(self._store, TRASH, self._user_id, ("id",), {"purging": False}):
            ids = [id for (id,) in page]
            held: set[str] = set()
            for collection in TRASHED:
                held |= set(await self._store.tally(collection, self._user_id, "trash_id", {"trash_id": ids}))
            self._found.add("empty_units", (id for id in ids if id not in held))
        for collection in TRASHED:
            async for page in _pages(self._store, collection, self._user_id, ("id", "trash_id"), {"trash_id": PRESENT}):
                units = await self._present(TRASH, (unit for _, unit in page))
                self._found.add("no_unit", (id for id, unit in page if unit not in units))

    async def _blobs(self) -> None:
        where = {"parent_id": PRESENT}
        async for page in _pages(self._store, BLOBS, self._user_id, ("id", "parent_id"), where):
            there = await self._present(BLOBS, (parent for _, parent in page))
            self._found.add("parents_gone", (id for id, parent in page if parent not in there))

    async def _revisions(self) -> None:
        async for page in _pages(self._store, REVISIONS, self._user_id, ("id", "blob_id")):
            there = await self._present(BLOBS, (blob_id for _, blob_id in page))
            self._found.add("lost_revisions", (id for id, blob_id in page if blob_id not in there))

    async def _present(self, collection: Collection[Any], ids: Iterable[str]) -> Present:
        found = await self._store.pick(collection, self._user_id, ("id", "trashed_at"), {"id": sorted(set(ids))})
        return {id: trashed_at is None for id, trashed_at in found}


async def _pages(
    store: Store, collection: Collection[Any], user_id: str, fields: tuple[str, ...], where: dict[str, Any] = {}
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """All matching records by id, a page at a time; the first of the `fields` is the id."""
    after: str | None = None
    while page := await store.pick(collection, user_id, fields, where, after=after, limit=PAGE):
        yield page
        after = page[-1][0]


async def _size(store: Store, user_id: str, id: str) -> int:
    """Of a blob that was written before its size could be asked for."""
    blob = await store.get(BLOBS, user_id, id)
    return 0 if blob is None else blob.size
