"""The recovery of held runs: they are read at the start, after a lost connection and from time to time."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, NotFound
from reyna.ports.bus import Bus
from reyna.ports.store import Store
from reyna.services.processors.dispatch.admission import Admission
from reyna.services.processors.dispatch.held_runs import list_open, walk_held
from reyna.services.processors.dispatch.queues import DispatchNotice, DispatchQueues
from reyna.services.processors.runs.run_store import RunStore
from reyna.services.processors.work.lease_watch import LeaseWatch
from reyna.storage.user_pages import user_pages

SWEEP_SECONDS: Final = 5.0
LOAD_SECONDS: Final = 600.0  # between two complete readings, which find what nobody has heard of
UNCONFIRMED_SECONDS: Final = 30.0  # without news of a run in flight, after which it is read again
MAX_CONFIRMED_RUNS: Final = 200  # in one sweep
log: Final = structlog.get_logger("reyna.services.processors")


class DispatchRecovery:
    """Keeps the queues true to the store, whatever a crash or an outage has left behind: no held run is ever stuck."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        queues: DispatchQueues,
        admission: Admission,
        leases: LeaseWatch,
        bus: Bus,
    ) -> None:
        self._store, self._runs, self._queues, self._admission, self._bus = store, runs, queues, admission, bus
        self._leases = leases
        self._is_load_due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._is_load_due.set()
        self._bus.on_reconnect(self._is_load_due.set)  # events of the time between were missed
        self._task = asyncio.create_task(self._run(), name="dispatch recovery")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._admission.stop()

    async def load(self) -> None:
        """Reads the held runs, and those in flight, of every user. Raises Fault."""
        async for users in user_pages(self._store):
            for user_id in users:
                try:
                    await self._load_user(user_id)
                except Fault:
                    raise
                except Exception:  # what is wrong with the records of one user does not hold up the others
                    log.exception("the runs of a user could not be read", user_id=user_id)
            self._fill_all()

    async def sweep(self) -> None:
        """Reads the runs in flight about which nothing was heard lately, and admits what there is room for."""
        for notice in self._queues.list_unconfirmed(UNCONFIRMED_SECONDS, MAX_CONFIRMED_RUNS):
            await self._confirm(notice)
        self._fill_all()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        loaded_at = loop.time()
        while True:
            try:
                if self._is_load_due.is_set() or loop.time() - loaded_at >= LOAD_SECONDS:
                    self._is_load_due.clear()
                    await self.load()
                    loaded_at = loop.time()
                await self.sweep()
            except Fault as fault:
                log.info("the queues of runs are read again later", error=fault.detail)
                self._is_load_due.set()
            except Exception:
                log.exception("the queues of runs could not be read")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _load_user(self, user_id: str) -> None:
        for run in await list_open(self._store, user_id):
            self._queues.record(run)
            self._leases.record_found(run)
        async for page in walk_held(self._store, user_id):
            self._queues.add_page(page.processor_id, user_id, page.runs, has_more=page.has_more)

    async def _confirm(self, notice: DispatchNotice) -> None:
        caller = Caller(user_id=notice.user_id, kind="house")
        try:
            self._queues.record(await self._runs.get(caller, notice.run_id))
        except NotFound:
            self._queues.remove(notice.processor_id, notice.user_id, notice.run_id)

    def _fill_all(self) -> None:
        for processor_id in self._queues.processors_with_held_runs():
            self._admission.fill_soon(processor_id)
