"""The pool of connections to PostgreSQL, with the settings that our statements count on."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import asyncpg

from reyna.domain.errors import Unavailable

STATEMENT_TIMEOUT_SECONDS: Final = 30.0  # the slowest legitimate one takes about one second
CONNECT_TIMEOUT_SECONDS: Final = 5.0
MAX_PREPARED_STATEMENTS: Final = 400  # on each connection; there are fewer, but more than asyncpg's default of 100
# Every statement of ours uses an index that leads with the user. These make PostgreSQL use it from the first record on,
# before it has statistics (a fresh import), and spare it from planning the same statement again.
SETTINGS: Final = {
    "application_name": "reyna",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is closed without an error when its server has gone.

    The pool closes expired connections in tasks that nobody awaits, which would log the error as an unhandled one.
    """

    async def close(self, *, timeout: float | None = None) -> None:
        """Closes the connection; drops it when the server does not take leave within `timeout` seconds."""
        with suppress(OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            await super().close(timeout=timeout)


async def open_pool(url: str, *, size: int = 8, settings: Mapping[str, str] = {}) -> asyncpg.Pool:
    """Returns a pool of at most `size` connections to `postgresql://user:password@host/database`, or to a socket in
    `postgresql://user:password@/database?host=/folder`. `settings` are set besides SETTINGS.

    Raises Unavailable when nobody answers.
    """

    async def skip_reset(_: Any) -> None:
        """Does nothing: our statements leave no state on a connection, and a reset costs each of them a round trip."""

    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            max_queries=2**62,  # a connection does not wear out
            connection_class=PooledConnection,
            statement_cache_size=MAX_PREPARED_STATEMENTS,
            command_timeout=STATEMENT_TIMEOUT_SECONDS,
            timeout=CONNECT_TIMEOUT_SECONDS,
            reset=skip_reset,
            server_settings={**SETTINGS, **settings},
        )
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL cannot be reached: {error}") from error
