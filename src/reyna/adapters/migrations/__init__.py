"""Brings a PostgreSQL database to the tables that this version of the house expects."""

from pathlib import Path
from typing import Any, Final

import asyncpg

from reyna.domain.errors import Fault

VERSIONS: Final = Path(__file__).parent / "versions"
LOCK: Final = 7_396_142  # an advisory lock: any number, as long as every version of the house takes the same


def newest() -> str:
    """The last revision there is; a file is named after its revision, and they sort in their order."""
    return max(path.stem for path in VERSIONS.glob("v[0-9]*.py"))


async def migrate(url: str) -> None:
    """Create or change tables until the database is at the newest revision.

    Several processes may call this at once: one works, the others wait for it. When nothing is to be done it costs
    two questions. All revisions are one transaction: a migration that fails leaves no trace. In one process call it
    for one database after the other, because alembic keeps the migration at hand in a global. Raises Fault when
    nobody answers there.
    """
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Fault(f"PostgreSQL cannot be reached: {error}") from error
    try:
        if await _revision(connection) == newest():
            return
        await connection.execute("select pg_advisory_lock($1)", LOCK)  # given back when the connection closes
        if await _revision(connection) != newest():
            await _upgrade(url)
    finally:
        await connection.close()


async def revision_at(url: str) -> str | None:
    """The revision that the database is at, None when it has none of our tables. Raises Fault."""
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Fault(f"PostgreSQL cannot be reached: {error}") from error
    try:
        return await _revision(connection)
    finally:
        await connection.close()


async def _revision(connection: Any) -> str | None:
    if await connection.fetchval("select to_regclass('reyna.migrated')") is None:
        return None
    revision: str | None = await connection.fetchval("select version_num from reyna.migrated")
    return revision


async def _upgrade(url: str) -> None:
    # Imported here: they take a third of a second, which a start with nothing to do need not wait for.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    def upgrade(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        command.upgrade(config, "head")

    async def connect() -> Any:
        return await asyncpg.connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
