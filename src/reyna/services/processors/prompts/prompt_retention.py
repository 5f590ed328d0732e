"""Prompt retention: deletes the prompts of runs that are older than they are kept."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from reyna.domain.errors import Fault
from reyna.ports.store import Delete, RequirementNotMet, Store
from reyna.services.processors.records import PROMPTS

PROMPT_RETENTION: Final = timedelta(days=30)  # since it was sent
SWEEP_INTERVAL_SECONDS: Final = 3600.0
USERS_PER_PAGE: Final = 500
DELETED_AT_ONCE: Final = 500
log: Final = structlog.get_logger("reyna.services.processors")


class PromptRetention:
    """Deletes old prompts once an hour. Several copies do no harm."""

    def __init__(self, store: Store, clock: Callable[[], datetime], kept_for: timedelta = PROMPT_RETENTION) -> None:
        self._store, self._clock, self._kept_for = store, clock, kept_for
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="prompt retention")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def delete_expired(self) -> int:
        """Deletes the old prompts of every user once, and returns how many."""
        deleted, last = 0, None
        while users := await self._store.list_users(last, USERS_PER_PAGE):
            for user_id in users:
                try:
                    deleted += await self._delete_of(user_id)
                except Fault:
                    raise
                except Exception:  # what is wrong with the records of one user does not hold up the others
                    log.exception("the prompts of a user could not be deleted", user_id=user_id)
            last = users[-1]
        return deleted

    async def _delete_of(self, user_id: str) -> int:
        deleted, oldest = 0, self._clock() - self._kept_for
        while True:
            found = await self._store.find(PROMPTS, user_id, order=("sent_at",), limit=DELETED_AT_ONCE)
            expired = [stored.id for stored in found if stored.sent_at < oldest]
            if not expired:
                return deleted
            try:
                await self._store.write(*(Delete(PROMPTS, user_id, id) for id in expired))
            except RequirementNotMet:  # another copy deletes them at this moment
                return deleted
            deleted += len(expired)

    async def _run(self) -> None:
        while True:
            try:
                if deleted := await self.delete_expired():
                    log.info("prompts deleted", prompts=deleted)
            except Fault as fault:
                log.warning("the prompts of runs are looked at again in an hour", error=fault.detail)
            except Exception:
                log.exception("looking at the prompts of runs broke; again in an hour")
            await asyncio.sleep(SWEEP_INTERVAL_SECONDS)
