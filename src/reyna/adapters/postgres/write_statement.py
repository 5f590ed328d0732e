"""The SQL statement of a write, with all of its conditions and changes."""
# ruff: noqa: S608  (names of tables and columns are our own and quoted; nothing that a user sends gets here)

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from reyna.adapters.postgres.sql import ANY_OF, Table, conditions, storable
from reyna.domain.event import Message
from reyna.ports.store import AdvanceClock, Delete, Increment, Put, Require, Step
from reyna.storage.semantics import (
    Additions,
    additions_of,
    advances_of,
    check_collection,
    check_queryable,
    check_written_once,
    merge_addition,
)

UNMET_SQLSTATE: Final = "RY001"  # raised by the function reyna.unmet; its message is the number of the group
OVER_SQLSTATE: Final = "RY002"  # raised by the function reyna.over; its message is the name of the sum
CLOCK_GROUP: Final = -1  # the number of the group of clock steps
MAX_INLINE_ROWS: Final = 2  # of a group, which are written out as values
MAX_CACHED_SQL_TEXTS: Final = 1024  # one for each shape of a table of values
ORDER: Final = ("require", "insert", "update", "upsert", "delete")
CLOCK_TYPES: Final = ("text", "bigint", "text", "bigint")  # user, number, process, limit
SUM_TYPES: Final = ("text", "text", "bigint", "bigint")  # user, name, increment, bound
CHECK_BOUNDS: Final = (
    "when (select reyna.over(sums.name) from sums join given g on g.user_id = sums.user_id and g.name = sums.name"
    " where sums.value > g.at_most limit 1) then null"
)
Kind = Literal["require", "insert", "update", "upsert", "delete"]
Fields = tuple[tuple[str, Any], ...]


class Group(NamedTuple):
    """Steps that one part of the statement does together; `where` is the filter of a requirement, hashable."""

    kind: Kind
    collection: str
    where: Fields = ()

    @property
    def step(self) -> Literal["put", "delete", "require"]:
        return self.kind if self.kind in ("require", "delete") else "put"


class WritePlan:
    """A planned write: its rows by group, increments, clock steps and messages.

    `can_share` says that it may be merged with the plans of others.
    """

    __slots__ = ("additions", "can_share", "clock_steps", "groups", "messages")

    def __init__(
        self,
        groups: dict[Group, list[tuple[Any, ...]]],
        additions: Additions,
        clock_steps: dict[str, AdvanceClock],
        messages: list[Message],
    ) -> None:
        self.groups, self.additions, self.clock_steps, self.messages = groups, additions, clock_steps, messages
        self.can_share = all(group.kind in ("require", "insert") for group in groups)

    def find_impossible_condition(self) -> Group | None:
        """Returns the first group with a condition on a value that PostgreSQL cannot hold, if there is one."""
        for group, rows in self.groups.items():
            wanted = [one for _, value in group.where for one in (value if isinstance(value, frozenset) else (value,))]
            if group.step != "put" and not all(map(storable, chain(wanted, *rows))):
                return group
        return None


def plan_write(tables: Mapping[str, Table], steps: Sequence[Step], messages: Sequence[Message]) -> WritePlan:
    """Returns the plan of a write. Raises ValueError for a malformed one."""
    check_written_once(steps)
    groups: dict[Group, list[tuple[Any, ...]]] = {}
    for step in steps:
        if not isinstance(step, Increment | AdvanceClock):
            group, row = _group_of(tables, step)
            groups.setdefault(group, []).append(row)
    return WritePlan(groups, additions_of(steps), advances_of(steps), list(messages))


def _group_of(tables: Mapping[str, Table], step: Put | Delete | Require) -> tuple[Group, tuple[Any, ...]]:
    name = step.collection.name
    table = tables.get(name)
    if table is None or table.collection is not step.collection:
        check_collection({name: table.collection for name, table in tables.items()}, step.collection)
    match step:
        case Put(record=record, expects=expects):
            row = tables[name].row(record)
            if expects == 0:
                return Group("insert", name), row
            return (Group("upsert", name), row) if expects is None else (Group("update", name), (*row, expects))
        case Delete(user_id=user_id, id=id):
            return Group("delete", name), (user_id, id)
        case Require(user_id=user_id, id=id, where=where):
            check_queryable(step.collection, where)
            return Group("require", name, _hashable(where)), (user_id, id)


def _hashable(where: Mapping[str, Any]) -> Fields:
    return tuple((field, frozenset(value) if isinstance(value, ANY_OF) else value) for field, value in where.items())


def merge_plans(plans: Sequence[WritePlan]) -> WritePlan:
    groups: dict[Group, list[tuple[Any, ...]]] = {}
    for plan in plans:
        for group, rows in plan.groups.items():
            groups.setdefault(group, []).extend(rows)
    additions: Additions = {}
    for plan in plans:
        for key, (by, at_most) in plan.additions.items():
            merge_addition(additions, key, by, at_most)
    clock_steps = advances_of(step for plan in plans for step in plan.clock_steps.values())
    return WritePlan(groups, additions, clock_steps, [message for plan in plans for message in plan.messages])


class WriteStatement(NamedTuple):
    sql: str
    args: list[Any]
    groups: Sequence[Group]


def build_statement(namespace: str, tables: Mapping[str, Table], plan: WritePlan) -> WriteStatement:
    """Returns one SQL statement for the whole plan; its length grows with the groups, not with the rows.

    Under READ COMMITTED each part waits for other writers of its rows, and then sees their latest versions: `for share`
    and `update` check the condition again, `on conflict` sees what was committed meanwhile. So every condition holds at
    the moment of the commit, since the rows that were checked are locked.

    Rows are locked table by table in the order of their names, and in a table by user and id, so that two writes do
    not deadlock. The sums come last, because many writes need them: they are locked only for the commit.
    """
    groups = sorted(plan.groups, key=lambda group: (group.collection, ORDER.index(group.kind)))
    existing = Counter(group.collection for group in groups if group.kind != "insert")
    args: list[Any] = []
    parts: list[str] = []
    checks: list[str] = []
    for number, group in enumerate(groups):
        table, rows = tables[group.collection], plan.groups[group]
        if existing.pop(group.collection, 0) > 1:
            parts.append(f"l{number} as {_lock_sql(table, plan, args)}")
            checks.append(f"when (select count(*) from l{number}) < 0 then null")
        if len(rows) > 1:
            rows = sorted(set(rows) if group.kind == "require" else rows, key=_row_key)
        parts.append(f"s{number} as {_group_sql(group, table, rows, args)}")
        wanted = len(rows) if len(rows) <= MAX_INLINE_ROWS else f"cardinality(${len(args)})"
        checks.append(f"when (select count(*) from s{number}) <> {wanted} then reyna.unmet({number})")
    if plan.messages:
        rows = [(message.id, message.subject, message.body) for message in plan.messages]
        source = _rows_sql(rows, ("text", "text", "bytea"), args)
        parts.append(f'sent as (insert into "{namespace}".outbox (id, subject, body) select * from {source} k)')
    if plan.clock_steps:
        parts.append(f"orders as ({_clock_sql(namespace, plan.clock_steps, args)})")
        checks.append(f"when (select count(*) from orders) <> {len(plan.clock_steps)} then reyna.unmet({CLOCK_GROUP})")
    if plan.additions:
        bounded = any(at_most is not None for _, at_most in plan.additions.values())
        parts.append(_sums_sql(namespace, plan.additions, args, bounded))
        checks.extend([CHECK_BOUNDS] if bounded else [])
    # `case` is evaluated in order, and each count runs its part, so this is also the order of the locks.
    result = f"case {' '.join(checks)} end" if checks else "null"
    return WriteStatement(f"with {', '.join(parts)} select {result}", args, groups)


def _sums_sql(namespace: str, additions: Additions, args: list[Any], bounded: bool) -> str:
    """Returns the SQL that adds to the sums, sorted by user and name; with `bounded` it returns the new values."""
    keys = sorted(additions)
    into = f'insert into "{namespace}".sums as t (user_id, name, value) select user_id, name, value from'
    otherwise = "on conflict (user_id, name) do update set value = t.value + excluded.value"
    if not bounded:
        source = _rows_sql([(*key, additions[key][0]) for key in keys], SUM_TYPES[:3], args)
        return f"sums as ({into} {source} k(user_id, name, value) {otherwise})"
    source = _rows_sql([(*key, *additions[key]) for key in keys], SUM_TYPES, args)
    given = f"given as materialized (select * from {source} k(user_id, name, value, at_most))"
    return f"{given}, sums as ({into} given {otherwise} returning user_id, name, value)"


def _clock_sql(namespace: str, clock_steps: Mapping[str, AdvanceClock], args: list[Any]) -> str:
    """Returns the SQL that advances the clocks of these users and returns a row for each that allows it."""
    rows = [(user_id, step.number, step.by, step.limit) for user_id, step in sorted(clock_steps.items())]
    beside = "case when t.by = excluded.by then t.others else t.number end"
    return (
        f'insert into "{namespace}".orders as t (user_id, number, by, others, below)'
        f" select user_id, number, by, 0, below from {_rows_sql(rows, CLOCK_TYPES, args)} k(user_id, number, by, below)"
        f" on conflict (user_id) do update set number = greatest(t.number, excluded.number), others = {beside},"
        f" by = excluded.by where {beside} < excluded.below returning 1"
    )


def _lock_sql(table: Table, plan: WritePlan, args: list[Any]) -> str:
    """Returns the SQL that locks, in order, all rows of a table that several groups require or change."""
    groups = [group for group in plan.groups if group.collection == table.collection.name and group.kind != "insert"]
    keys = sorted({_row_key(row) for group in groups for row in plan.groups[group]})
    strength = "share" if all(group.kind == "require" for group in groups) else "update"
    return (
        f"materialized (select from {table.name} t join {_rows_sql(keys, ('text', 'text'), args)} k(user_id, id)"
        f" on t.user_id = k.user_id and t.id = k.id order by t.user_id, t.id for {strength} of t)"
    )


def _row_key(row: tuple[Any, ...]) -> tuple[str, str]:
    return row[0], row[1]


def _group_sql(group: Group, table: Table, rows: Sequence[tuple[Any, ...]], args: list[Any]) -> str:
    """Returns the SQL of a group, which returns one row for each step that was done."""
    filters = conditions(table, dict(group.where), args)
    if group.step != "put":
        source = f"{_rows_sql(rows, ('text', 'text'), args)} k(user_id, id)"
        if group.kind == "delete":
            return (
                f"(delete from {table.name} t using {source} where t.user_id = k.user_id and t.id = k.id returning 1)"
            )
        return (
            f"materialized (select from {table.name} t join {source} on t.user_id = k.user_id and t.id = k.id{filters}"
            " order by t.user_id, t.id for share of t)"
        )
    names, types = table.row_names, table.row_types
    if group.kind == "update":
        changes = ", ".join(f"{name} = k.{name}" for name in names[2:])
        return (
            f"(update {table.name} t set {changes} from {_rows_sql(rows, (*types, 'bigint'), args)}"
            f" k({', '.join(names)}, expects)"
            " where t.user_id = k.user_id and t.id = k.id and t.revision = k.expects returning 1)"
        )
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    otherwise = "nothing" if group.kind == "insert" else f"update set {changes}"
    return (
        f"(insert into {table.name} ({', '.join(names)}) select * from {_rows_sql(rows, types, args)} k"
        f" on conflict (user_id, id) do {otherwise} returning 1)"
    )


def _rows_sql(rows: Sequence[tuple[Any, ...]], types: Sequence[str], args: list[Any]) -> str:
    """Returns the rows as a table, and appends their values to `args`.

    Many rows are one array for each column, so that the text of the statement is the same for any number. A few are
    written out, which PostgreSQL runs in three quarters of the time.
    """
    offset = len(args)
    if len(rows) > MAX_INLINE_ROWS:
        args.extend(zip(*rows, strict=True))
        return _arrays_sql(tuple(types), offset)
    for row in rows:
        args.extend(row)
    return _values_sql(tuple(types), offset, len(rows))


@lru_cache(maxsize=MAX_CACHED_SQL_TEXTS)
def _arrays_sql(types: tuple[str, ...], offset: int) -> str:
    return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(types, offset + 1))})"


@lru_cache(maxsize=MAX_CACHED_SQL_TEXTS)
def _values_sql(types: tuple[str, ...], offset: int, rows: int) -> str:
    starts = range(offset + 1, offset + 1 + rows * len(types), len(types))
    lines = (f"({', '.join(f'${number}::{kind}' for number, kind in enumerate(types, start))})" for start in starts)
    return f"(values {', '.join(lines)})"
