"""Transactions that a dead process left open: found in the server's list of sessions, and ended.

MongoDB ends them itself after a minute (`transactionLifetimeLimitSeconds`), in which nobody else can write to their
documents.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from reyna.adapters.mongo.documents import Document

LOG: Final = logging.getLogger(__name__)
ABANDONED_AFTER_SECONDS: Final = 5.0  # without a command; a process that lives sends the next one within milliseconds
SEARCH_INTERVAL_SECONDS: Final = 2.0
# https://www.mongodb.com/docs/manual/reference/operator/aggregation/currentOp/: own sessions need no privilege
OWN_SESSIONS: Final = {"$currentOp": {"allUsers": False, "idleSessions": True}}


class AbandonedTransactions:
    """Ends the abandoned transactions of this application; all writes of a process share one search."""

    def __init__(self, admin: AsyncDatabase[Document], search_interval: float = SEARCH_INTERVAL_SECONDS) -> None:
        self._admin, self._search_interval = admin, search_interval
        self._app_name = admin.client.options.pool_options.appname
        self._lock = asyncio.Lock()
        self._next_search = float("-inf")
        self._is_refused = False  # by the server, which was logged

    async def end(self) -> int:
        """Ends those that are found and returns their number; at most one search in each interval."""
        async with self._lock:
            if time.monotonic() < self._next_search or self._is_refused:
                return 0
            try:
                return await self._search()
            except OperationFailure as error:
                self._is_refused = True
                LOG.warning("Transactions of a dead process stay open for a minute, since MongoDB says: %s", error)
                return 0
            except PyMongoError as error:  # such as a change of the primary: the next search may succeed
                LOG.warning("Transactions of a dead process could not be searched: %s", error)
                return 0
            finally:
                self._next_search = time.monotonic() + self._search_interval

    async def _search(self) -> int:
        cursor = await self._admin.aggregate([OWN_SESSIONS, {"$match": {"type": "idleSession"}}])
        session_ids = abandoned_session_ids(await cursor.to_list(), self._app_name)
        if session_ids:
            await self._admin.command({"killSessions": [{"id": id} for id in session_ids]})
            LOG.warning("%d transactions were ended that another process had left open", len(session_ids))
        return len(session_ids)


def abandoned_session_ids(sessions: Iterable[Mapping[str, Any]], app_name: str | None) -> list[Any]:
    """Returns the ids of the idle sessions of this application whose transaction has been inactive for too long."""
    return [
        session["lsid"]["id"]
        for session in sessions
        if session.get("appName") == app_name
        and session.get("transaction", {}).get("timeInactiveMicros", 0) >= ABANDONED_AFTER_SECONDS * 1e6
    ]
