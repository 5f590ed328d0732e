"""What a blob was: every revision of it, read out of what is kept."""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob, Revision
from reyna.domain.caller import Caller
from reyna.domain.data import BLOB_BYTES
from reyna.domain.errors import NotFound
from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.ports import Store
from reyna.state.quota import Quota
from reyna.state.records import BLOBS, NAMES, REVISIONS, KeptRevision
from reyna.state.revisions import aside, own, present, read, shown, span_of
from reyna.state.shapes import Shapes

Which = int | str
"""A revision: its number, or its id, which is the only name of a refused save."""
BEHIND: Final = "~"  # the id of no revision: all there are stand before it, those of the same number too
NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


class History:
    """The verbs on what was before."""

    def __init__(self, store: Store, shapes: Shapes, quota: Quota) -> None:
        self._store, self._shapes, self._quota = quota.over(store), shapes, quota

    async def revisions(
        self, caller: Caller, id: str, *, named: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Revision]:
        """Newest first, the present one included; refused saves stand among them, marked `conflict`. With `named`, only
        those that have a name. A page ends early where its data would be more than a blob may hold."""
        current, after = await self._blob(caller, id), place_of(cursor, int, str)
        if named:
            return await self._named(current, bounded(limit), after)
        # Others may save meanwhile: what is newer than the blob that was read is left out, as if it came later.
        start = (current.revision, BEHIND) if after is None else after
        found = await self._store.find(
            REVISIONS,
            caller.user_id,
            {"blob_id": id},
            order=("number",),
            descending=True,
            after=start,
            limit=bounded(limit) + 1,
        )
        found = [kept for kept in found if kept.conflict or kept.number < current.revision]
        newest = [present(current)] if after is None else []
        sizes = [*(revision.size for revision in newest), *(kept.size for kept in found)]
        fitting = _fitting(sizes, limit)
        page = [*newest, *await self._shown(current, found[: fitting - len(newest)])]
        names = await self._names(current, {revision.number for revision in page})
        items = tuple(revision if revision.conflict else _named(revision, names) for revision in page)
        if len(newest) + len(found) <= fitting:
            return Page(items=items)
        last = (current.revision, BEHIND) if fitting == len(newest) else (items[-1].number, items[-1].id)
        return Page(items=items, next_cursor=cursor_of(*last))

    async def revision(self, caller: Caller, id: str, number: Which) -> Revision:
        """One revision, by its number or its id. Raises NotFound."""
        current = await self._blob(caller, id)
        if isinstance(number, str):
            return await self._by_id(caller, current, number.removeprefix(f"{id}:"))
        if not 1 <= number <= current.revision:
            raise _no_revision(id, number)
        names = await self._names(current, [number])
        if number == current.revision:
            return _named(present(current), names)
        line = await self._line(current, number)
        if not line or line[0].number != number:
            raise _no_revision(id, number)
        return _named((await self._read(current, line, line[:1]))[0], names)

    # --- what the verbs above are made of ---

    async def _blob(self, caller: Caller, id: str) -> Blob:
        if blob := await self._store.get(BLOBS, caller.user_id, id):
            return blob
        raise NotFound(id=id)

    async def _by_id(self, caller: Caller, blob: Blob, which: str) -> Revision:
        if NUMBER.fullmatch(which):
            return await self.revision(caller, blob.id, int(which))
        kept = await self._store.get(REVISIONS, blob.user_id, f"{blob.id}:{which}")
        if kept is None:
            raise _no_revision(blob.id, which)
        return (await self._read(blob, (), [kept]))[0]

    async def _line(self, blob: Blob, number: int) -> list[KeptRevision]:
        """What is kept of this revision and of those above it, up to one that is whole or to the blob itself."""
        line: list[KeptRevision] = []
        while number < blob.revision:
            span = span_of(number, blob.revision)
            where = {"blob_id": blob.id, "number": [*span], "conflict": False}
            found = await self._store.find(REVISIONS, blob.user_id, where, order=("number",))
            line += found
            if not found or any(kept.against == 0 for kept in found):
                break
            number = span.stop
        return line

    async def _shown(self, blob: Blob, page: Sequence[KeptRevision]) -> list[Revision]:
        """These of a page, which are next to each other: read from the top down in one pass."""
        line = [kept for kept in page if not kept.conflict]
        if line and line[0].against:
            line += await self._line(blob, line[0].against)
        return await self._read(blob, line, page)

    async def _read(self, blob: Blob, line: Iterable[KeptRevision], page: Sequence[KeptRevision]) -> list[Revision]:
        size = sum(kept.size for kept in page)
        numbers = [kept.number for kept in page if not kept.conflict]
        data = await aside(size, read, line, numbers, blob)
        refused = [msgspec.json.decode(await aside(kept.size, own, kept)) for kept in page if kept.conflict]
        beside = iter(refused)
        return [shown(kept, next(beside) if kept.conflict else data[kept.number], blob.schema_id) for kept in page]

    async def _named(self, blob: Blob, limit: int, after: tuple[int, str] | None) -> Page[Revision]:
        found = await self._store.find(
            NAMES, blob.user_id, {"blob_id": blob.id}, order=("number",), descending=True, after=after, limit=limit + 1
        )
        items: list[Revision] = []
        size = 0
        for name in found[:limit]:
            line = await self._line(blob, name.number)
            size += line[0].size if line else blob.size
            if items and size > BLOB_BYTES:
                return Page(items=tuple(items), next_cursor=cursor_of(items[-1].number, items[-1].id))
            revision = present(blob) if name.number == blob.revision else None
            if revision is None and line:
                revision = (await self._read(blob, line, line[:1]))[0]
            if revision is not None:
                items.append(replace(revision, name=name.name))
        more = cursor_of(found[limit - 1].number, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(items), next_cursor=more)

    async def _names(self, blob: Blob, numbers: Iterable[int]) -> dict[int, str]:
        where = {"blob_id": blob.id, "number": [*numbers]}
        return {name.number: name.name for name in await self._store.find(NAMES, blob.user_id, where)}


def _named(revision: Revision, names: dict[int, str]) -> Revision:
    return replace(revision, name=names.get(revision.number))


def _fitting(sizes: Sequence[int], limit: int) -> int:
    """How many of these go on one page: one at least, and as long as all together are no more than a blob may be."""
    within = sum(total <= BLOB_BYTES for total in accumulate(sizes[:limit]))
    return max(within, 1)


def _no_revision(id: str, which: Which) -> NotFound:
    return NotFound(f"Blob {id} has no revision {which}.", id=id, revision=which)
