"""Purged content: with a blob that is purged for good go the texts that runs have kept of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.processing.run import ENDED, Run
from reyna.ports.store import Contains, Store, Where
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.records import PROMPTS, RUNS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.lifecycle import OutputsUnsettled
from reyna.services.processors.runs.run_store import RunUpdate
from reyna.services.processors.steps.run_steps import RunSteps
from reyna.services.processors.user_sweep import delete_records

DELETED_AT_ONCE: Final = 500
LATE_PROMPTS: Final = timedelta(hours=1)  # after the end of a run, in which its worker may still send prompts


class PurgedContent:
    """Deletes the prompts and the steps of runs whose blob, or whose output, was purged, and all prompts that quote it.

    Runs on it that are waiting or at work are cancelled.
    """

    def __init__(self, store: Store, outputs: OutputStorage, steps: RunSteps, clock: Callable[[], datetime]) -> None:
        self._store, self._outputs, self._steps, self._clock = store, outputs, steps, clock

    async def delete(self, user_id: str, blob_id: str, parent_id: str | None) -> bool:
        """Deletes what runs have kept of this blob; `parent_id` is the blob that it was derived from. Raises Fault.

        A second delivery of the event finds nothing more to delete. Returns False when a run is left, whose output may
        be being stored: then it is to be called again.
        """
        runs = await self._store.find(RUNS, user_id, {"blob_id": blob_id})
        are_ended = all([await self._end(run) for run in runs])
        if parent_id is not None:
            makers = await self._store.find(RUNS, user_id, {"blob_id": parent_id})
            runs += [run for run in makers if blob_id in run.output_blob_ids]
        for run in runs:
            await self._delete_prompts(user_id, {"run_id": run.id})
            await self._steps.delete_all(run)
        await self._delete_prompts(user_id, {"quoted_blobs": Contains((blob_id,))})
        return are_ended

    async def _end(self, run: Run) -> bool:
        """Cancels the run unless it has ended, and marks it, so that its worker can store no more prompts."""
        owner = Caller(user_id=run.user_id, kind="house")

        def decide(run: Run) -> RunUpdate | None:
            now = self._clock()
            if run.content_purged or (run.finished_at is not None and run.finished_at < now - LATE_PROMPTS):
                return None
            purged = lifecycle.purge(run, now)
            return RunUpdate(purged, () if run.status in ENDED else (purged.event("cancelled", owner).message(),))

        try:
            await self._outputs.update(owner, run.id, decide)
        except OutputsUnsettled:
            return False
        return True

    async def _delete_prompts(self, user_id: str, where: Where) -> None:
        while rows := await self._store.select(PROMPTS, user_id, ("id",), where, limit=DELETED_AT_ONCE):
            await delete_records(self._store, PROMPTS, user_id, [id for (id,) in rows])
