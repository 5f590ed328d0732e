"""Purged content: with a blob that is purged for good go the texts that runs have kept of it."""

from typing import Final

from reyna.domain.processing.run import Run
from reyna.ports.store import Store
from reyna.services.processors.records import PROMPTS, RUNS
from reyna.services.processors.steps.run_steps import RunSteps
from reyna.services.processors.user_sweep import delete_records

DELETED_AT_ONCE: Final = 500


class PurgedContent:
    """Deletes the prompts and the steps of runs whose blob, or whose output, was purged."""

    def __init__(self, store: Store, steps: RunSteps) -> None:
        self._store, self._steps = store, steps

    async def delete(self, user_id: str, blob_id: str, parent_id: str | None) -> None:
        """Deletes what runs have kept of this blob; `parent_id` is the blob that it was derived from. Raises Fault.

        A second delivery of the event finds nothing more to delete.
        """
        runs = await self._store.find(RUNS, user_id, {"blob_id": blob_id})
        if parent_id is not None:
            makers = await self._store.find(RUNS, user_id, {"blob_id": parent_id})
            runs += [run for run in makers if blob_id in run.output_blob_ids]
        for run in runs:
            await self._delete_prompts(run)
            await self._steps.delete_all(run)

    async def _delete_prompts(self, run: Run) -> None:
        where = {"run_id": run.id}
        while rows := await self._store.select(PROMPTS, run.user_id, ("id",), where, limit=DELETED_AT_ONCE):
            await delete_records(self._store, PROMPTS, run.user_id, [id for (id,) in rows])
