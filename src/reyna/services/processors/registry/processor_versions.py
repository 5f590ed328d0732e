"""The registered versions of a processor, all of which are kept."""

from typing import Final

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import TooMuch
from reyna.domain.processing.processor import NewProcessor, Processor
from reyna.domain.requests.page import Page
from reyna.ports.store import Delete, Put, RequirementNotMet, Store
from reyna.services.processors.records import PROCESSOR_VERSIONS, newest_first, version_of

MAX_PRIVATE_VERSIONS: Final = 1_000  # of one private processor
MAX_DELETED_VERSIONS: Final = 200  # in one write


class ProcessorVersions:
    """Stores and reads versions. The same version registered with another description replaces what it was."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def steps(self, next: Processor, known: Processor | None) -> list[Put]:
        """Returns the steps that store this version, and the one before, which may be older than the list of them."""
        kept = [next] if known is None or known.version == next.version else [known, next]
        return [Put(PROCESSOR_VERSIONS, version_of(processor), expects=None) for processor in kept]

    async def list(self, processor: Processor, *, limit: int, cursor: str | None) -> Page[Processor]:
        """Returns one page of the versions, the one registered last first."""
        page = await newest_first(
            self._store,
            PROCESSOR_VERSIONS,
            processor.user_id,
            {"processor_id": processor.id},
            by="updated_at",
            limit=limit,
            cursor=cursor,
        )
        versions = tuple(version.processor for version in page.items)
        if cursor is None and not versions:  # it was registered before versions were kept
            versions = (processor,)
        return Page(items=versions, next_cursor=page.next_cursor)

    async def check_room(self, owner: str, new: NewProcessor) -> None:
        """Raises TooMuch when this would be one version too many of a private processor."""
        if owner == SYSTEM_USER_ID:
            return
        if await self._store.get(PROCESSOR_VERSIONS, owner, f"{new.id}:{new.version}") is not None:
            return
        if await self._store.count(PROCESSOR_VERSIONS, owner, {"processor_id": new.id}) >= MAX_PRIVATE_VERSIONS:
            raise TooMuch(
                f"{new.id} has {MAX_PRIVATE_VERSIONS:,} versions, which is the most.", allowed=MAX_PRIVATE_VERSIONS
            )

    async def delete_all(self, owner: str, processor_id: str) -> None:
        """Deletes the versions of a removed processor."""
        while True:
            versions = await self._store.find(
                PROCESSOR_VERSIONS, owner, {"processor_id": processor_id}, limit=MAX_DELETED_VERSIONS
            )
            if not versions:
                return
            try:
                await self._store.write(*(Delete(PROCESSOR_VERSIONS, owner, version.id) for version in versions))
            except RequirementNotMet:  # another copy of the service deletes the same
                return
