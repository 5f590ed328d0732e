"""The recovery of batches: those that are under way are looked at when the service starts, and from time to time."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.batch import RunBatch
from reyna.domain.processing.run import batch_position
from reyna.ports.store import Store
from reyna.services.processors.pipelines.batch_advance import BatchAdvance
from reyna.services.processors.pipelines.batch_settlement import BatchSettlement
from reyna.services.processors.records import BATCHES, RUNS
from reyna.storage.user_pages import user_pages

RECOVERY_SECONDS: Final = 600.0  # between two recoveries, which find what no event told
log: Final = structlog.get_logger("reyna.services.processors")


class BatchRecovery:
    """Brings every batch on that no event does, such as one whose events were lost: none is ever stuck."""

    def __init__(self, store: Store, advance: BatchAdvance, settlement: BatchSettlement) -> None:
        self._store, self._advance, self._settlement = store, advance, settlement
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="batch recovery")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def recover(self) -> None:
        """Brings on the batches of every user that are under way. Raises Fault."""
        async for users in user_pages(self._store):
            for user_id in users:
                try:
                    for batch in await self._store.find(BATCHES, user_id, {"status": "running"}):
                        await self._recover_batch(batch)
                except Fault:
                    raise
                except Exception:  # what is wrong with the records of one user does not hold up the others
                    log.exception("the batches of a user could not be recovered", user_id=user_id)

    async def _recover_batch(self, batch: RunBatch) -> None:
        owner = Caller(user_id=batch.user_id, kind="house")
        waiting = [batch_position(stage, "waiting") for stage in range(batch.last_stage)]
        where = {"batch_id": batch.id, "batch_position": waiting}
        found = await self._store.select(RUNS, batch.user_id, ("id",), where) if waiting else []
        try:
            for (run_id,) in found:
                await self._advance.advance(owner, run_id)
            await self._settlement.settle(owner, batch.id)
        except Refusal as refusal:
            log.warning("batch could not be recovered", batch_id=batch.id, **refusal.problem())

    async def _run(self) -> None:
        while True:
            try:
                await self.recover()
            except Fault as fault:
                log.info("batches are recovered later", error=fault.detail)
            except Exception:
                log.exception("batches could not be recovered")
            await asyncio.sleep(RECOVERY_SECONDS)
