"""A cache of the users who have a spending cap, so that claiming a run reads nothing more."""

from typing import Final

from reyna.domain.costs.spending import CAP_ID
from reyna.ports.store import Store
from reyna.services.processors.records import SPENDING_CAPS

MAX_CACHED_USERS: Final = 100_000


class CapCache:
    """Reads once for each user if there is a cap, until `invalidate` says that it changed, here or in another copy."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cached: dict[str, bool] = {}
        self._changes = 0

    async def has_cap(self, user_id: str) -> bool:
        cached = self._cached.get(user_id)
        if cached is not None:
            return cached
        before = self._changes
        found = await self._store.get(SPENDING_CAPS, user_id, CAP_ID) is not None
        if before == self._changes:  # otherwise it may be older than an entry that was invalidated meanwhile
            if len(self._cached) >= MAX_CACHED_USERS:
                del self._cached[next(iter(self._cached))]
            self._cached[user_id] = found
        return found

    def invalidate(self, user_id: str) -> None:
        self._changes += 1
        self._cached.pop(user_id, None)
