"""The migrations of a PostgreSQL database to the tables of this version."""

import logging
from pathlib import Path
from typing import Any, Final

import asyncpg

from reyna.domain.errors import CannotStart, Fault

VERSIONS: Final = Path(__file__).parent / "versions"
LOG: Final = logging.getLogger(__name__)
ADVISORY_LOCK: Final = 7_396_142  # the same number in every version


def newest() -> str:
    """Returns the newest revision; a file is named after its revision, and they sort in their order."""
    return max(path.stem for path in VERSIONS.glob("v[0-9]*.py"))


async def migrate(url: str, *, to: str | None = None) -> None:
    """Migrates the database to the revision `to`, by default the newest.

    Several processes may call this at once: one works, the others wait for it. When there is nothing to do it costs two
    queries. All revisions are one transaction: a migration that fails leaves no trace. One process must migrate one
    database after the other, because alembic keeps the current migration in a global. Raises Fault when PostgreSQL
    cannot be reached, and CannotStart when the tables are of a later version.
    """
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Fault(f"PostgreSQL cannot be reached: {error}") from error
    target = to or newest()
    try:
        found = await _revision(connection)
        if found == target:
            return
        if found is not None and found > newest():
            raise CannotStart(f"the tables are of a later version ({found}): install that version of the studio")
        await connection.execute("select pg_advisory_lock($1)", ADVISORY_LOCK)  # given back when the connection closes
        if (before := await _revision(connection)) != target:
            await _upgrade(url, target)
            LOG.info("The tables were migrated to %s from %s", target, before or "none")
    finally:
        await connection.close()


async def revision_at(url: str) -> str | None:
    """Returns the revision of the database, None when it has none of our tables. Raises Fault."""
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


async def _upgrade(url: str, target: str) -> None:
    # Imported here: they take a third of a second, which a start with nothing to do need not wait for.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    def upgrade(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        command.upgrade(config, target)

    async def connect() -> Any:
        return await asyncpg.connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
