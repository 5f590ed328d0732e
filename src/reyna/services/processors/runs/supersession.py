"""Supersession: a run that has not started gives way to one for a newer revision of the same blob."""

from collections.abc import Callable, Sequence
from datetime import datetime

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.processing.run import Run
from reyna.ports.store import Store
from reyna.services.processors.records import RUNS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore, RunUpdate


class Supersession:
    """Cancels the runs that newer ones have made needless."""

    def __init__(self, store: Store, runs: RunStore, clock: Callable[[], datetime]) -> None:
        self._store, self._runs, self._clock = store, runs, clock

    async def cancel_older(self, caller: Caller, runs: Sequence[Run]) -> None:
        """Cancels the runs that were requested for older revisions of the blobs of these runs, if they did not start.

        All of these runs are of one processor.
        """
        newest = {run.blob_id: run for run in runs if run.blob_revision > 1}  # nothing is older than the first one
        if not newest:
            return
        where = {"blob_id": set(newest), "processor_id": runs[0].processor_id, "status": "requested"}
        for found in await self._store.find(RUNS, caller.user_id, where):
            newer = newest[found.blob_id].blob_revision
            if found.blob_revision < newer:
                await self._cancel(caller, found.id, newer)

    async def _cancel(self, caller: Caller, id: str, newer_revision: int) -> None:
        def decide(run: Run) -> RunUpdate | None:
            if run.status != "requested" or run.blob_revision >= newer_revision:
                return None
            superseded = lifecycle.supersede(run, newer_revision, self._clock())
            return RunUpdate(superseded, (superseded.event("cancelled", caller).message(),))

        try:
            await self._runs.update(caller, id, decide)
        except (NotFound, Conflict):
            return  # it is at work, or gone
