"""The pool of connections to PostgreSQL, when the server goes away."""

import os
import select
import signal
from collections.abc import AsyncIterator

import asyncpg
import pytest

from reyna.adapters.postgres.pool import open_pool

PROCESS_END_SECONDS = 30.0


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database_url, size=1)
    yield pool
    await pool.close()


def end_process(pid: int) -> None:
    """Ends a process that need not be a child of ours, and waits until it has gone."""
    process = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGTERM)
        assert select.select([process], [], [], PROCESS_END_SECONDS)[0], "the process goes on"
    finally:
        os.close(process)


async def test_a_connection_whose_server_has_gone_is_closed_without_an_error(pool: asyncpg.Pool) -> None:
    connection = await pool.acquire()
    end_process(connection.get_server_pid())  # holds up the event loop, so that the client does not know of it yet

    await connection.close()

    async with pool.acquire() as next_connection:
        assert await next_connection.fetchval("select 1") == 1
