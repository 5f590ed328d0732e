"""The status of batches: it follows from their runs, whatever happened in between."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.processing.batch import UNFINISHED, BatchStatus, RunBatch
from reyna.domain.processing.run import batch_position
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.processors.records import BATCHES, RUNS

MAX_WRITE_ATTEMPTS: Final = 10  # the ends of many runs settle their batch at the same moment


class BatchSettlement:
    """Ends a batch with its last run, and resumes it when one of its runs is requested again."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def settle(self, caller: Caller, batch_id: str) -> None:
        """Writes the status that follows from the runs, with its event, unless that is stored already.

        A cancelled batch stays cancelled.
        """
        for _ in range(MAX_WRITE_ATTEMPTS):
            batch = await self._store.get(BATCHES, caller.user_id, batch_id)
            if batch is None or batch.status == "cancelled":
                return
            status = await self._status_of(batch)
            if status == batch.status:
                return
            ended = None if status == "running" else self._clock()
            settled = replace(batch, status=status, finished_at=ended, revision=batch.revision + 1)
            event = settled.event("requested" if status == "running" else status, caller)
            try:
                await self._store.write(Put(BATCHES, settled, expects=batch.revision), messages=[event.message()])
            except RequirementNotMet:
                continue
            return

    async def _status_of(self, batch: RunBatch) -> BatchStatus:
        if await self._has_runs(batch, UNFINISHED):
            return "running"
        return "failed" if await self._has_runs(batch, ("failed",)) else "completed"

    async def _has_runs(self, batch: RunBatch, states: tuple[str, ...]) -> bool:
        positions = [batch_position(stage, state) for stage in range(len(batch.stages)) for state in states]
        where = {"batch_id": batch.id, "batch_position": positions}
        return bool(await self._store.select(RUNS, batch.user_id, ("id",), where, limit=1))
