"""The rows of a statement as its parameters, and the SQL that makes a table of them again."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

Row: TypeAlias = tuple[Any, ...]
Form: TypeAlias = int
"""How rows are passed: the number of rows that are written out, or one of the two forms by column."""

MAX_INLINE_ROWS: Final = 2  # which are written out as values
JOINED: Final = 0  # a column of text is one text, every other one an array
ARRAYS: Final = -1  # every column is an array
SEPARATOR: Final = "\x1f"  # between the texts of a column, the "unit separator" of ASCII
NULL: Final = "\x1e"


def add_rows(rows: Sequence[Row], types: Sequence[str], args: list[Any]) -> Form:
    """Appends the values of the rows to `args`, and returns their form.

    A few rows are written out, which PostgreSQL runs in three quarters of the time. Many are one parameter for each
    column, so that the text of the statement is the same for any number. A column of text is joined to one text, since
    asyncpg takes 0.5 µs for each item of an array: that halves what it takes for a statement.
    """
    if len(rows) <= MAX_INLINE_ROWS:
        for row in rows:
            args.extend(row)
        return len(rows)
    columns = list(zip(*rows, strict=True))
    joined: list[Any] = []
    for kind, column in zip(types, columns, strict=True):
        value = join_texts(column) if kind == "text" else column
        if value is None:
            args.extend(columns)
            return ARRAYS
        joined.append(value)
    args.extend(joined)
    return JOINED


def join_texts(column: Sequence[str | None]) -> str | None:
    """Returns the texts of a column as one text; None when one of them contains a separator."""
    nulls = column.count(None)
    joined = SEPARATOR.join([NULL if text is None else text for text in column] if nulls else column)  # type: ignore[arg-type]
    return joined if joined.count(SEPARATOR) == len(column) - 1 and joined.count(NULL) == nulls else None


def parameter_count(types: Sequence[str], form: Form) -> int:
    return len(types) * max(form, 1)


def rows_sql(types: Sequence[str], form: Form, offset: int) -> str:
    """Returns the table of the rows whose values stand behind the first `offset` parameters."""
    if form > 0:
        starts = range(offset + 1, offset + 1 + form * len(types), len(types))
        lines = (f"({', '.join(f'${number}::{kind}' for number, kind in enumerate(types, start))})" for start in starts)
        return f"(values {', '.join(lines)})"
    return f"unnest({', '.join(column_sql(kind, form, number) for number, kind in enumerate(types, offset + 1))})"


def column_sql(kind: str, form: Form, number: int) -> str:
    """Returns the array of a column that is this parameter."""
    if kind == "text" and form == JOINED:
        return f"string_to_array(${number}::text, e'\\x1f', e'\\x1e')"
    return f"${number}::{kind}[]"
