"""The SQL of the reads of a store; values are always passed as parameters."""
# ruff: noqa: S608  (names of tables and columns are our own and quoted; nothing that a user sends gets here)

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

from reyna.ports.store import Collection, Contains, NotNull, Where
from reyna.storage.semantics import BASE_COLUMNS

TYPES: Final[Mapping[type[inspect.Type], str]] = {
    inspect.StrType: "text",
    inspect.IntType: "bigint",
    inspect.BoolType: "boolean",
    inspect.FloatType: "double precision",
    inspect.DateTimeType: "timestamptz",
}
LITERALS: Final = {str: "text", int: "bigint"}
ANY_OF: Final = (list, tuple, set, frozenset)

# The tables of a service besides those of its collections.
OWN_TABLES: Final = {
    "outbox": {"seq": "bigint", "id": "text", "subject": "text", "body": "bytea", "created_at": "timestamptz"},
    "sums": {"user_id": "text", "name": "text", "value": "bigint"},
    "orders": {"user_id": "text", "number": "bigint", "by": "text", "others": "bigint", "below": "bigint"},
}
COLUMNS: Final = """
    select format('%s.%s', n.nspname, c.relname), a.attname, case a.atttypid
        when 'timestamptz'::regtype then 'timestamptz' else format_type(a.atttypid, null) end
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')"""


class Table:
    """The table of a collection: the types of its columns, and the mapping of records to rows."""

    def __init__(self, collection: Collection[Any]) -> None:
        self.collection = collection
        self.name = ".".join(f'"{part}"' for part in collection.name.split("."))
        self.columns = (*BASE_COLUMNS, *collection.columns)
        declared = {field.name: field.type for field in inspect.type_info(collection.record_type).fields}  # type: ignore[attr-defined]
        self.types = {
            column: _sql_type(collection, column, declared[column]) if column in declared else "text"
            for column in self.columns
        }
        self.row_names = [f'"{name}"' for name in ("user_id", "id", "revision", *collection.columns, "body")]
        self.row_types = ("text", "text", "bigint", *(self.types[column] for column in collection.columns), "text")
        self.updated_types = (*self.row_types, "bigint")  # of a row and the revision that it expects
        self.decode: Callable[[str], Any] = msgspec.json.Decoder(collection.record_type).decode
        self._values: Callable[[Any], tuple[Any, ...]] = attrgetter("user_id", "id", "revision", *collection.columns)

    def row(self, record: Any) -> tuple[Any, ...]:
        """Returns the record's values in the order of `row_names`."""
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
        raise ValueError(f"{collection.name} cannot be queried by {column}: it has no single plain type")
    return kind


def storable(value: Any) -> bool:
    """Returns whether PostgreSQL can hold the value: text without U+0000 and lone surrogates, numbers of 64 bits."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def conditions(table: Table, where: Where, args: list[Any]) -> str:
    """Returns the conditions behind `where t.user_id = …`, each with a leading `and`; appends the values to `args`."""
    parts = []
    for field, wanted in where.items():
        column = f't."{field}"'
        if wanted is None:
            parts.append(f" and {column} is null")
        elif isinstance(wanted, NotNull):
            parts.append(f" and {column} is not null")
        elif isinstance(wanted, Contains):
            for word in wanted.words:
                args.append(word)
                parts.append(f" and strpos({column}, ${len(args)}::text) > 0")
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
        positions = []
        for field, value in zip(fields, after, strict=True):
            args.append(value)
            positions.append(f"${len(args)}::{table.types[field]}")
        # A row comparison, since only that lets the scan of the index start at the position.
        row = ", ".join(f't."{field}"' for field in fields)
        sql += f" and ({row}) {'<' if descending else '>'} ({', '.join(positions)})"
    sql += " order by " + ", ".join(f't."{field}"{" desc" if descending else ""}' for field in fields)
    if limit is not None:
        args.append(limit)
        sql += f" limit ${len(args)}::bigint"
    return sql, args


def count(table: Table, user_id: str, where: Where) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    return f"select count(*) from {table.name} t where t.user_id = $1{conditions(table, where, args)}", args


def count_by(table: Table, user_id: str, field: str, where: Where) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    filters = conditions(table, where, args)
    return f'select t."{field}", count(*) from {table.name} t where t.user_id = $1{filters} group by 1', args


def select(
    table: Table, user_id: str, fields: Sequence[str], where: Where, after: str | None, limit: int | None
) -> tuple[str, list[Any]]:
    args: list[Any] = [user_id]
    filters = conditions(table, where, args)
    selected = ", ".join(f't."{field}"' for field in fields)
    sql = f"select {selected} from {table.name} t where t.user_id = $1{filters}"
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
    """Returns the SQL for all reachable records, in no order: the caller counts the distances from the links.

    `union` drops records that were reached before, which ends a loop. Only a `depth` makes the distance part of the
    row; then a loop ends at the depth.
    """
    args: list[Any] = [user_id, list(start)]
    filters = conditions(table, where, args)
    next_to = f't."{link}" = reached.id' if toward == "children" else "t.id = reached.link"
    far, farther, near_enough, each = "", "", "", "reached"
    if depth is not None:
        args.append(depth)
        far, farther, near_enough = ", 0", ", reached.far + 1", f"where reached.far < ${len(args)}::bigint"
        each = "(select distinct id from reached)"
    # `lateral … offset 0` makes PostgreSQL look up the neighbours of each record that was reached. By its own estimates
    # it may scan all of the user's records at each level instead.
    return (
        f"""with recursive reached(id, link{", far" if far else ""}) as (
            select t.id, t."{link}"{far} from {table.name} t where t.user_id = $1 and t.id = any($2::text[]){filters}
            union
            select n.id, n.link{farther} from reached cross join lateral (
                select t.id, t."{link}" as link from {table.name} t where t.user_id = $1 and {next_to}{filters} offset 0
            ) n {near_enough}
        )
        select n.body from {each} r cross join lateral (
            select t.body from {table.name} t where t.user_id = $1 and t.id = r.id offset 0
        ) n""",
        args,
    )
