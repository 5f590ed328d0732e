"""Prompt retention: deletes the prompts of runs that are older than they are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from reyna.ports.store import Store
from reyna.services.processors.records import PROMPTS
from reyna.services.processors.user_sweep import UserSweep, delete_records

PROMPT_RETENTION: Final = timedelta(days=30)  # since it was sent
DELETED_AT_ONCE: Final = 500


def prompt_retention(store: Store, clock: Callable[[], datetime], kept_for: timedelta = PROMPT_RETENTION) -> UserSweep:
    """Returns the sweep that deletes old prompts."""

    async def delete_of(user_id: str) -> int:
        deleted, oldest = 0, clock() - kept_for
        while True:
            found = await store.find(PROMPTS, user_id, order=("sent_at",), limit=DELETED_AT_ONCE)
            expired = [stored.id for stored in found if stored.sent_at < oldest]
            if not expired:
                return deleted
            await delete_records(store, PROMPTS, user_id, expired)
            deleted += len(expired)

    return UserSweep(store, "prompts", delete_of)
