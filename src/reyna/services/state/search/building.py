"""Index building: in the background, for the users whose index was never built or is of an earlier version."""

import asyncio
import random
from contextlib import suppress
from typing import Final

import structlog

from reyna.domain.errors import Fault
from reyna.ports.search import INDEX_VERSION, SearchIndex
from reyna.ports.store import Store
from reyna.services.state.search.indexer import Indexer
from reyna.storage.user_pages import user_pages

RETRY_SECONDS: Final = 30.0  # after a fault, until the rest is built
log: Final = structlog.get_logger("reyna.services.state")


class IndexBuilding:
    """Builds missing indexes once after the start. Copies that do the same at once do no harm."""

    def __init__(self, store: Store, index: SearchIndex, indexer: Indexer) -> None:
        self._store, self._index, self._indexer = store, index, indexer
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="index building")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def build_missing(self) -> int:
        """Builds the index of every user who has none of this version, and returns how many there were."""
        built = 0
        async for users in user_pages(self._store):
            # In another order in each copy, so that copies seldom build the same.
            for user_id in random.sample(users, len(users)):
                built += await self._build(user_id)
        return built

    async def _build(self, user_id: str) -> bool:
        if await self._index.version_of(user_id) >= INDEX_VERSION:
            return False
        step = await self._indexer.build_step(user_id)
        entries = step.done
        while step.next_cursor is not None:
            step = await self._indexer.build_step(user_id, step.next_cursor)
            entries += step.done
        log.info("search index built", user=user_id, records=entries)
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self.build_missing()
            except Fault as fault:
                log.warning("the search index is built further in half a minute", error=fault.detail)
            except Exception:
                log.exception("building the search index broke; again in half a minute")
            else:
                return
            await asyncio.sleep(RETRY_SECONDS)
