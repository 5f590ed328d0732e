"""The durable steps of runs: stored as each one finishes, and read by a later attempt of the same run."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, NotFound, TooMuch
from reyna.domain.processing.run import Cost, Run
from reyna.domain.processing.step import MAX_STEPS_PER_RUN, RunStep, check_step_name, encode_step_result, step_id
from reyna.ports.store import Put, Require, RequirementNotMet, Step, Store
from reyna.services.processors.authorization import check_run_token
from reyna.services.processors.records import RUNS, STEPS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.user_sweep import delete_records

MAX_WRITE_ATTEMPTS: Final = 10  # the first step of a run competes with the other writes about it
DELETED_AT_ONCE: Final = 500  # steps in one write


class RunSteps:
    """The finished steps of each run. A worker stores them with the token of its run; their user may read them."""

    def __init__(self, store: Store, runs: RunStore, clock: Callable[[], datetime]) -> None:
        self._store, self._runs, self._clock = store, runs, clock

    async def get(self, caller: Caller, run_id: str, name: str, blob_revision: int | None = None) -> RunStep:
        """Returns the finished step of this name. Raises NotFound.

        `blob_revision` is the revision that the worker read, if not the one the run was requested for.
        """
        if caller.kind == "processor":
            check_run_token(caller, run_id)
        run = await self._runs.get(caller, run_id)
        found = await self._find(run, check_step_name(name), blob_revision) if run.has_steps else None
        if found is None:
            raise NotFound("This step has not been finished.", name=name)
        return found

    async def put(
        self,
        caller: Caller,
        run_id: str,
        name: str,
        result: Any,
        cost: Cost = Cost(),
        blob_revision: int | None = None,
    ) -> RunStep:
        """Stores what a step returned, and returns the stored step: of two results of one name, the first counts.

        Raises Conflict when the run has ended, Invalid and TooLarge for what cannot be stored, and TooMuch above
        10,000 steps.
        """
        check_run_token(caller, run_id)
        check_step_name(name)
        encode_step_result(result, name)
        for _ in range(MAX_WRITE_ATTEMPTS):
            run = await self._runs.get(caller, run_id)
            _check_running(run)
            if found := await self._find(run, name, blob_revision):
                return found
            await self._check_count(run)
            step = self._new_step(run, name, result, cost, blob_revision)
            try:
                await self._store.write(Put(STEPS, step), _marking(run))
            except RequirementNotMet:
                continue
            return step
        raise Fault("Too much happened to this run at once.")

    async def delete_all(self, run: Run) -> None:
        """Deletes the steps of a run that does not need them any more."""
        where = {"run_id": run.id}
        while rows := await self._store.select(STEPS, run.user_id, ("id",), where, limit=DELETED_AT_ONCE):
            await delete_records(self._store, STEPS, run.user_id, [id for (id,) in rows])

    async def _find(self, run: Run, name: str, blob_revision: int | None) -> RunStep | None:
        return await self._store.get(STEPS, run.user_id, step_id(run, name, blob_revision))

    async def _check_count(self, run: Run) -> None:
        if not run.has_steps:
            return
        if await self._store.count(STEPS, run.user_id, {"run_id": run.id}) >= MAX_STEPS_PER_RUN:
            message = f"A run has at most {MAX_STEPS_PER_RUN:,} steps."
            raise TooMuch(message, allowed=MAX_STEPS_PER_RUN)

    def _new_step(self, run: Run, name: str, result: Any, cost: Cost, blob_revision: int | None) -> RunStep:
        return RunStep(
            id=step_id(run, name, blob_revision),
            user_id=run.user_id,
            run_id=run.id,
            name=name,
            result=result,
            cost=cost,
            finished_at=self._clock(),
        )


def _check_running(run: Run) -> None:
    lifecycle.check_open(run)
    if run.status != "running":
        raise Conflict(f"This run is not running: it is {run.status}.", current=run)


def _marking(run: Run) -> Step:
    """Returns the step of the write that marks the run as one with steps, and requires that it is still at work."""
    if run.has_steps:
        return Require(RUNS, run.user_id, run.id, {"status": "running"})
    return Put(RUNS, replace(run, has_steps=True, revision=run.revision + 1), expects=run.revision)
