"""Leases: a user's worker takes a run of their own processor, holds it by beats, and gives it back or ends it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.costs.spending import Budget
from reyna.domain.errors import Conflict, NotFound, RunningElsewhere
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.processing.lease import Claim, ClaimedRun, LeaseBeat, LeaseState, WorkFailure, WorkProgress
from reyna.domain.processing.run import ENDED, Run
from reyna.ports.store import NOT_NULL, Store
from reyna.services.processors.authorization import check_may_claim, check_not_elsewhere, check_run_token
from reyna.services.processors.neighbours import ProcessorBus, StateVerbs
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.records import RUNS
from reyna.services.processors.registry.registry import Registry
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore, RunUpdate, failed_update
from reyna.services.processors.work import lease_rules
from reyna.services.processors.work.work_signals import WorkSignals, ends_topic, queue_topic, wait_for_signal

RUNS_PER_PAGE: Final = 50
NO_BLOB: Final = "The note does not exist any more."
TOO_OFTEN: Final = f"The processor postponed it {lease_rules.MAX_POSTPONEMENTS} times, more than is allowed."
ENDLESS_SECONDS: Final = 3600.0  # longer than any request waits


class Leases:
    """Hands runs of private processors to their user's workers. What a worker says about its run, it says with the
    token of that run."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        outputs: OutputStorage,
        registry: Registry,
        state: StateVerbs,
        bus: ProcessorBus,
        signals: WorkSignals,
        clock: Callable[[], datetime],
        retry_delays: Sequence[float],
        budget_of: Callable[[Caller], Awaitable[Budget | None]],
    ) -> None:
        self._store, self._runs, self._outputs, self._registry, self._state = store, runs, outputs, registry, state
        self._bus, self._signals, self._clock, self._retry_delays = bus, signals, clock, retry_delays
        self._budget_of = budget_of

    async def claim(self, caller: Caller, processor_id: str, claim: Claim) -> ClaimedRun | None:
        """Hands the oldest run that may be taken to the worker, or returns None. Raises NotFound and Forbidden."""
        check_may_claim(caller, await self._registry.get(caller, processor_id))
        for run in await self._list_takeable(caller, processor_id, claim.version):
            if claimed := await self._take(run, claim):
                return claimed
        return None

    async def wait(self, caller: Caller, processor_id: str, version: str, seconds: float) -> None:
        """Returns when a run may be claimed, as far as is known, or after so many seconds."""
        check_may_claim(caller, await self._registry.get(caller, processor_id))
        with self._signals.subscribe(queue_topic(caller.user_id, processor_id)) as event:
            seconds = min(seconds, await self._seconds_until_takeable(caller, processor_id, version))
            if seconds > 0:
                await wait_for_signal(event, seconds)

    async def beat(self, caller: Caller, run_id: str, beat: LeaseBeat) -> LeaseState:
        """Extends the lease and returns the state of the run, with `wait_seconds` once it has ended or after them.

        Raises RunningElsewhere when another worker holds the run by now.
        """
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate | None:
            if run.status in ENDED:
                return None
            _check_holder(run, beat.worker)
            return RunUpdate(lease_rules.extend(run, self._clock()))

        run = await self._runs.update(caller, run_id, decide)
        if beat.wait_seconds and run.status not in ENDED:
            run = await self._wait_for_end(caller, run, beat.wait_seconds)
        return _state_of(run)

    async def progress(self, caller: Caller, run_id: str, progress: WorkProgress) -> LeaseState:
        """Shows the progress on the devices of the user, and returns the state of the run.

        Raises RunningElsewhere when another worker holds the run by now.
        """
        check_run_token(caller, run_id)
        run = await self._runs.get(caller, run_id)
        if run.status == "running":
            check_not_elsewhere(run, progress.worker)
            subject = f"{LIVE_SUBJECTS}.{run.user_id}.processor.progress.{run.processor_id}"
            message = {"run_id": run.id, "processor": run.processor_id, "blob_id": run.blob_id}
            facts = {"progress": progress.progress, "text": progress.text}
            await self._bus.publish_ephemeral(subject, msgspec.json.encode(message | facts))
        return _state_of(run)

    async def fail(self, caller: Caller, run_id: str, failure: WorkFailure) -> Run:
        """Gives the run back until its next attempt; the last failure ends it with a dead letter.

        Raises Conflict when it has ended otherwise, and RunningElsewhere when another worker holds it by now.
        """
        check_run_token(caller, run_id)

        def decide(run: Run) -> RunUpdate | None:
            if run.status == "failed":
                return None
            lifecycle.check_open(run)
            _check_holder(run, failure.worker)
            again, reason = self._next_attempt(run, failure)
            return RunUpdate(again) if again else self._give_up(caller, run, reason)

        run = await self._outputs.update_for_worker(caller, run_id, decide)
        if run.status not in ENDED and run.lease_ends_at is not None:
            seconds = max((run.lease_ends_at - self._clock()).total_seconds(), 0.0)
            self._signals.notify_later(queue_topic(run.user_id, run.processor_id), seconds)
        return run

    def _next_attempt(self, run: Run, failure: WorkFailure) -> tuple[Run | None, str]:
        """Returns the run as it waits for its next attempt, or None, and the reason."""
        now = self._clock()
        if failure.final:
            return None, failure.reason
        if failure.retry_after is not None:
            return lease_rules.postpone(run, failure.reason, failure.retry_after, now), TOO_OFTEN
        return lease_rules.fail(run, failure.reason, now, self._retry_delays), failure.reason

    def _give_up(self, caller: Caller, run: Run, reason: str) -> RunUpdate:
        now = self._clock()
        return failed_update(caller, lifecycle.fail(run, reason, now), reason, now)

    async def _take(self, run: Run, claim: Claim) -> ClaimedRun | None:
        """Returns the run for this worker, or None when another one came first or it has been given up."""
        worker = run.worker
        blob = await self._find_blob(worker, run)
        taken: list[Run] = []

        def decide(run: Run) -> RunUpdate | None:
            taken.clear()
            now = self._clock()
            if not lease_rules.is_takeable(run, now):
                return None
            if lease_rules.is_exhausted(run, self._retry_delays):
                return self._give_up(worker, run, lease_rules.SILENT_WORKER)
            if blob is None:
                refused = lifecycle.refuse(run, NO_BLOB, now)
                return RunUpdate(refused, (refused.event("refused", worker).message(),))
            claimed = lease_rules.take(run, blob, now, claim.worker, claim.version)
            taken.append(claimed)
            return RunUpdate(
                claimed, (claimed.event("started", worker).message(),) if run.status == "requested" else ()
            )

        try:
            await self._outputs.update(worker, run.id, decide)
        except Conflict:  # too many workers want this one, or its outputs are stored
            return None
        if not taken or blob is None:
            return None
        claimed = taken[0]
        ends_at = claimed.lease_ends_at or self._clock()
        return ClaimedRun(
            run=claimed,
            blob=blob,
            token=self._runs.issue_token(claimed),
            lease_ends_at=ends_at,
            budget=await self._budget_of(worker),
        )

    async def _find_blob(self, worker: Caller, run: Run) -> Blob | None:
        try:
            return await self._state.blobs.get(worker, run.blob_id)
        except NotFound:
            return None

    async def _list_takeable(self, caller: Caller, processor_id: str, version: str) -> list[Run]:
        now, found, after = self._clock(), list[Run](), None
        while not found:
            page = await self._page(caller, processor_id, after)
            found = [run for run in page if lease_rules.is_takeable(run, now) and _takes(run, version)]
            if len(page) < RUNS_PER_PAGE or not lease_rules.is_takeable(page[-1], now):
                break
            after = (page[-1].lease_ends_at, page[-1].id)
        return found

    async def _seconds_until_takeable(self, caller: Caller, processor_id: str, version: str) -> float:
        page = await self._page(caller, processor_id, None)
        ends = [run.lease_ends_at for run in page if run.lease_ends_at is not None and _takes(run, version)]
        return max((ends[0] - self._clock()) / timedelta(seconds=1), 0.0) if ends else ENDLESS_SECONDS

    async def _page(self, caller: Caller, processor_id: str, after: tuple[datetime | None, str] | None) -> list[Run]:
        where = {"processor_id": processor_id, "status": ("requested", "running"), "lease_ends_at": NOT_NULL}
        order = ("lease_ends_at",)
        return await self._store.find(RUNS, caller.user_id, where, order=order, after=after, limit=RUNS_PER_PAGE)

    async def _wait_for_end(self, caller: Caller, run: Run, seconds: float) -> Run:
        with self._signals.subscribe(ends_topic(run.user_id, run.processor_id)) as event:
            until = self._clock() + timedelta(seconds=seconds)
            while (run := await self._runs.get(caller, run.id)).status not in ENDED:
                left = (until - self._clock()).total_seconds()
                if left <= 0 or not await wait_for_signal(event, left):
                    break
                event.clear()
        return run


def _takes(run: Run, version: str) -> bool:
    return run.required_version in (None, version)


def _check_holder(run: Run, worker_id: str | None) -> None:
    """Raises RunningElsewhere unless this worker holds the run; without a name, it counts as the holder."""
    if run.status != "running" or run.worker_id is None or worker_id not in (None, run.worker_id):
        raise RunningElsewhere("This worker does not hold the run any more.", current=run)


def _state_of(run: Run) -> LeaseState:
    return LeaseState(
        status=run.status,
        cancelled=run.status == "cancelled",
        ended=run.status in ENDED,
        lease_ends_at=run.lease_ends_at,
    )
