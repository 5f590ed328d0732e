"""Reads the revisions of a blob out of the compressed records."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob, Revision
from reyna.domain.errors import NotFound
from reyna.ports.store import Store
from reyna.services.state.records import NAMES, REVISIONS, StoredRevision
from reyna.services.state.revisions.revision_storage import (
    current_revision,
    read_data,
    run_in_thread_if_large,
    span_of,
    to_revision,
    whole_json,
)

RevisionRef = int | str
"""A revision: its number, or its id, which is the only name of a late save."""
NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


class RevisionReader:
    """Reads the revisions in one store. A chain is a revision and those above it, by which it is decompressed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read_one(self, blob: Blob, revision: RevisionRef) -> Revision:
        """Returns one revision, by its number or its id. Raises NotFound."""
        if isinstance(revision, int):
            return await self._read_number(blob, revision)
        id = revision.removeprefix(f"{blob.id}:")
        if NUMBER.fullmatch(id):
            return await self._read_number(blob, int(id))
        stored = await self._store.get(REVISIONS, blob.user_id, f"{blob.id}:{id}")
        if stored is None:
            raise _no_revision(blob.id, id)
        return (await self._read_stored(blob, (), [stored]))[0]

    async def _read_number(self, blob: Blob, number: int) -> Revision:
        if not 1 <= number <= blob.revision:
            raise _no_revision(blob.id, number)
        names = await self.names(blob, [number])
        if number == blob.revision:
            return replace(current_revision(blob), name=names.get(number))
        chain = await self.chain(blob, number)
        if not chain or chain[0].number != number:
            raise _no_revision(blob.id, number)
        return replace(await self.read_first(blob, chain), name=names.get(number))

    async def read_page(self, blob: Blob, page: Sequence[StoredRevision]) -> list[Revision]:
        """Returns the revisions of a page, whose numbers follow each other: read from the top down in one pass."""
        chain = [stored for stored in page if not stored.conflict]
        if chain and chain[0].against:
            chain += await self.chain(blob, chain[0].against)
        return await self._read_stored(blob, chain, page)

    async def read_first(self, blob: Blob, chain: Sequence[StoredRevision]) -> Revision:
        """Returns the revision that a chain begins with."""
        return (await self._read_stored(blob, chain, chain[:1]))[0]

    async def chain(self, blob: Blob, number: int) -> list[StoredRevision]:
        """Returns the records of this revision and of those above it, up to one that is whole or to the blob itself."""
        chain: list[StoredRevision] = []
        while number < blob.revision:
            span = span_of(number, blob.revision)
            where = {"blob_id": blob.id, "number": [*span], "conflict": False}
            found = await self._store.find(REVISIONS, blob.user_id, where, order=("number",))
            chain += found
            if not found or any(stored.against == 0 for stored in found):
                break
            number = span.stop
        return chain

    async def names(self, blob: Blob, numbers: Iterable[int]) -> dict[int, str]:
        """Returns the names of these revisions, by number."""
        where = {"blob_id": blob.id, "number": [*numbers]}
        return {name.number: name.name for name in await self._store.find(NAMES, blob.user_id, where)}

    async def _read_stored(
        self, blob: Blob, chain: Iterable[StoredRevision], page: Sequence[StoredRevision]
    ) -> list[Revision]:
        size = sum(stored.size for stored in page)
        numbers = [stored.number for stored in page if not stored.conflict]
        data = await run_in_thread_if_large(size, read_data, chain, numbers, blob)
        late = iter(
            [
                msgspec.json.decode(await run_in_thread_if_large(one.size, whole_json, one))
                for one in page
                if one.conflict
            ]
        )
        return [to_revision(one, next(late) if one.conflict else data[one.number], blob.schema_id) for one in page]


def _no_revision(id: str, revision: RevisionRef) -> NotFound:
    return NotFound(f"Blob {id} has no revision {revision}.", id=id, revision=revision)
