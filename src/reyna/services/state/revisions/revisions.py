"""The revisions part: list, get, compare and name the revisions of a blob."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final

from msgspec.structs import replace

from reyna.domain.blob import Blob, Revision
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.text.names import normalize_name
from reyna.ports.store import Delete, Put, Require, RequirementNotMet, Step, Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.records import BLOBS, NAMES, REVISIONS, Name
from reyna.services.state.revisions.diff import Diff, differences
from reyna.services.state.revisions.revision_reader import RevisionReader, RevisionRef
from reyna.services.state.revisions.revision_storage import current_revision

Items = list[Revision]
AFTER_ALL_IDS: Final = "~"  # sorts after the id of every revision, those of the same number too
MAX_NAMING_ATTEMPTS: Final = 20  # at a name that others give at the same moment


class Revisions:
    """The verbs on revisions."""

    def __init__(self, store: Store, blobs: BlobReader) -> None:
        self._store, self._blobs = store, blobs
        self._reader = RevisionReader(store)

    async def list(
        self, caller: Caller, id: str, *, named: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Revision]:
        """Returns the revisions, newest first, with the present one and with late saves, marked `conflict`.

        With `named`, only those that have a name. A page ends early where its data would be more than a blob may hold.
        """
        current, after = await self._blobs.load(caller, id), decode_cursor(cursor, int, str)
        if named:
            return await self._list_named(current, check_limit(limit), after)
        # Others may save meanwhile: what is newer than the blob that was read is left out, as if it came later.
        start = (current.revision, AFTER_ALL_IDS) if after is None else after
        found = await self._store.find(
            REVISIONS,
            caller.user_id,
            {"blob_id": id},
            order=("number",),
            descending=True,
            after=start,
            limit=check_limit(limit) + 1,
        )
        found = [stored for stored in found if stored.conflict or stored.number < current.revision]
        newest = [current_revision(current)] if after is None else []
        sizes = [*(revision.size for revision in newest), *(stored.size for stored in found)]
        fitting = _fitting(sizes, limit)
        page = [*newest, *await self._reader.read_page(current, found[: fitting - len(newest)])]
        names = await self._reader.names(current, {revision.number for revision in page})
        items = tuple(revision if revision.conflict else _with_name(revision, names) for revision in page)
        if len(newest) + len(found) <= fitting:
            return Page(items=items)
        last = (current.revision, AFTER_ALL_IDS) if fitting == len(newest) else (items[-1].number, items[-1].id)
        return Page(items=items, next_cursor=encode_cursor(*last))

    async def get(self, caller: Caller, id: str, number: RevisionRef) -> Revision:
        """Returns one revision, by its number or its id. Raises NotFound."""
        return await self._reader.read_one(await self._blobs.load(caller, id), number)

    async def diff(self, caller: Caller, id: str, *, since: RevisionRef, to: RevisionRef | None = None) -> Diff:
        """Returns the differences between revision `since` and revision `to`, the present one when left out.

        Raises NotFound.
        """
        older = await self.get(caller, id, since)
        newer = await self.get(caller, id, to if to is not None else (await self._blobs.load(caller, id)).revision)
        # Two long texts may take a second, in which others want to be served.
        found = await asyncio.to_thread(lambda: tuple(differences(older.data, newer.data)))
        return Diff(blob_id=id, from_revision=older.number, to_revision=newer.number, differences=found)

    async def rename(self, caller: Caller, id: str, number: int, name: str | None) -> Revision:
        """Gives a revision a name, or with None takes it away; two may have the same. Returns the revision.

        A name says nothing about the data, so it makes no new revision. Raises NotFound for a revision that is not
        there, Invalid for text that is no name.
        """
        wanted = None if name is None else normalize_name(name)
        for _ in range(MAX_NAMING_ATTEMPTS):
            revision = await self.get(caller, id, number)
            there = await self._store.get(NAMES, caller.user_id, revision.id)
            if (there.name if there else None) == wanted:
                return replace(revision, name=wanted)
            blob = await self._blobs.load_described(caller, id)
            event = blob.event("named", caller, number=number, name=wanted)
            still = Require(BLOBS, caller.user_id, id)  # a purge that comes between finds every name, or none is given
            try:
                await self._store.write(still, *_naming_steps(revision, there, wanted), messages=[event.message()])
            except RequirementNotMet:
                continue
            return replace(revision, name=wanted)
        raise Conflict("This revision is being named by others without pause. Try again.")

    async def _list_named(self, blob: Blob, limit: int, after: tuple[int, str] | None) -> Page[Revision]:
        found = await self._store.find(
            NAMES, blob.user_id, {"blob_id": blob.id}, order=("number",), descending=True, after=after, limit=limit + 1
        )
        items: Items = []
        size = 0
        for name in found[:limit]:
            chain = await self._reader.chain(blob, name.number)
            size += chain[0].size if chain else blob.size
            if items and size > MAX_BLOB_BYTES:
                return Page(items=tuple(items), next_cursor=encode_cursor(items[-1].number, items[-1].id))
            revision = current_revision(blob) if name.number == blob.revision else None
            if revision is None and chain:
                revision = await self._reader.read_first(blob, chain)
            if revision is not None:
                items.append(replace(revision, name=name.name))
        more = encode_cursor(found[limit - 1].number, found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(items), next_cursor=more)


def _with_name(revision: Revision, names: dict[int, str]) -> Revision:
    return replace(revision, name=names.get(revision.number))


def _fitting(sizes: Sequence[int], limit: int) -> int:
    """Returns how many of these go on one page: at least one, and together no more bytes than a blob may have."""
    within = sum(total <= MAX_BLOB_BYTES for total in accumulate(sizes[:limit]))
    return max(within, 1)


def _naming_steps(revision: Revision, there: Name | None, wanted: str | None) -> list[Step]:
    if wanted is None:
        if there is None:
            return []
        seen = Require(NAMES, there.user_id, there.id, {"revision": there.revision})
        return [seen, Delete(NAMES, there.user_id, there.id)]
    record = Name(
        id=revision.id,
        user_id=revision.user_id,
        blob_id=revision.blob_id,
        number=revision.number,
        name=wanted,
        revision=there.revision + 1 if there else 1,
        created_at=datetime.now(UTC),
    )
    return [Put(NAMES, record, expects=there.revision if there else 0)]
