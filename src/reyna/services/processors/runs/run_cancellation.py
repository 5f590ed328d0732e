"""Cancellation of many runs of one user."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.processing.run import ENDED, Run
from reyna.ports.store import RequirementNotMet, Store, Where
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.records import RUNS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore, RunUpdate

MAX_CANCELLED_IN_ONE_WRITE: Final = 100


class RunCancellation:
    """Cancels all runs of a user that match, each with its event."""

    def __init__(self, store: Store, runs: RunStore, outputs: OutputStorage, clock: Callable[[], datetime]) -> None:
        self._store, self._runs, self._outputs, self._clock = store, runs, outputs, clock

    async def cancel_all(self, caller: Caller, where: Where, matches: Callable[[Run], bool]) -> int:
        """Cancels the open runs among these, and returns their number; one whose output is being stored goes on."""
        cancelled, after = 0, None
        while True:
            page = await self._store.find(RUNS, caller.user_id, where, after=after, limit=MAX_CANCELLED_IN_ONE_WRITE)
            if not page:
                return cancelled
            after = (page[-1].id,)
            cancelled += await self._cancel(caller, [run for run in page if matches(run)], matches)

    async def _cancel(self, caller: Caller, runs: list[Run], matches: Callable[[Run], bool]) -> int:
        marked = [run.id for run in runs if run.status not in ENDED and run.output_blob_ids]
        settled = sum([await self._cancel_one(caller, id, matches) for id in marked])
        updates = [self._cancelled(caller, run) for run in runs if run.status not in ENDED and not run.output_blob_ids]
        if not updates:
            return settled
        try:
            await self._runs.update_all(updates)
        except RequirementNotMet:  # one of them has changed meanwhile
            return settled + sum([await self._cancel_one(caller, update.run.id, matches) for update in updates])
        return settled + len(updates)

    async def _cancel_one(self, caller: Caller, id: str, matches: Callable[[Run], bool]) -> bool:
        def decide(run: Run) -> RunUpdate | None:
            return self._cancelled(caller, run) if matches(run) else None

        try:
            run = await self._outputs.update(caller, id, decide)
            return run.status == "cancelled"
        except Conflict:  # it has ended, or its output is being stored
            return False

    def _cancelled(self, caller: Caller, run: Run) -> RunUpdate:
        cancelled = lifecycle.cancel(run, self._clock())
        return RunUpdate(cancelled, (cancelled.event("cancelled", caller).message(),))
