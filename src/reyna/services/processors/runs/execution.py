"""The execution of a run by a worker, which acts with the token of that run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from msgspec.structs import asdict, replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Forbidden, Invalid, Refusal, RunningElsewhere
from reyna.domain.processing.lease import RunWithBlob
from reyna.domain.processing.run import Cost, Output, Run, derived_blob_id
from reyna.services.processors.authorization import check_not_elsewhere, check_run_token, check_worker
from reyna.services.processors.costs.cost_counting import CostCounting
from reyna.services.processors.neighbours import StateVerbs
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore, RunUpdate, failed_update, is_handed_out_by_bus
from reyna.services.processors.steps.run_steps import RunSteps
from reyna.services.processors.worker_health import WorkerHealth

MAX_OUTPUTS: Final = 1_000  # of one run


class RunExecution:
    """Claims a run for a worker and brings it to an end. The caller of every verb is the run's own token."""

    def __init__(
        self,
        runs: RunStore,
        outputs: OutputStorage,
        worker_health: WorkerHealth,
        steps: RunSteps,
        clock: Callable[[], datetime],
        costs: CostCounting,
        has_cap: Callable[[str], Awaitable[bool]],
        state: StateVerbs,
    ) -> None:
        self._runs, self._outputs, self._steps = runs, outputs, steps
        self._worker_health, self._clock = worker_health, clock
        self._costs, self._has_cap, self._state = costs, has_cap, state

    async def renew_token(self, caller: Caller, user_id: str, run_id: str) -> str:
        """Returns a new token for a run that has not ended, to the worker of its processor.

        The worker asks for it when the token that came with the work is refused: it waited for longer than that holds,
        a clock has jumped, or the secret was changed. Raises Conflict when the run has ended, NotFound, and Forbidden
        for all but the processor itself.
        """
        check_worker(caller)
        run = await self._runs.get(replace(caller, user_id=user_id), run_id)
        if run.processor_id != caller.processor_id or not is_handed_out_by_bus(run):
            raise Forbidden("This is a run of another processor.")
        lifecycle.check_open(run)
        return self._runs.issue_token(run)

    async def claim(
        self, caller: Caller, run_id: str, worker_id: str | None = None, version: str | None = None
    ) -> RunWithBlob:
        """Returns the run, now running and held by this worker, with its blob; `attempt` counts how often one began.

        `version` is that of the worker's processor. Raises Conflict when it has ended, RunningElsewhere while another
        live worker holds it or while it waits for a worker of another version, and StoringOutputs.
        """
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate:
            self._check_holder(run, worker_id)
            lifecycle.check_open(run)
            lifecycle.check_version(run, version)
            claimed = lifecycle.claim(run, self._clock(), worker_id, version)
            first = run.status == "requested"
            return RunUpdate(claimed, (claimed.event("started", caller).message(),) if first else ())

        known = self._runs.find_known(caller, run_id)
        reading = None if known is None else asyncio.create_task(self._find_blob(caller, known))  # beside the claim
        try:
            claimed = await self._outputs.update_for_worker(caller, run_id, decide)
            blob = await (self._find_blob(caller, claimed) if reading is None else reading)
        finally:
            if reading is not None:
                reading.cancel()
        facts = asdict(claimed) | {"has_spending_cap": await self._has_cap(caller.user_id)}
        return RunWithBlob(**facts, blob=blob)

    async def release(self, caller: Caller, run_id: str, worker_id: str, reason: str | None = None) -> Run:
        """Lets another worker take the run at once, since this one does not go on with it now, for this reason."""
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate | None:
            return RunUpdate(lifecycle.release(run, reason)) if run.worker_id == worker_id else None

        return await self._runs.update(caller, run_id, decide)

    async def complete(
        self,
        caller: Caller,
        run_id: str,
        outputs: list[Output],
        cost: Cost,
        blob_revision: int | None = None,
        worker_id: str | None = None,
    ) -> Run:
        """Stores the outputs under ids derived from the run, so that completing twice stores once.

        `blob_revision` is the revision that the worker read, if not the one the run was requested for; `cost` counts if
        the worker does not report its costs otherwise. Raises Conflict, with nothing stored, when the run has ended
        otherwise, RunningElsewhere when another worker holds it by now, Fault when it is worth another attempt, and
        NotFound, Invalid and TooLarge for outputs that cannot be stored.
        """
        check_run_token(caller, run_id)
        if len(outputs) > MAX_OUTPUTS:
            raise Invalid.at("/outputs", f"has more than {MAX_OUTPUTS:,} outputs", expected=f"at most {MAX_OUTPUTS:,}")
        ids = tuple(derived_blob_id(run_id, number) for number in range(len(outputs)))

        def begin_storing(run: Run) -> RunUpdate | None:
            if run.status == "completed":
                return None
            check_not_elsewhere(run, worker_id)
            return RunUpdate(lifecycle.begin_storing(run, ids, self._clock(), blob_revision))

        def complete(run: Run) -> RunUpdate | None:
            if run.status == "completed":
                return None
            check_not_elsewhere(run, worker_id)
            completed = lifecycle.complete(run, ids, self._clock(), blob_revision)
            return RunUpdate(completed, (completed.event("completed", caller).message(),))

        if cost != Cost():
            await self._costs.count_whole(caller, run_id, cost)
        if outputs:  # otherwise there is nothing that a cancellation could leave behind
            run = await self._outputs.update_for_worker(caller, run_id, begin_storing)
            if run.status == "completed":
                return run
            await self._outputs.store(caller, run, outputs)
        completed = await self._runs.update(caller, run_id, complete)
        if completed.has_steps:
            with suppress(Fault):  # then they are deleted within the hour
                await self._steps.delete_all(completed)
        return completed

    async def refuse(self, caller: Caller, run_id: str, reason: str, worker_id: str | None = None) -> Run:
        """Ends the run because its blob is not for the processor: final, and not a failure. Raises StoringOutputs."""
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate | None:
            if run.status == "refused":
                return None
            check_not_elsewhere(run, worker_id)
            refused = lifecycle.refuse(run, reason, self._clock())
            return RunUpdate(refused, (refused.event("refused", caller).message(),))

        return await self._outputs.update_for_worker(caller, run_id, decide)

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool, worker_id: str | None = None) -> Run:
        """Records a failed attempt; if it is `final`, the run ends and a dead letter is written.

        Raises StoringOutputs while a write of its outputs, even one that nobody waits for any more, may store them.
        """
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate | None:
            if run.status == "failed":
                return None
            check_not_elsewhere(run, worker_id)
            if not final:
                return RunUpdate(lifecycle.fail_attempt(run, reason))
            now = self._clock()
            return failed_update(caller, lifecycle.fail(run, reason, now), reason, now)

        return await self._outputs.update_for_worker(caller, run_id, decide)

    async def _find_blob(self, caller: Caller, run: Run) -> Blob | None:
        """Returns the blob of the run; None when there is none or it cannot be read, which its worker finds out."""
        try:
            return await self._state.blobs.get(caller, run.blob_id)
        except (Refusal, Fault):
            return None

    def _check_holder(self, run: Run, worker_id: str | None) -> None:
        """Raises RunningElsewhere while another live worker holds the run."""
        holder = run.worker_id
        if run.status != "running" or holder is None or worker_id in (None, holder):
            return
        if self._worker_health.is_live(run.processor_id, holder, run.processor_owner_id):
            raise RunningElsewhere(current=run)
