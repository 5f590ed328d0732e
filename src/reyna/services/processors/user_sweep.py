"""A sweep over all users once an hour, and the deletion of records that other copies of the service may delete too."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from reyna.domain.errors import Fault
from reyna.ports.store import Collection, Delete, RequirementNotMet, Store
from reyna.storage.user_pages import user_pages

SWEEP_INTERVAL_SECONDS: Final = 3600.0
log: Final = structlog.get_logger("reyna.services.processors")


class UserSweep:
    """Calls `sweep_user` for every user once an hour; it returns how many records it has deleted, which are `what`.

    Several copies do no harm.
    """

    def __init__(self, store: Store, what: str, sweep_user: Callable[[str], Awaitable[int]]) -> None:
        self._store, self._what, self._sweep_user = store, what, sweep_user
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"sweep of {self._what}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def delete_expired(self) -> int:
        """Sweeps the records of every user once, and returns how many were deleted. Raises Fault."""
        deleted = 0
        async for users in user_pages(self._store):
            for user_id in users:
                try:
                    deleted += await self._sweep_user(user_id)
                except Fault:
                    raise
                except Exception:  # what is wrong with the records of one user does not hold up the others
                    log.exception("the records of a user could not be swept", what=self._what, user_id=user_id)
        return deleted

    async def _run(self) -> None:
        while True:
            try:
                if deleted := await self.delete_expired():
                    log.info("old records deleted", what=self._what, records=deleted)
            except Fault as fault:
                log.warning("old records are looked for again in an hour", what=self._what, error=fault.detail)
            except Exception:
                log.exception("old records could not be looked for", what=self._what)
            await asyncio.sleep(SWEEP_INTERVAL_SECONDS)


async def delete_records(store: Store, collection: Collection[Any], user_id: str, ids: Sequence[str]) -> None:
    """Deletes these records; one that another copy of the service deletes at the same moment is no error."""
    try:
        await store.write(*(Delete(collection, user_id, id) for id in ids))
    except RequirementNotMet:
        for id in ids:
            if await store.get(collection, user_id, id) is not None:
                with suppress(RequirementNotMet):
                    await store.write(Delete(collection, user_id, id))
