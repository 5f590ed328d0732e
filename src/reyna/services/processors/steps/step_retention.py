"""Step retention: deletes the steps of completed runs that a crash left behind, and those that are too old."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from reyna.domain.errors import Fault
from reyna.ports.store import Store
from reyna.services.processors.records import RUNS, STEPS
from reyna.services.processors.steps.run_steps import delete_steps

STEP_RETENTION: Final = timedelta(days=30)  # since it finished: a run that failed may be retried for so long
SWEEP_INTERVAL_SECONDS: Final = 3600.0
USERS_PER_PAGE: Final = 500
STEPS_PER_PAGE: Final = 500
log: Final = structlog.get_logger("reyna.services.processors")


class StepRetention:
    """Deletes the steps that nobody needs, once an hour. Several copies do no harm."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="step retention")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def delete_expired(self) -> int:
        """Deletes the unneeded steps of every user once, and returns how many."""
        deleted, last = 0, None
        while users := await self._store.list_users(last, USERS_PER_PAGE):
            for user_id in users:
                try:
                    deleted += await self._delete_of(user_id)
                except Fault:
                    raise
                except Exception:  # what is wrong with the records of one user does not hold up the others
                    log.exception("the steps of a user could not be deleted", user_id=user_id)
            last = users[-1]
        return deleted

    async def _delete_of(self, user_id: str) -> int:
        deleted, last = 0, None
        while rows := await self._store.select(
            STEPS, user_id, ("id", "run_id", "finished_at"), after=last, limit=STEPS_PER_PAGE
        ):
            completed = await self._completed(user_id, {run_id for _, run_id, _ in rows})
            oldest = self._clock() - STEP_RETENTION
            expired = [id for id, run_id, finished_at in rows if run_id in completed or finished_at < oldest]
            if expired:
                await delete_steps(self._store, user_id, expired)
            deleted, last = deleted + len(expired), rows[-1][0]
        return deleted

    async def _completed(self, user_id: str, run_ids: set[str]) -> set[str]:
        rows = await self._store.select(RUNS, user_id, ("id",), {"id": tuple(run_ids), "status": "completed"})
        return {id for (id,) in rows}

    async def _run(self) -> None:
        while True:
            try:
                if deleted := await self.delete_expired():
                    log.info("steps deleted", steps=deleted)
            except Fault as fault:
                log.warning("the steps of runs are looked at again in an hour", error=fault.detail)
            except Exception:
                log.exception("looking at the steps of runs broke; again in an hour")
            await asyncio.sleep(SWEEP_INTERVAL_SECONDS)
