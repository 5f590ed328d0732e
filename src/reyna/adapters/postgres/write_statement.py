"""The SQL statement of a write, with all of its conditions and changes."""
# ruff: noqa: S608  (names of tables and columns are our own and quoted; nothing that a user sends gets here)

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from reyna.adapters.postgres.rows import Form, Row, add_rows, parameter_count, rows_sql
from reyna.adapters.postgres.sql import Table, conditions
from reyna.adapters.postgres.write_plan import Group, Kind, WritePlan

UNMET_SQLSTATE: Final = "RY001"  # raised by the function reyna.unmet; its message is the number of the group
EXISTS_SQLSTATE: Final = "23505"  # an insert found the record there
OVER_SQLSTATE: Final = "RY002"  # raised by the function reyna.over; its message is the name of the sum
CLOCK_GROUP: Final = -1  # the number of the group of clock steps
MAX_CACHED_SQL_TEXTS: Final = 1024  # one for each shape of a write; they are some ten
ORDER: Final = {"require": 0, "insert": 1, "update": 2, "upsert": 3, "delete": 4}
KEY_TYPES: Final = ("text", "text")  # user, id
MESSAGE_TYPES: Final = ("text", "text", "bytea")  # id, subject, body
CLOCK_TYPES: Final = ("text", "bigint", "text", "bigint")  # user, number, process, limit
SUM_TYPES: Final = ("text", "text", "bigint")  # user, name, increment
BOUNDED_SUM_TYPES: Final = (*SUM_TYPES, "bigint")  # user, name, increment, bound
CHECK_BOUNDS: Final = (
    "when (select reyna.over(sums.name) from sums join given g on g.user_id = sums.user_id and g.name = sums.name"
    " where sums.value > g.at_most limit 1) then null"
)
OTHER_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "lock for share": KEY_TYPES,
    "lock for update": KEY_TYPES,
    "messages": MESSAGE_TYPES,
    "clocks": CLOCK_TYPES,
    "sums": SUM_TYPES,
    "bounded sums": BOUNDED_SUM_TYPES,
}  # of the rows of parts that are no groups
COUNTED_KINDS: Final = frozenset({*ORDER, "clocks"})  # parts that must do all of their rows
PartKind = Literal[Kind, "lock for share", "lock for update", "messages", "clocks", "sums", "bounded sums"]


class Part(NamedTuple):
    """A part of a statement: all that its text depends on.

    The values of its rows are the parameters behind the first `offset`; the number of rows comes behind them where
    neither the form tells it nor it goes without. `filters` are the conditions of a requirement.
    """

    kind: PartKind
    table: str  # the name of the collection; empty for the tables besides those of collections
    form: Form
    offset: int
    filters: str = ""


class WriteStatement(NamedTuple):
    sql: str
    args: list[Any]
    groups: Sequence[Group]

    def group_of_insert(self, collection: str) -> Group:
        """Returns the group of inserts into this table, or the first one for the name of a partition."""
        inserts = [group for group in self.groups if group.kind == "insert"]
        return next((group for group in inserts if group.collection == collection), inserts[0])


class WriteStatements:
    """Builds the statements of one service; `namespace` is its schema in the database."""

    def __init__(self, namespace: str, tables: Mapping[str, Table]) -> None:
        self._namespace, self._tables = namespace, tables
        self._texts: dict[tuple[Part, ...], str] = {}

    def build(self, plan: WritePlan) -> WriteStatement:
        """Returns one SQL statement for the whole plan; its length grows with the groups, not with the rows.

        Under READ COMMITTED each part waits for other writers of its rows, and then sees their latest versions: `for
        share` and `update` check the condition again, `insert` fails or sees what was committed meanwhile. So every
        condition holds at the moment of the commit, since the rows that were checked are locked.

        Rows are locked table by table in the order of their names, and in a table by user and id, so that two writes do
        not deadlock. The sums come last, because many writes need them: they are locked only for the commit.
        """
        groups = sorted(plan.groups, key=_position)
        args: list[Any] = []
        parts = [*self._group_parts(groups, plan, args), *_other_parts(plan, args)]
        shape = tuple(parts)
        sql = self._texts.get(shape)
        if sql is None:
            if len(self._texts) >= MAX_CACHED_SQL_TEXTS:
                self._texts.clear()
            sql = self._texts[shape] = self._text(parts)
        return WriteStatement(sql, args, groups)

    def _group_parts(self, groups: Sequence[Group], plan: WritePlan, args: list[Any]) -> list[Part]:
        existing = Counter([group.collection for group in groups if group.kind != "insert"])
        parts: list[Part] = []
        for group in groups:
            table, rows = self._tables[group.collection], plan.groups[group]
            if existing.pop(group.collection, 0) > 1:
                parts.append(_lock_part(group.collection, plan, args))
            if len(rows) > 1:
                rows = sorted(set(rows) if group.kind == "require" else rows, key=_row_key)
            filters = conditions(table, dict(group.where), args) if group.where else ""
            parts.append(_part(group.kind, group.collection, rows, _group_types(table, group.kind), args, filters))
        return parts

    def _text(self, parts: Sequence[Part]) -> str:
        """Returns the text of a statement with these parts."""
        ctes: list[str] = []
        checks: list[str] = []
        number = 0  # of the group
        for part in parts:
            types = self._types(part)
            source = rows_sql(types, part.form, part.offset)
            wanted = part.form if part.form > 0 else f"${part.offset + parameter_count(types, part.form) + 1}::bigint"
            match part.kind:
                case "messages":
                    ctes.append(_messages_sql(self._namespace, source))
                case "clocks":
                    ctes.append(_clocks_sql(self._namespace, source))
                    checks.append(f"when (select count(*) from orders) <> {wanted} then reyna.unmet({CLOCK_GROUP})")
                case "sums" | "bounded sums":
                    ctes.append(_sums_sql(self._namespace, source, bounded=part.kind == "bounded sums"))
                    checks.extend([CHECK_BOUNDS] if part.kind == "bounded sums" else [])
                case "lock for share" | "lock for update":
                    ctes.append(f"l{number} as {_lock_sql(self._tables[part.table], source, part.kind)}")
                    checks.append(f"when (select count(*) from l{number}) < 0 then null")
                case kind:
                    ctes.append(f"s{number} as {_group_sql(kind, self._tables[part.table], source, part.filters)}")
                    checks.append(f"when (select count(*) from s{number}) <> {wanted} then reyna.unmet({number})")
                    number += 1
        # `case` is evaluated in order, and each count runs its part, so this is also the order of the locks.
        result = f"case {' '.join(checks)} end" if checks else "null"
        return f"with {', '.join(ctes)} select {result}"

    def _types(self, part: Part) -> Sequence[str]:
        return OTHER_TYPES.get(part.kind) or _group_types(self._tables[part.table], part.kind)


def _position(group: Group) -> tuple[str, int]:
    return group.collection, ORDER[group.kind]


def _row_key(row: Row) -> tuple[str, str]:
    return row[0], row[1]


def _group_types(table: Table, kind: PartKind) -> Sequence[str]:
    """Returns the types of the rows of a group."""
    if kind in ("require", "delete"):
        return KEY_TYPES
    return table.updated_types if kind == "update" else table.row_types


def _part(
    kind: PartKind, table: str, rows: Sequence[Row], types: Sequence[str], args: list[Any], filters: str = ""
) -> Part:
    """Returns a part whose rows are appended to `args`, with their number where the text needs it."""
    offset = len(args)
    form = add_rows(rows, types, args)
    if form <= 0 and kind in COUNTED_KINDS:
        args.append(len(rows))
    return Part(kind, table, form, offset, filters)


def _lock_part(collection: str, plan: WritePlan, args: list[Any]) -> Part:
    """Returns the part that locks, in order, all rows of a table that several groups require or change."""
    groups = [group for group in plan.groups if group.collection == collection and group.kind != "insert"]
    keys = sorted({_row_key(row) for group in groups for row in plan.groups[group]})
    for_share = all(group.kind == "require" for group in groups)
    return _part("lock for share" if for_share else "lock for update", collection, keys, KEY_TYPES, args)


def _other_parts(plan: WritePlan, args: list[Any]) -> list[Part]:
    """Returns the parts of messages, clocks and sums; those of each user and sum are sorted."""
    parts: list[Part] = []
    if plan.messages:
        rows: list[Row] = [(message.id, message.subject, message.body) for message in plan.messages]
        parts.append(_part("messages", "", rows, MESSAGE_TYPES, args))
    if plan.clock_steps:
        rows = [(user_id, step.number, step.by, step.limit) for user_id, step in sorted(plan.clock_steps.items())]
        parts.append(_part("clocks", "", rows, CLOCK_TYPES, args))
    if plan.additions:
        if any(at_most is not None for _, at_most in plan.additions.values()):
            rows = [(*key, *plan.additions[key]) for key in sorted(plan.additions)]
            parts.append(_part("bounded sums", "", rows, BOUNDED_SUM_TYPES, args))
        else:
            rows = [(*key, plan.additions[key][0]) for key in sorted(plan.additions)]
            parts.append(_part("sums", "", rows, SUM_TYPES, args))
    return parts


def _messages_sql(namespace: str, source: str) -> str:
    return f'sent as (insert into "{namespace}".outbox (id, subject, body) select * from {source} k)'


def _clocks_sql(namespace: str, source: str) -> str:
    """Returns the SQL that advances clocks and returns a row for each that allows it."""
    beside = "case when t.by = excluded.by then t.others else t.number end"
    return (
        f'orders as (insert into "{namespace}".orders as t (user_id, number, by, others, below)'
        f" select user_id, number, by, 0, below from {source} k(user_id, number, by, below)"
        f" on conflict (user_id) do update set number = greatest(t.number, excluded.number), others = {beside},"
        f" by = excluded.by where {beside} < excluded.below returning 1)"
    )


def _sums_sql(namespace: str, source: str, *, bounded: bool) -> str:
    """Returns the SQL that adds to sums; with `bounded` it returns the new values."""
    into = f'insert into "{namespace}".sums as t (user_id, name, value) select user_id, name, value from'
    otherwise = "on conflict (user_id, name) do update set value = t.value + excluded.value"
    if not bounded:
        return f"sums as ({into} {source} k(user_id, name, value) {otherwise})"
    given = f"given as materialized (select * from {source} k(user_id, name, value, at_most))"
    return f"{given}, sums as ({into} given {otherwise} returning user_id, name, value)"


def _lock_sql(table: Table, source: str, kind: Literal["lock for share", "lock for update"]) -> str:
    return (
        f"materialized (select from {table.name} t join {source} k(user_id, id)"
        f" on t.user_id = k.user_id and t.id = k.id order by t.user_id, t.id {kind.removeprefix('lock ')} of t)"
    )


def _group_sql(kind: Kind, table: Table, source: str, filters: str) -> str:
    """Returns the SQL of a group, which returns one row for each step that was done."""
    if kind == "delete":
        keys = f"{source} k(user_id, id)"
        return f"(delete from {table.name} t using {keys} where t.user_id = k.user_id and t.id = k.id returning 1)"
    if kind == "require":  # row by row in their order, which is also faster than a join, whatever is known of the table
        return (
            f"materialized (select from {source} k(user_id, id) cross join lateral (select from {table.name} t"
            f" where t.user_id = k.user_id and t.id = k.id{filters} for share) one)"
        )
    names = table.row_names
    if kind == "update":
        changes = ", ".join(f"{name} = k.{name}" for name in names[2:])
        return (
            f"(update {table.name} t set {changes} from {source} k({', '.join(names)}, expects)"
            " where t.user_id = k.user_id and t.id = k.id and t.revision = k.expects returning 1)"
        )
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    # Where nothing must be there, the index refuses what is: `on conflict do nothing` would look twice at every row.
    otherwise = "" if kind == "insert" else f" on conflict (user_id, id) do update set {changes}"
    return f"(insert into {table.name} ({', '.join(names)}) select * from {source} k{otherwise} returning 1)"
