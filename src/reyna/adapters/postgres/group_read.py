"""Group read: small reads of the same kind that wait at the same time are sent as one statement."""
# ruff: noqa: S608  (names of tables and columns are our own and quoted; nothing that a user sends gets here)

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

from reyna.adapters.postgres.lanes import Lanes
from reyna.adapters.postgres.sql import Table, storable
from reyna.ports.store import NotNull, Where

MAX_READS_PER_STATEMENT: Final = 64
MAX_KINDS: Final = 500  # far more than the services have

Send = Callable[[str, list[Any]], Awaitable[list[Any]]]


class ReadKind(NamedTuple):
    """Reads that differ in the user and in the text of one field only: `one` is the statement of a single one, `many`
    that of several, whose rows begin with the number of the read."""

    one: str
    many: str


class WaitingRead(NamedTuple):
    """A read, and the future of its rows."""

    user_id: str
    wanted: str
    rows: asyncio.Future[list[tuple[Any, ...]]]


class GroupRead:
    """Sends reads: those that begin in the same turn of the event loop, or while all lanes are taken, together.

    A read never joins a statement that was sent before it began, so it sees every write that was answered by then.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._kinds: dict[tuple[Any, ...], ReadKind] = {}
        self._queues: dict[ReadKind, ReadQueue] = {}

    async def get(self, table: Table, user_id: str, id: str) -> list[tuple[Any, ...]]:
        """Returns the row with the body of this record, if there is one."""
        if not (storable(user_id) and storable(id)):
            return []
        return await self._read(self._kind_of(table, ("body",), "id", ()), user_id, id)

    async def select(
        self, table: Table, user_id: str, fields: Sequence[str], where: Where
    ) -> list[tuple[Any, ...]] | None:
        """Returns the rows, or None for a read that cannot go with others: it is sent by itself."""
        if (single := _single_text(table, where)) is None:
            return None
        field, wanted = single
        if not (storable(user_id) and storable(wanted)):
            return []
        fixed = tuple((name, value is None) for name, value in where.items() if name != field)
        return await self._read(self._kind_of(table, tuple(fields), field, fixed), user_id, wanted)

    def _kind_of(
        self, table: Table, fields: tuple[str, ...], field: str, fixed: tuple[tuple[str, bool], ...]
    ) -> ReadKind:
        key = (table.name, fields, field, fixed)
        kind = self._kinds.get(key)
        if kind is None:
            if len(self._kinds) >= MAX_KINDS:
                self._kinds.clear()
            kind = self._kinds[key] = _build_kind(table, fields, field, fixed)
        return kind

    async def _read(self, kind: ReadKind, user_id: str, wanted: str) -> list[tuple[Any, ...]]:
        queue = self._queues.get(kind)
        if queue is None:
            queue = self._queues[kind] = ReadQueue(kind, self._send)
        return await queue.read(user_id, wanted)


class ReadQueue:
    """The reads of one kind, which go out in lanes of their own."""

    def __init__(self, kind: ReadKind, send: Send) -> None:
        self._kind, self._send = kind, send
        self._lanes = Lanes(_take_group, self._run_group)

    async def read(self, user_id: str, wanted: str) -> list[tuple[Any, ...]]:
        rows: asyncio.Future[list[tuple[Any, ...]]] = asyncio.get_running_loop().create_future()
        self._lanes.add(WaitingRead(user_id, wanted, rows))
        return await rows

    async def _run_group(self, group: list[WaitingRead]) -> None:
        try:
            found = await self._rows_of(group)
        except Exception as error:
            for read in group:
                if not read.rows.done():
                    read.rows.set_exception(error)
            return
        for read, rows in zip(group, found, strict=True):
            if not read.rows.done():
                read.rows.set_result(rows)

    async def _rows_of(self, group: list[WaitingRead]) -> list[list[tuple[Any, ...]]]:
        if len(group) == 1:
            return [await self._send(self._kind.one, [group[0].user_id, group[0].wanted])]
        found: list[list[tuple[Any, ...]]] = [[] for _ in group]
        args = [[read.user_id for read in group], [read.wanted for read in group]]
        for number, *row in await self._send(self._kind.many, args):
            found[number - 1].append(tuple(row))
        return found


def _take_group(waiting: deque[WaitingRead]) -> list[WaitingRead]:
    return [waiting.popleft() for _ in range(min(len(waiting), MAX_READS_PER_STATEMENT))]


def _single_text(table: Table, where: Where) -> tuple[str, str] | None:
    """Returns the field of which a single text is wanted; None unless all other fields are to be null or not null."""
    single: tuple[str, str] | None = None
    for field, value in where.items():
        if value is None or isinstance(value, NotNull):
            continue
        if isinstance(value, list | tuple | set | frozenset) and len(value) == 1:
            value = next(iter(value))
        if single is not None or not isinstance(value, str) or table.types[field] != "text":
            return None
        single = field, value
    return single


def _build_kind(table: Table, fields: Sequence[str], field: str, fixed: Sequence[tuple[str, bool]]) -> ReadKind:
    columns = ", ".join(f't."{name}"' for name in fields)
    conditions = "".join(f' and t."{name}" is {"" if is_null else "not "}null' for name, is_null in fixed)
    from_table = f"select {columns} from {table.name} t where t.user_id ="
    # `offset 0` keeps the lookup of each as it is for one: joined, all could come to a scan of the whole table.
    many = (
        "select u.n, r.* from unnest($1::text[], $2::text[]) with ordinality as u(user_id, wanted, n)"
        f' cross join lateral ({from_table} u.user_id and t."{field}" = u.wanted{conditions} order by t.id offset 0) r'
    )
    return ReadKind(f'{from_table} $1 and t."{field}" = $2{conditions} order by t.id', many)
