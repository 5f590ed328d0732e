"""Finds the processor that an id names for a user: the user's own first, then the system's."""

from collections.abc import Collection

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import NotFound
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import Run
from reyna.ports.store import Require, Store
from reyna.services.processors.records import PROCESSORS


class ProcessorLookup:
    """Reads registered processors. A private one is visible to its owner only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, user_id: str, id: str) -> Processor:
        """Raises NotFound."""
        for owner in owners_visible_to(user_id):
            if processor := await self._store.get(PROCESSORS, owner, id):
                return processor
        raise no_processor(id)

    async def get_of_run(self, run: Run) -> Processor:
        """Returns the processor of this run, which stays the one that it was requested for. Raises NotFound."""
        processor = await self._store.get(PROCESSORS, run.processor_owner_id, run.processor_id)
        if processor is None:
            raise no_processor(run.processor_id)
        return processor

    async def find_many(self, user_id: str, ids: Collection[str]) -> dict[str, Processor]:
        """Returns those of these processors that exist, by id."""
        found: dict[str, Processor] = {}
        for owner in reversed(owners_visible_to(user_id)):
            if ids:
                found |= {each.id: each for each in await self._store.find(PROCESSORS, owner, {"id": set(ids)})}
        return found


def owners_visible_to(user_id: str) -> tuple[str, ...]:
    """Returns the owners whose processors this user can use, in the order in which an id is looked up."""
    return (SYSTEM_USER_ID,) if user_id == SYSTEM_USER_ID else (user_id, SYSTEM_USER_ID)


def still_registered(processor: Processor) -> tuple[Require, ...]:
    """Returns the steps that a private processor is not removed at the moment of the write; others never are."""
    return (Require(PROCESSORS, processor.user_id, processor.id),) if processor.scope == "user" else ()


def no_processor(id: str) -> NotFound:
    return NotFound(f"There is no processor {id!r}.", id=id)
