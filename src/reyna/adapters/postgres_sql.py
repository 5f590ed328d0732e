"""The questions a store asks PostgreSQL, as text; values never stand in it, they go beside it."""
# ruff: noqa: S608  (names of tables and columns are the house's own and quoted; nothing a user sends gets here)

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

from reyna.ports import Collection, Present, Where
from reyna.steps import ALWAYS

TYPES: Final[Mapping[type[inspect.Type], str]] = {
    inspect.StrType: "text",
    inspect.IntType: "bigint",
    inspect.BoolType: "boolean",
    inspect.FloatType: "double precision",
    inspect.DateTimeType: "timestamptz",
}
LITERALS: Final = {str: "text", int: "bigint"}
ANY_OF: Final = (list, tuple, set, frozenset)

# What a service has beside its collections.
BESIDE: Final = {
    "outbox": {"seq": "bigint", "id": "text", "subject": "text", "body": "bytea", "created_at": "timestamptz"},
    "sums": {"user_id": "text", "name": "text", "value": "bigint"},
}
COLUMNS: Final = """
    select format('%s.%s', n.nspname, c.relname), a.attname, case a.atttypid
        when 'timestamptz'::regtype then 'timestamptz' else format_type(a.atttypid, null) end
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')"""


class Table:
    """A collection's table: what its columns hold, and how a record becomes a row and comes back."""

    def __init__(self, collection: Collection[Any]) -> None:
        self.collection = collection
        self.name = ".".join(f'"{part}"' for part in collection.name.split("."))
        self.columns = (*ALWAYS, *collection.columns)
        declared = {field.name: field.type for field in inspect.type_info(collection.holds).fields}  # type: ignore[attr-defined]
        self.types = {column: _sql_type(collection, column, declared[column]) for column in self.columns}
        self.row_names = [f'"{name}"' for name in ("user_id", "id", "revision", *collection.columns, "body")]
        self.row_types = ["text", "text", "bigint", *(self.types[column] for column in collection.columns), "text"]
        self.decode: Callable[[str], Any] = msgspec.json.Decoder(collection.holds).decode
        self._values: Callable[[Any], tuple[Any, ...]] = attrgetter("user_id", "id", "revision", *collection.columns)

    def row(self, record: Any) -> tuple[Any, ...]:
        """The record's values in the order of `row_names`."""
        return (*self._values(record), msgspec.json.encode(record).decode())


def _sql_type(collection: Collection[Any], column: str, declared: inspect.Type) -> str:
    types = declared.types if isinstance(declared, inspect.UnionType) else (declared,)
    kinds = {
        LITERALS.get(type(value.values[0])) if isinstance(value, inspect.LiteralType) else TYPES.get(type(value))
        for value in types
        if not isinstance(value, inspect.NoneType)
    }
    kind = kinds.pop()
    if kind is None or kinds:
        raise ValueError(f"{collection.name} cannot be asked for {column}: it holds more than one plain value")
    return kind


def storable(value: Any) -> bool:
    """Whether PostgreSQL can hold the value: text without U+0000 and lone surrogates, whole numbers of 64 bits."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def conditions(table: Table, where: Where, args: list[Any]) -> str:
    """What follows `where t.user_id = …`, with a leading `and` for each field; appends the values to `args`."""
    parts = []
    for field, wanted in where.items():
        column = f't."{field}"'
        if wanted is None:
            parts.append(f" and {column} is null")
        elif isinstance(wanted, Present):
            parts.append(f" and {column} is not null")
        elif isinstance(wanted, ANY_OF):
            args.append([value for value in wanted if value is not None])
            any_of = f"{column} = any(${len(args)}::{table.types[field]}[])"
            parts.append(f" and ({any_of} or {column} is null)" if None in wanted else f" and {any_of}")
        else:
            args.append(wanted)
            parts.append(f" and {column} = ${len(args)}::{table.types[field]}")
    return "".join(parts)


def find(
    table: Table,
    user_id: str,
    where: Where,
    order: Sequence[str],
    descending: bool,
    after: Sequence[Any] | None,
    limit: int | None,
) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    sql = f"select t.body from {table.name} t where t.user_id = $1{conditions(table, where, args)}"
    fields = (*order, "id")
    if after is not None:
        if len(after) != len(fields):
            raise ValueError("`after` is one value for each field of `order`, and the id")
        places = []
        for field, value in zip(fields, after, strict=True):
            args.append(value)
            places.append(f"${len(args)}::{table.types[field]}")
        # A row comparison, because only that lets the index start at the place.
        row = ", ".join(f't."{field}"' for field in fields)
        sql += f" and ({row}) {'<' if descending else '>'} ({', '.join(places)})"
    sql += " order by " + ", ".join(f't."{field}"{" desc" if descending else ""}' for field in fields)
    if limit is not None:
        args.append(limit)
        sql += f" limit ${len(args)}::bigint"
    return sql, args


def count(table: Table, user_id: str, where: Where) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    return f"select count(*) from {table.name} t where t.user_id = $1{conditions(table, where, args)}", args


def tally(table: Table, user_id: str, field: str, where: Where) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    fits = conditions(table, where, args)
    return f'select t."{field}", count(*) from {table.name} t where t.user_id = $1{fits} group by 1', args


def pick(
    table: Table, user_id: str, fields: Sequence[str], where: Where, after: str | None, limit: int | None
) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    fits = conditions(table, where, args)
    picked = ", ".join(f't."{field}"' for field in fields)
    sql = f"select {picked} from {table.name} t where t.user_id = $1{fits}"
    if after is not None:
        args.append(after)
        sql += f" and t.id > ${len(args)}::text"
    sql += " order by t.id"
    if limit is not None:
        args.append(limit)
        sql += f" limit ${len(args)}::bigint"
    return sql, args


def walk(
    table: Table,
    user_id: str,
    start: Sequence[str],
    link: str,
    toward: Literal["children", "parents"],
    depth: int | None,
    where: Where,
) -> tuple[str, list[Any]]:
    """Everything reached, in no order: who asks knows the links and can count the distances.

    `union` drops what was reached before, which is what ends a loop. Only a `depth` makes the distance part of the
    row; then a loop ends at the depth.
    """
    args: list[Any] = [user_id, list(start)]
    fits = conditions(table, where, args)
    next_to = f't."{link}" = reached.id' if toward == "children" else "t.id = reached.link"
    far, farther, near_enough, each = "", "", "", "reached"
    if depth is not None:
        args.append(depth)
        far, farther, near_enough = ", 0", ", reached.far + 1", f"where reached.far < ${len(args)}::bigint"
        each = "(select distinct id from reached)"
    # `lateral … offset 0` holds PostgreSQL to looking up the neighbours of each record that was reached. Left to its
    # estimates it may go through all of the user's records at each level instead.
    return (
        f"""with recursive reached(id, link{", far" if far else ""}) as (
            select t.id, t."{link}"{far} from {table.name} t where t.user_id = $1 and t.id = any($2::text[]){fits}
            union
            select n.id, n.link{farther} from reached cross join lateral (
                select t.id, t."{link}" as link from {table.name} t where t.user_id = $1 and {next_to}{fits} offset 0
            ) n {near_enough}
        )
        select n.body from {each} r cross join lateral (
            select t.body from {table.name} t where t.user_id = $1 and t.id = r.id offset 0
        ) n""",
        args,
    )
