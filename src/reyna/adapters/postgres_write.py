"""A write as one statement: every condition and every change of it, whole or not at all."""
# ruff: noqa: S608  (names of tables and columns are the house's own and quoted; nothing a user sends gets here)

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from reyna.adapters.postgres_sql import ANY_OF, Table, conditions, storable
from reyna.domain.event import Message
from reyna.ports import Add, Drop, Need, Put, Step
from reyna.steps import Additions, added, must_be_askable, must_know, together, written

UNMET: Final = "RY001"  # the SQLSTATE that the function reyna.unmet raises; its message is the number of the group
OVER: Final = "RY002"  # … and reyna.over; its message is the name of the sum
FEW: Final = 2  # rows of a group that are written out
ORDER: Final = ("need", "insert", "update", "upsert", "drop")
SUMS: Final = ("text", "text", "bigint", "bigint")  # user, name, what is added, what the sum must not exceed
WITHIN: Final = (
    "when (select reyna.over(sums.name) from sums join given g on g.user_id = sums.user_id and g.name = sums.name"
    " where sums.value > g.at_most limit 1) then null"
)
Kind = Literal["need", "insert", "update", "upsert", "drop"]
Fields = tuple[tuple[str, Any], ...]


class Group(NamedTuple):
    """Steps that one part of the statement does together; `where` is what a need wants, hashable."""

    kind: Kind
    collection: str
    where: Fields = ()

    @property
    def step(self) -> Literal["put", "drop", "need"]:
        return self.kind if self.kind in ("need", "drop") else "put"


class Plan:
    """A write made ready: rows by group, what is added to sums, and messages.

    `can_share` says that it may be merged with others'.
    """

    __slots__ = ("additions", "can_share", "groups", "messages")

    def __init__(
        self, groups: dict[Group, list[tuple[Any, ...]]], additions: Additions, messages: list[Message]
    ) -> None:
        self.groups, self.additions, self.messages = groups, additions, messages
        self.can_share = all(group.kind in ("need", "insert") for group in groups)

    def asks_for_what_cannot_be(self) -> Group | None:
        """The first condition on a record or a value that PostgreSQL cannot hold, if there is one."""
        for group, rows in self.groups.items():
            wanted = [one for _, value in group.where for one in (value if isinstance(value, frozenset) else (value,))]
            if group.step != "put" and not all(map(storable, chain(wanted, *rows))):
                return group
        return None


def planned(tables: Mapping[str, Table], steps: Sequence[Step], messages: Sequence[Message]) -> Plan:
    """Raises ValueError for a write that makes no sense on any store."""
    written(steps)
    groups: dict[Group, list[tuple[Any, ...]]] = {}
    for step in steps:
        if not isinstance(step, Add):
            group, row = _placed(tables, step)
            groups.setdefault(group, []).append(row)
    return Plan(groups, added(steps), list(messages))


def _placed(tables: Mapping[str, Table], step: Put | Drop | Need) -> tuple[Group, tuple[Any, ...]]:
    name = step.collection.name
    table = tables.get(name)
    if table is None or table.collection is not step.collection:
        must_know({name: table.collection for name, table in tables.items()}, step.collection)
    match step:
        case Put(record=record, expects=expects):
            row = tables[name].row(record)
            if expects == 0:
                return Group("insert", name), row
            return (Group("upsert", name), row) if expects is None else (Group("update", name), (*row, expects))
        case Drop(user_id=user_id, id=id):
            return Group("drop", name), (user_id, id)
        case Need(user_id=user_id, id=id, where=where):
            must_be_askable(step.collection, where)
            return Group("need", name, _hashable(where)), (user_id, id)


def _hashable(where: Mapping[str, Any]) -> Fields:
    return tuple((field, frozenset(value) if isinstance(value, ANY_OF) else value) for field, value in where.items())


def merged(plans: Sequence[Plan]) -> Plan:
    groups: dict[Group, list[tuple[Any, ...]]] = {}
    for plan in plans:
        for group, rows in plan.groups.items():
            groups.setdefault(group, []).extend(rows)
    additions: Additions = {}
    for plan in plans:
        for key, (by, at_most) in plan.additions.items():
            together(additions, key, by, at_most)
    return Plan(groups, additions, [message for plan in plans for message in plan.messages])


class Statement(NamedTuple):
    sql: str
    args: list[Any]
    groups: Sequence[Group]


def statement(namespace: str, tables: Mapping[str, Table], plan: Plan) -> Statement:
    """One SQL statement for the whole plan, as long as its groups are many, whatever the number of rows.

    Under READ COMMITTED each part waits for whoever is changing its rows, and then looks at them as they have become:
    `for share` and `update` judge the newest version again, `on conflict` sees what was committed meanwhile. So every
    condition holds at the moment of the commit, and stays so because what was judged is locked.

    Rows are locked table by table in the order of their names, and in a table by user and id: then two writes may wait
    for each other, but not both at once. The sums come last, because many wait for them: theirs are locked for no
    longer than the commit takes.
    """
    groups = sorted(plan.groups, key=lambda group: (group.collection, ORDER.index(group.kind)))
    standing = Counter(group.collection for group in groups if group.kind != "insert")
    args: list[Any] = []
    parts: list[str] = []
    checks: list[str] = []
    for number, group in enumerate(groups):
        table, rows = tables[group.collection], plan.groups[group]
        if standing.pop(group.collection, 0) > 1:
            parts.append(f"l{number} as {_lock(table, plan, args)}")
            checks.append(f"when (select count(*) from l{number}) < 0 then null")
        if len(rows) > 1:
            rows = sorted(set(rows) if group.kind == "need" else rows, key=_key)
        parts.append(f"s{number} as {_part(group, table, rows, args)}")
        wanted = len(rows) if len(rows) <= FEW else f"cardinality(${len(args)})"
        checks.append(f"when (select count(*) from s{number}) <> {wanted} then reyna.unmet({number})")
    if plan.messages:
        rows = [(message.id, message.subject, message.body) for message in plan.messages]
        source = _source(rows, ("text", "text", "bytea"), args)
        parts.append(f'sent as (insert into "{namespace}".outbox (id, subject, body) select * from {source} k)')
    if plan.additions:
        within = any(at_most is not None for _, at_most in plan.additions.values())
        parts.append(_additions(namespace, plan.additions, args, within))
        checks.extend([WITHIN] if within else [])
    # `case` is evaluated in its order, and each count runs its part: so this is also the order of the locks.
    result = f"case {' '.join(checks)} end" if checks else "null"
    return Statement(f"with {', '.join(parts)} select {result}", args, groups)


def _additions(namespace: str, additions: Additions, args: list[Any], within: bool) -> str:
    """The SQL that adds to the sums, in the order of user and name; it gives what they come to `within` bounds."""
    keys = sorted(additions)
    into = f'insert into "{namespace}".sums as t (user_id, name, value) select user_id, name, value from'
    otherwise = "on conflict (user_id, name) do update set value = t.value + excluded.value"
    if not within:
        source = _source([(*key, additions[key][0]) for key in keys], SUMS[:3], args)
        return f"sums as ({into} {source} k(user_id, name, value) {otherwise})"
    source = _source([(*key, *additions[key]) for key in keys], SUMS, args)
    given = f"given as materialized (select * from {source} k(user_id, name, value, at_most))"
    return f"{given}, sums as ({into} given {otherwise} returning user_id, name, value)"


def _lock(table: Table, plan: Plan, args: list[Any]) -> str:
    """The SQL that locks, in their order, all rows of a table that several groups need or change."""
    groups = [group for group in plan.groups if group.collection == table.collection.name and group.kind != "insert"]
    keys = sorted({_key(row) for group in groups for row in plan.groups[group]})
    strength = "share" if all(group.kind == "need" for group in groups) else "update"
    return (
        f"materialized (select from {table.name} t join {_source(keys, ('text', 'text'), args)} k(user_id, id)"
        f" on t.user_id = k.user_id and t.id = k.id order by t.user_id, t.id for {strength} of t)"
    )


def _key(row: tuple[Any, ...]) -> tuple[str, str]:
    return row[0], row[1]


def _part(group: Group, table: Table, rows: Sequence[tuple[Any, ...]], args: list[Any]) -> str:
    """The SQL of a group, which gives one row for each step that was done."""
    fits = conditions(table, dict(group.where), args)
    if group.step != "put":
        source = f"{_source(rows, ('text', 'text'), args)} k(user_id, id)"
        if group.kind == "drop":
            return (
                f"(delete from {table.name} t using {source} where t.user_id = k.user_id and t.id = k.id returning 1)"
            )
        return (
            f"materialized (select from {table.name} t join {source} on t.user_id = k.user_id and t.id = k.id{fits}"
            " order by t.user_id, t.id for share of t)"
        )
    names, types = table.row_names, table.row_types
    if group.kind == "update":
        changes = ", ".join(f"{name} = k.{name}" for name in names[2:])
        return (
            f"(update {table.name} t set {changes} from {_source(rows, (*types, 'bigint'), args)}"
            f" k({', '.join(names)}, expects)"
            " where t.user_id = k.user_id and t.id = k.id and t.revision = k.expects returning 1)"
        )
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    otherwise = "nothing" if group.kind == "insert" else f"update set {changes}"
    return (
        f"(insert into {table.name} ({', '.join(names)}) select * from {_source(rows, types, args)} k"
        f" on conflict (user_id, id) do {otherwise} returning 1)"
    )


def _source(rows: Sequence[tuple[Any, ...]], types: Sequence[str], args: list[Any]) -> str:
    """The rows as a table, their values appended to `args`.

    Many rows are one array for each column, so that the text of the statement is the same for any number. A few are
    written out, which PostgreSQL runs in three quarters of the time.
    """
    place = len(args)
    if len(rows) > FEW:
        args.extend(zip(*rows, strict=True))
        return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(types, place + 1))})"
    lines = []
    for row in rows:
        args.extend(row)
        lines.append(f"({', '.join(f'${number}::{kind}' for number, kind in enumerate(types, place + 1))})")
        place += len(types)
    return f"(values {', '.join(lines)})"
