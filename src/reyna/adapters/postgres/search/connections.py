"""Connections to the database of the search index: for reading, and for changes of one user that follow each other."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from reyna.adapters.postgres.search import statements
from reyna.adapters.postgres.store import ACQUIRE_TIMEOUT_SECONDS, UNAVAILABLE_ERRORS
from reyna.domain.errors import TimedOut, Unavailable


class SearchConnections:
    """The pool of the search index. Every method raises Unavailable and TimedOut."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                yield connection
        except TimeoutError as error:
            raise TimedOut("The search index did not answer in time.") from error
        except UNAVAILABLE_ERRORS as error:
            await self._pool.expire_connections()
            raise Unavailable("The search index cannot be reached.") from error

    @asynccontextmanager
    async def begin(self, statement: str) -> AsyncIterator[Any]:
        """Yields a connection in a transaction that this statement begins."""
        async with self.connect() as connection:
            try:
                await connection.execute(statement)
                yield connection
            except BaseException:
                await connection.execute("rollback")
                raise
            await connection.execute("commit")

    @asynccontextmanager
    async def turn_of(self, user_id: str) -> AsyncIterator[Any]:
        """Yields a connection in a transaction that follows the others of this user, in all processes."""
        number = int.from_bytes(hashlib.blake2b(user_id.encode(), digest_size=8).digest(), signed=True)
        async with self.begin(statements.BEGIN_TURN.format(number=number)) as connection:
            yield connection
