"""Step retention: deletes the steps of completed runs that a crash left behind, and those that are too old."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from reyna.ports.store import Store
from reyna.services.processors.records import RUNS, STEPS
from reyna.services.processors.user_sweep import UserSweep, delete_records

STEP_RETENTION: Final = timedelta(days=30)  # since it finished: a run that failed may be retried for so long
STEPS_PER_PAGE: Final = 500


def step_retention(store: Store, clock: Callable[[], datetime]) -> UserSweep:
    """Returns the sweep that deletes the steps that nobody needs."""

    async def delete_of(user_id: str) -> int:
        deleted, last = 0, None
        while rows := await store.select(
            STEPS, user_id, ("id", "run_id", "finished_at"), after=last, limit=STEPS_PER_PAGE
        ):
            completed = await _completed(store, user_id, {run_id for _, run_id, _ in rows})
            oldest = clock() - STEP_RETENTION
            expired = [id for id, run_id, finished_at in rows if run_id in completed or finished_at < oldest]
            if expired:
                await delete_records(store, STEPS, user_id, expired)
            deleted, last = deleted + len(expired), rows[-1][0]
        return deleted

    return UserSweep(store, "steps", delete_of)


async def _completed(store: Store, user_id: str, run_ids: set[str]) -> set[str]:
    rows = await store.select(RUNS, user_id, ("id",), {"id": tuple(run_ids), "status": "completed"})
    return {id for (id,) in rows}
