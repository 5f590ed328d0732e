"""The Store port on PostgreSQL: a schema for each service, a table for each collection, an outbox beside them."""
# ruff: noqa: S608  (names of tables and columns are the house's own and quoted; nothing a user sends gets there)

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import asyncpg

from reyna.adapters import postgres_sql
from reyna.adapters.postgres_sql import Table, storable
from reyna.adapters.postgres_together import Together
from reyna.adapters.postgres_write import OVER, UNMET, Plan, planned, statement
from reyna.domain.errors import Fault, TimedOut
from reyna.domain.event import Message
from reyna.ports import Collection, Record, Step, Unmet, Where
from reyna.steps import must_be_askable, must_know, nearest

R = TypeVar("R", bound=Record)

PATIENCE: Final = 30.0  # seconds for a statement or a free connection; the slowest honest one takes about one
STATEMENTS: Final = 400  # prepared on each connection; the house has fewer, and asyncpg's default of 100 is not enough
ATTEMPTS: Final = 5  # at a write that PostgreSQL took back because of a deadlock
TAKEN_BACK: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: nothing was written
# Every statement of ours goes by an index that leads with the user. These keep PostgreSQL to that plan from the first
# record on, before it has gathered statistics (a fresh import), and spare it from planning the same statement again.
SETTINGS: Final = {
    "application_name": "reyna",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)


async def open_pool(url: str, *, size: int = 8) -> asyncpg.Pool:
    """At most `size` connections to `postgresql://user:password@host/database` (or `…@/database?host=/socket/folder`).

    Raises Fault when nobody answers there.
    """

    async def nothing(_: Any) -> None:
        """Our statements leave nothing behind on a connection; the usual reset costs every one of them a round trip."""

    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            max_queries=2**62,  # a connection does not wear out
            statement_cache_size=STATEMENTS,
            command_timeout=PATIENCE,
            reset=nothing,
            server_settings=SETTINGS,
        )
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise Fault(f"PostgreSQL cannot be reached: {error}") from error


class PostgresStore:
    """Records of one service; `namespace` is its schema in the database, where its tables and its outbox are."""

    def __init__(self, pool: asyncpg.Pool, namespace: str, collections: Sequence[Collection[Any]]) -> None:
        self._pool = pool
        self._namespace = namespace
        self._tables = {collection.name: Table(collection) for collection in collections}
        self._together = Together(self._run)

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        table = self._table(collection)
        rows = await self._ask(f"select body from {table.name} where user_id = $1 and id = $2", [user_id, id])
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
        must_be_askable(collection, (*order, *where))
        table = self._table(collection)
        rows = await self._ask(*postgres_sql.find(table, user_id, where, order, descending, after, limit))
        return [table.decode(body) for (body,) in rows]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        must_be_askable(collection, where)
        rows = await self._ask(*postgres_sql.count(self._table(collection), user_id, where))
        return rows[0][0] if rows else 0

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        must_be_askable(collection, (field, *where))
        return dict(await self._ask(*postgres_sql.tally(self._table(collection), user_id, field, where)))

    async def pick(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        must_be_askable(collection, (*fields, *where))
        rows = await self._ask(*postgres_sql.pick(self._table(collection), user_id, fields, where, after, limit))
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
        must_be_askable(collection, (link, *where))
        table = self._table(collection)
        rows = await self._ask(*postgres_sql.walk(table, user_id, start, link, toward, depth, where))
        reached = {record.id: record for record in (table.decode(body) for (body,) in rows)}
        parents = {id: getattr(record, link) for id, record in reached.items()}
        return [(far, reached[id]) for far, id in nearest(start, parents, toward, depth)]

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        plan = planned(self._tables, steps, messages)
        if plan.groups or plan.additions or plan.messages:
            await self._together.write(plan)

    async def sums(self, user_id: str) -> dict[str, int]:
        return dict(await self._ask(f'select name, value from "{self._namespace}".sums where user_id = $1', [user_id]))

    async def users(self, after: str | None, limit: int) -> list[str]:
        rows = await self._ask(
            f'select distinct user_id from "{self._namespace}".sums where user_id > $1 order by user_id limit $2',
            [after or "", limit],
        )
        return [user_id for (user_id,) in rows]

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        rows = await self._ask(
            f'select id, subject, body from "{self._namespace}".outbox where created_at < $1 order by seq limit $2',
            [before, limit],
        )
        return [Message(*row) for row in rows]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        # Not waiting for the disk: should this be forgotten, a message is sent twice, which its id makes harmless.
        await self._ask(
            "with soon as materialized (select set_config('synchronous_commit', 'off', true))"
            f' delete from "{self._namespace}".outbox using soon where id = any($1::text[])',
            [list(ids)],
        )

    async def check(self) -> None:
        await self._ask("select 1", [])

    async def verify(self) -> None:
        """Raises Fault, naming what is missing, unless there is a table with its columns for every collection."""
        rows = await self._ask(postgres_sql.COLUMNS, [])
        there = {f"{table}.{column}": kind for table, column, kind in rows}
        wanted = {
            f"{name}.{column}": kind
            for name, table in self._tables.items()
            for column, kind in {**table.types, "body": "text"}.items()
        } | {
            f"{self._namespace}.{table}.{column}": kind
            for table, columns in postgres_sql.BESIDE.items()
            for column, kind in columns.items()
        }
        missing = [f"{column} {kind}" for column, kind in wanted.items() if there.get(column) != kind]
        if missing:
            raise Fault(f"The database lacks {', '.join(missing)}: run its migrations.")

    def _table(self, collection: Collection[Any]) -> Table:
        table = self._tables.get(collection.name)
        if table is None or table.collection is not collection:
            must_know({name: table.collection for name, table in self._tables.items()}, collection)
        return self._tables[collection.name]

    async def _run(self, plan: Plan) -> None:
        doing = statement(self._namespace, self._tables, plan)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._send(doing.sql, doing.args, repeatable=False)
            except asyncpg.DataError as error:
                # What PostgreSQL cannot hold is not there, so a condition on it does not hold.
                if (group := plan.asks_for_what_cannot_be()) is not None:
                    raise Unmet(group.collection, group.step) from None
                raise ValueError(f"PostgreSQL cannot hold this: {error}") from error
            except asyncpg.PostgresError as error:
                if error.sqlstate == UNMET:
                    group = doing.groups[int(str(error))]
                    raise Unmet(group.collection, group.step) from None
                if error.sqlstate == OVER:
                    raise Unmet(str(error), "add") from None
                if error.sqlstate not in TAKEN_BACK or attempt == ATTEMPTS:
                    raise
            else:
                return

    async def _ask(self, sql: str, args: list[Any]) -> list[Any]:
        """The answer to a question that may be asked twice; what PostgreSQL cannot hold is not found."""
        try:
            return await self._send(sql, args, repeatable=True)
        except asyncpg.DataError as error:
            known = [list(filter(storable, arg)) if isinstance(arg, list) else arg for arg in args]
            if not all(map(storable, known)):
                return []
            if known == args:
                raise ValueError(f"PostgreSQL cannot be asked this: {error}") from error
            return await self._send(sql, known, repeatable=True)

    async def _send(self, sql: str, args: list[Any], *, repeatable: bool) -> list[Any]:
        for last in (False, True):
            sent = False
            try:
                async with self._pool.acquire(timeout=PATIENCE) as connection:
                    sent = not connection.is_closed()
                    rows: list[Any] = await connection.fetch(sql, *args)
                    return rows
            except TimeoutError as error:
                raise TimedOut("PostgreSQL did not answer in time.") from error
            except LOST as error:
                if last or (sent and not repeatable):
                    raise Fault("PostgreSQL cannot be reached.") from error
                await self._pool.expire_connections()
        raise AssertionError("the last attempt returned or raised")
