"""The integrity part: examines all records of a user and recounts the sums; for the system caller only."""

from collections.abc import Iterable
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden
from reyna.ports.store import NOT_NULL, Collection, Increment, Store
from reyna.services.state.integrity import rules
from reyna.services.state.integrity.file_counts import count_files
from reyna.services.state.integrity.paging import PAGE_RECORDS, read_pages
from reyna.services.state.integrity.rules import Finding, Findings, PlacementView, Present
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, REVISIONS, TRASH
from reyna.services.state.templates.template_records import TEMPLATES, TEMPLATES_SUM
from reyna.transport.rpc import long_running

TRASHABLE: Final[tuple[Collection[Any], ...]] = (BLOBS, BUCKETS)  # what bears the id of an act of trashing
MAX_COUNT_ATTEMPTS: Final = 5  # counts of what somebody goes on changing


class Integrity:
    """The verbs by which `reyna doctor` examines what is stored. Others get Forbidden."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list_users(self, caller: Caller, *, after: str | None = None, limit: int = PAGE_RECORDS) -> list[str]:
        """Returns the ids of the users who keep something here, in order."""
        _check_system_caller(caller)
        return await self._store.list_users(after, limit)

    @long_running
    async def examine(self, caller: Caller) -> tuple[Finding, ...]:
        """Returns the findings about all records of the caller's user; none when all is well.

        The records are read a page at a time while the user goes on working, so whatever seems wrong is read twice.
        """
        _check_system_caller(caller)
        first = await _Examination(self._store, caller.user_id).find()
        if not first:
            return ()
        again = {finding.rule for finding in first}
        return tuple(f for f in await _Examination(self._store, caller.user_id).find() if f.rule in again)

    @long_running
    async def recount(self, caller: Caller) -> bool:
        """Sets the sums of the caller's user to what is stored, and returns whether anything differed.

        Raises Conflict while the sums are being changed without pause.
        """
        _check_system_caller(caller)
        for _ in range(MAX_COUNT_ATTEMPTS):
            before = await self._store.sums(caller.user_id)
            counted = await count_contents(self._store, caller.user_id)
            if await self._store.sums(caller.user_id) != before:
                continue
            # As a difference, so that whatever is written in this very moment counts too.
            adds = [
                Increment(caller.user_id, what, by) for what, n in counted.items() if (by := n - before.get(what, 0))
            ]
            await self._store.write(*adds)
            return bool(adds)
        raise Conflict("This user goes on changing things. Try again later.")


def _check_system_caller(caller: Caller) -> None:
    if caller.kind != "house":
        raise Forbidden("Only the studio itself examines what its users keep.")


async def count_contents(store: Store, user_id: str) -> dict[str, int]:
    """Returns what the sums of a user should be."""
    counted = {"blobs": 0, "bytes": 0, "buckets": await store.count(BUCKETS, user_id)}
    async for page in read_pages(store, BLOBS, user_id, ("id", "size")):
        counted["blobs"] += len(page)
        for id, size in page:
            counted["bytes"] += await _size(store, user_id, id) if size is None else size
    counted[TEMPLATES_SUM] = await store.count(TEMPLATES, user_id)
    return counted | await count_files(store, user_id)


class _Examination:
    """One pass through the records of one user."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store, self._user_id = store, user_id
        self._found = Findings()

    async def find(self) -> tuple[Finding, ...]:
        """Returns the findings of all rules."""
        await self._check_sums()
        await self._check_buckets()
        await self._check_places()
        await self._check_trash()
        await self._check_blobs()
        await self._check_revisions()
        return self._found.all()

    async def _check_sums(self) -> None:
        for _ in range(MAX_COUNT_ATTEMPTS):
            before = await self._store.sums(self._user_id)
            counted = await count_contents(self._store, self._user_id)
            if await self._store.sums(self._user_id) == before:
                self._found.add("sums", rules.describe_differences(before, counted))
                return

    async def _check_buckets(self) -> None:
        parents: dict[str, str | None] = {}
        live: dict[str, bool] = {}
        async for page in read_pages(self._store, BUCKETS, self._user_id, ("id", "parent_bucket_id", "trashed_at")):
            parents |= {id: parent for id, parent, _ in page}
            live |= {id: trashed_at is None for id, _, trashed_at in page}
        self._found.add("orphans", rules.orphans(parents, live))
        self._found.add("loops", rules.loops(parents))
        self._found.add("live_in_trash", rules.live_in_trash(parents, live))

    async def _check_places(self) -> None:
        fields = ("id", "blob_id", "bucket_id", "trashed_at")
        async for page in read_pages(self._store, PLACEMENTS, self._user_id, fields):
            places = [PlacementView(id, blob_id, bucket_id, at is None) for id, blob_id, bucket_id, at in page]
            blobs = await self._present(BLOBS, (place.blob_id for place in places))
            buckets = await self._present(BUCKETS, (place.bucket_id for place in places))
            self._found.add("placed_nothing", rules.placed_nothing(places, blobs))
            self._found.add("placed_nowhere", rules.placed_nowhere(places, buckets))
            self._found.add("placed_in_trash", rules.placed_in_trash(places, blobs, buckets))

    async def _check_trash(self) -> None:
        async for page in read_pages(self._store, TRASH, self._user_id, ("id",), {"purging": False}):
            ids = [id for (id,) in page]
            held: set[str] = set()
            for collection in TRASHABLE:
                held |= set(await self._store.count_by(collection, self._user_id, "trash_id", {"trash_id": ids}))
            self._found.add("empty_units", (id for id in ids if id not in held))
        for collection in TRASHABLE:
            async for page in read_pages(
                self._store, collection, self._user_id, ("id", "trash_id"), {"trash_id": NOT_NULL}
            ):
                units = await self._present(TRASH, (unit for _, unit in page))
                self._found.add("no_unit", (id for id, unit in page if unit not in units))

    async def _check_blobs(self) -> None:
        where = {"parent_id": NOT_NULL}
        async for page in read_pages(self._store, BLOBS, self._user_id, ("id", "parent_id"), where):
            there = await self._present(BLOBS, (parent for _, parent in page))
            self._found.add("parents_gone", (id for id, parent in page if parent not in there))

    async def _check_revisions(self) -> None:
        async for page in read_pages(self._store, REVISIONS, self._user_id, ("id", "blob_id")):
            there = await self._present(BLOBS, (blob_id for _, blob_id in page))
            self._found.add("lost_revisions", (id for id, blob_id in page if blob_id not in there))

    async def _present(self, collection: Collection[Any], ids: Iterable[str]) -> Present:
        found = await self._store.select(collection, self._user_id, ("id", "trashed_at"), {"id": sorted(set(ids))})
        return {id: trashed_at is None for id, trashed_at in found}


async def _size(store: Store, user_id: str, id: str) -> int:
    """Returns the size of a blob that was written before its size was a field of the store."""
    blob = await store.get(BLOBS, user_id, id)
    return 0 if blob is None else blob.size
