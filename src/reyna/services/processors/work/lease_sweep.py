"""The sweep of leases: a run whose worker is gone is given back, or given up, even if nobody claims."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, NotFound
from reyna.domain.processing.run import ENDED, Run
from reyna.services.processors.outputs.output_storage import OutputStorage
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunUpdate, failed_update
from reyna.services.processors.work import lease_rules
from reyna.services.processors.work.lease_watch import LeaseWatch, WatchedLease
from reyna.services.processors.work.work_signals import WorkSignals, queue_topic

SWEEP_SECONDS: Final = 5.0
MAX_SWEPT_LEASES: Final = 200  # in one sweep
log: Final = structlog.get_logger("reyna.services.processors")


class LeaseSweep:
    """Ends the leases of workers that are gone. Several copies of the service may do so: the write of one succeeds."""

    def __init__(
        self,
        outputs: OutputStorage,
        watch: LeaseWatch,
        signals: WorkSignals,
        clock: Callable[[], datetime],
        retry_delays: Sequence[float],
    ) -> None:
        self._outputs, self._watch, self._signals, self._clock = outputs, watch, signals, clock
        self._retry_delays = retry_delays
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sweep of leases")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> None:
        """Gives back the runs whose lease is over, ends those that have failed too often, and wakes waiting claims.

        Raises Fault.
        """
        for lease in self._watch.list_over(MAX_SWEPT_LEASES):
            try:
                await self._end(lease)
            except Fault:
                raise
            except Exception:  # what is wrong with one run does not hold up the others
                log.exception("a lease could not be ended", run_id=lease.run_id, user_id=lease.user_id)
                self._watch.forget(lease.run_id)

    async def _end(self, lease: WatchedLease) -> None:
        caller = Caller(user_id=lease.user_id, kind="house")

        def decide(run: Run) -> RunUpdate | None:
            now = self._clock()
            if not (lease_rules.is_takeable(run, now) and lease_rules.lost_its_worker(run)):
                return None
            if lease_rules.is_exhausted(run, self._retry_delays):
                reason = lease_rules.SILENT_WORKER
                return failed_update(caller, lifecycle.fail(run, reason, now), reason, now)
            return RunUpdate(lease_rules.return_lost(run))

        try:
            run = await self._outputs.update(caller, lease.run_id, decide)
        except NotFound:
            self._watch.forget(lease.run_id)
            return
        except Conflict:  # it is complete, or so much happens to it that it has a worker
            return
        self._watch.record(run)
        if run.status not in ENDED and run.worker_id is None:
            self._signals.notify(queue_topic(run.user_id, run.processor_id))

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except Fault as fault:
                log.info("leases are swept later", error=fault.detail)
            except Exception:
                log.exception("leases could not be swept")
            await asyncio.sleep(SWEEP_SECONDS)
