"""The Store port on PostgreSQL: a schema for each service, with a table for each collection, and an outbox."""
# ruff: noqa: S608  (names of tables and columns are our own and quoted; nothing that a user sends gets here)

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import asyncpg

from reyna.adapters.outage import Outage
from reyna.adapters.postgres import sql as postgres_sql
from reyna.adapters.postgres.group_commit import GroupCommit
from reyna.adapters.postgres.group_read import GroupRead
from reyna.adapters.postgres.rows import ARRAYS, JOINED, column_sql, join_texts
from reyna.adapters.postgres.sql import Table, storable
from reyna.adapters.postgres.write_plan import WritePlan, plan_write
from reyna.adapters.postgres.write_statement import (
    CLOCK_GROUP,
    EXISTS_SQLSTATE,
    OVER_SQLSTATE,
    UNMET_SQLSTATE,
    WriteStatement,
    WriteStatements,
)
from reyna.domain.errors import Fault, TimedOut, Unavailable
from reyna.domain.event import Message
from reyna.ports.store import ClockReading, Collection, Record, RequirementNotMet, Step, Where
from reyna.storage.semantics import check_collection, check_queryable, distances_from

R = TypeVar("R", bound=Record)

ACQUIRE_TIMEOUT_SECONDS: Final = 10.0  # for a new or free connection; then PostgreSQL counts as away
MAX_WRITE_ATTEMPTS: Final = 5  # of a write that PostgreSQL rolled back
ROLLED_BACK_SQLSTATES: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock
UNAVAILABLE_ERRORS: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection broke while a query was being sent
    asyncpg.OperatorInterventionError,  # the server is stopping, starting, or has crashed
    asyncpg.InsufficientResourcesError,  # out of connections, memory or disk
    asyncpg.ReadOnlySQLTransactionError,  # the server has become a standby
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


class PostgresStore:
    """The records of one service; `namespace` is its schema in the database, with its tables and its outbox."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        namespace: str,
        collections: Sequence[Collection[Any]],
        outage: Outage | None = None,
    ) -> None:
        self._pool = pool
        self._outage = outage or Outage("PostgreSQL")
        self._namespace = namespace
        self._tables = {collection.name: Table(collection) for collection in collections}
        self._statements = WriteStatements(namespace, self._tables)
        self._group_commit, self._group_read = GroupCommit(self._run), GroupRead(self._read)

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        table = self._table(collection)
        rows = await self._group_read.get(table, user_id, id)
        return table.decode(rows[0][0]) if rows else None

    async def find(
        self,
        collection: Collection[R],
        user_id: str,
        where: Where = {},
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        after: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> list[R]:
        check_queryable(collection, (*order, *where))
        table = self._table(collection)
        rows = await self._read(*postgres_sql.find(table, user_id, where, order, descending, after, limit))
        return [table.decode(body) for (body,) in rows]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        check_queryable(collection, where)
        rows = await self._read(*postgres_sql.count(self._table(collection), user_id, where))
        return rows[0][0] if rows else 0

    async def count_by(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        check_queryable(collection, (field, *where))
        return dict(await self._read(*postgres_sql.count_by(self._table(collection), user_id, field, where)))

    async def select(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        check_queryable(collection, (*fields, *where))
        table = self._table(collection)
        is_whole = after is None and limit is None
        rows = await self._group_read.select(table, user_id, fields, where) if is_whole else None
        if rows is None:
            rows = await self._read(*postgres_sql.select(table, user_id, fields, where, after, limit))
        return [tuple(row) for row in rows]

    async def walk(
        self,
        collection: Collection[R],
        user_id: str,
        start: Sequence[str],
        link: str,
        *,
        toward: Literal["children", "parents"],
        depth: int | None = None,
        where: Where = {},
    ) -> list[tuple[int, R]]:
        check_queryable(collection, (link, *where))
        table = self._table(collection)
        rows = await self._read(*postgres_sql.walk(table, user_id, start, link, toward, depth, where))
        reached = {record.id: record for record in (table.decode(body) for (body,) in rows)}
        parents = {id: getattr(record, link) for id, record in reached.items()}
        return [(far, reached[id]) for far, id in distances_from(start, parents, toward, depth)]

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        plan = plan_write(self._tables, steps, messages)
        if plan.groups or plan.additions or plan.clock_steps or plan.messages:
            await self._group_commit.write(plan)

    async def sums(self, user_id: str) -> dict[str, int]:
        return dict(await self._read(f'select name, value from "{self._namespace}".sums where user_id = $1', [user_id]))

    async def clock_reading(self, user_id: str) -> ClockReading:
        columns = "number, by, others"
        rows = await self._read(f'select {columns} from "{self._namespace}".orders where user_id = $1', [user_id])
        return ClockReading(*rows[0]) if rows else ClockReading()

    async def list_users(self, after: str | None, limit: int) -> list[str]:
        rows = await self._read(
            f'select distinct user_id from "{self._namespace}".sums where user_id > $1 order by user_id limit $2',
            [after or "", limit],
        )
        return [user_id for (user_id,) in rows]

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        where, args = "created_at < $1", [before, limit]
        if under:
            where += ' and subject collate "C" >= $3 and subject collate "C" < $4'
            args += [under, under.removesuffix(".") + "/"]  # a slash comes behind a dot
        rows = await self._read(
            f'select id, subject, body from "{self._namespace}".outbox where {where} order by seq limit $2', args
        )
        return [Message(*row) for row in rows]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        joined = join_texts(ids)
        is_plain = joined is not None and joined.isascii() and "\0" not in joined
        # Does not wait for the disk: if this is lost, a message is sent twice, which its id makes harmless.
        await self._read(
            "with soon as materialized (select set_config('synchronous_commit', 'off', true))"
            f' delete from "{self._namespace}".outbox using soon'
            f" where id = any({column_sql('text', JOINED if is_plain else ARRAYS, 1)})",
            [joined if is_plain else list(ids)],
        )

    async def check(self) -> None:
        await self._read("select 1", [])

    async def verify(self) -> None:
        """Raises Fault, naming what is missing, unless every collection has its table with all columns."""
        rows = await self._read(postgres_sql.COLUMNS, [])
        actual = {f"{table}.{column}": kind for table, column, kind in rows}
        wanted = {
            f"{name}.{column}": kind
            for name, table in self._tables.items()
            for column, kind in {**table.types, "body": "text"}.items()
        } | {
            f"{self._namespace}.{table}.{column}": kind
            for table, columns in postgres_sql.OWN_TABLES.items()
            for column, kind in columns.items()
        }
        missing = [f"{column} {kind}" for column, kind in wanted.items() if actual.get(column) != kind]
        if missing:
            raise Fault(f"The database lacks {', '.join(missing)}: run its migrations.")

    def _table(self, collection: Collection[Any]) -> Table:
        table = self._tables.get(collection.name)
        if table is None or table.collection is not collection:
            check_collection({name: table.collection for name, table in self._tables.items()}, collection)
        return self._tables[collection.name]

    async def _run(self, plan: WritePlan) -> None:
        statement = self._statements.build(plan)
        for attempt in range(1, MAX_WRITE_ATTEMPTS + 1):
            try:
                await self._send(statement.sql, statement.args, repeatable=False)
            except asyncpg.DataError as error:
                # A record that PostgreSQL cannot hold does not exist, so a condition on it does not hold.
                if (group := plan.find_impossible_condition()) is not None:
                    raise RequirementNotMet(group.collection, group.step) from None
                raise ValueError(f"PostgreSQL cannot hold this: {error}") from error
            except asyncpg.PostgresError as error:
                if (unmet := _unmet_requirement(statement, error)) is not None:
                    raise unmet from None
                if error.sqlstate not in ROLLED_BACK_SQLSTATES or attempt == MAX_WRITE_ATTEMPTS:
                    raise
            else:
                return

    async def _read(self, sql: str, args: list[Any]) -> list[Any]:
        """Returns the rows of a query, which may be sent twice; a value that PostgreSQL cannot hold finds nothing."""
        try:
            return await self._send(sql, args, repeatable=True)
        except asyncpg.DataError as error:
            possible = [list(filter(storable, arg)) if isinstance(arg, list) else arg for arg in args]
            if not all(map(storable, possible)):
                return []
            if possible == args:
                raise ValueError(f"PostgreSQL cannot answer this: {error}") from error
            return await self._send(sql, possible, repeatable=True)

    async def _send(self, sql: str, args: list[Any], *, repeatable: bool) -> list[Any]:
        for last in (False, True):
            sent = False
            try:
                async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                    sent = not connection.is_closed()
                    rows: list[Any] = await connection.fetch(sql, *args)
                    if self._outage.is_ongoing:
                        self._outage.end()
                    return rows
            except TimeoutError as error:
                if sent:
                    raise TimedOut("PostgreSQL did not answer in time.") from error
                self._outage.report(error)
                raise Unavailable("No connection to PostgreSQL is available.") from error
            except UNAVAILABLE_ERRORS as error:
                if last or (sent and not repeatable):
                    self._outage.report(error)
                    raise Unavailable("PostgreSQL cannot be reached.") from error
                await self._pool.expire_connections()
        raise AssertionError("the last attempt returned or raised")


def _unmet_requirement(statement: WriteStatement, error: asyncpg.PostgresError) -> RequirementNotMet | None:
    """Returns the condition of a write that did not hold, if that is the error."""
    if error.sqlstate == OVER_SQLSTATE:
        return RequirementNotMet(str(error), "increment")
    if error.sqlstate == UNMET_SQLSTATE and (number := int(str(error))) == CLOCK_GROUP:
        return RequirementNotMet("", "advance_clock")
    if error.sqlstate == UNMET_SQLSTATE:
        group = statement.groups[number]
    elif error.sqlstate == EXISTS_SQLSTATE:
        group = statement.group_of_insert(f"{error.schema_name}.{error.table_name}")
    else:
        return None
    return RequirementNotMet(group.collection, group.step)
