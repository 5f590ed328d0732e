"""Copies of all tables of an installation, out of one snapshot and into a new database, by COPY of PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import msgspec

from reyna.adapters.postgres import migrations
from reyna.domain.errors import CannotStart, Fault, Unavailable

MIGRATIONS_SCHEMA: Final = "reyna"  # made anew by the migrations
TABLES: Final = """
    select n.nspname as schema, c.relname as name,
        array(select a.attname::text from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
              order by a.attnum) as columns,
        array(select a.attname::text from pg_index i
              cross join unnest(i.indkey) with ordinality as key (number, place)
              join pg_attribute a on a.attrelid = c.oid and a.attnum = key.number
              where i.indrelid = c.oid and i.indisprimary order by key.place) as keys
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname = any($1::text[]) order by n.nspname, c.relname
"""
SEQUENCES: Final = """
    select format('%I.%I', schemaname, sequencename) as name, last_value from pg_sequences
    where schemaname = any($1::text[]) and last_value is not null
"""


class CopiedTable(msgspec.Struct, frozen=True):
    """A table, its columns, and those of its primary key, in which order it is copied."""

    schema: str
    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


class TableSnapshot:
    """The tables of a database as they were at one moment, whatever is written meanwhile."""

    def __init__(self, connection: Any, tables: Sequence[CopiedTable], sequences: Mapping[str, int]) -> None:
        self._connection, self.tables, self.sequences = connection, tables, dict(sequences)

    async def copy(self, table: CopiedTable, feed: Callable[[bytes], Awaitable[None]]) -> None:
        """Hands the rows of a table to `feed`, in the order of its key. Raises Fault."""
        columns = ", ".join(map(_quote, table.columns))
        order = f" order by {', '.join(map(_quote, table.keys))}" if table.keys else ""
        # The names are from the catalog, and quoted.
        query = f"select {columns} from {_quote(table.schema)}.{_quote(table.name)}{order}"  # noqa: S608
        try:
            await self._connection.copy_from_query(query, output=feed)
        except asyncpg.PostgresError as error:
            raise Fault(f"PostgreSQL did not copy {table.full_name}: {error}") from error


@asynccontextmanager
async def table_snapshot(url: str, schemas: Sequence[str]) -> AsyncIterator[TableSnapshot]:
    """Yields a snapshot of the tables in these schemas. Raises Fault."""
    async with _connect(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = await connection.fetch(TABLES, list(schemas))
        tables = [CopiedTable(row["schema"], row["name"], tuple(row["columns"]), tuple(row["keys"])) for row in rows]
        sequences = {row["name"]: row["last_value"] for row in await connection.fetch(SEQUENCES, list(schemas))}
        yield TableSnapshot(connection, tables, sequences)


class TableRestore:
    """Fills the tables of a new database, in one transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def fill(self, name: str, columns: Sequence[str], pieces: AsyncIterator[bytes]) -> None:
        """Replaces the rows of a table. Raises Fault."""
        schema, _, table = name.partition(".")
        try:
            await self._connection.execute(f"truncate {_quote(schema)}.{_quote(table)}")
            await self._connection.copy_to_table(table, schema_name=schema, columns=list(columns), source=pieces)
        except asyncpg.PostgresError as error:
            raise Fault(f"PostgreSQL did not take {name}: {error}") from error

    async def set_sequences(self, sequences: Mapping[str, int]) -> None:
        for name, number in sequences.items():
            await self._connection.execute("select setval($1::text::regclass, $2)", name, number)


@asynccontextmanager
async def table_restore(url: str, revision: str) -> AsyncIterator[TableRestore]:
    """Makes the tables of this revision in an empty database, and yields what fills them; all is there after the block,
    or the tables are empty. Raises Fault, and CannotStart for a revision that this version does not know."""
    if revision > migrations.newest():
        raise CannotStart(f"the backup is of a later version ({revision}): install that version of the studio")
    await migrations.migrate(url, to=revision)
    async with _connect(url) as connection, connection.transaction():
        yield TableRestore(connection)


async def drop_tables(url: str, schemas: Sequence[str]) -> None:
    """Drops all that an installation has in this database. Raises Fault."""
    async with _connect(url) as connection, connection.transaction():
        for schema in (*schemas, MIGRATIONS_SCHEMA):
            await connection.execute(f"drop schema if exists {_quote(schema)} cascade")


@asynccontextmanager
async def _connect(url: str) -> AsyncIterator[Any]:
    """Yields a connection without a limit on the time of a statement."""
    try:
        connection = await asyncpg.connect(url, server_settings={"statement_timeout": "0"})
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL cannot be reached: {error}") from error
    try:
        yield connection
    finally:
        await connection.close()


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
