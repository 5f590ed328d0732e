"""Whether a JSON document is a schema that this house can hold: its size, its keywords, its patterns."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

import msgspec

from reyna.domain.data import encoded, without_nul
from reyna.domain.errors import DataError, Invalid, TooLarge
from reyna.fit import MOST_ERRORS
from reyna.fit.flat import flat
from reyna.fit.keywords import Dialect, Path, dialect_of, every, metaschema, pointer
from reyna.fit.patterns import LONGEST, Size, size_of
from reyna.fit.words import in_words

SCHEMA_BYTES: Final = 256 * 1024
MOST_SCHEMAS: Final = 5_000  # schemas within the schema
MOST_VALUES: Final = 5_000  # values of one enum
MOST_PATTERNS: Final = 100
MOST_WIDE: Final = 25  # of them, for the letters of every script; two milliseconds each in every process that validates
MOST_LARGE: Final = 5  # of them, up to 4 MiB each
OBJECTIONS: Final[dict[Size, str]] = {
    "too large": "is too large a pattern; write it shorter, or bound the length with maxLength",
    "backtracking": "needs backtracking (a look-ahead, a look-behind or a back-reference), which can take for ever",
    "unreadable": "is not a regular expression that we can read",
}


def check_schema(json_schema: Any) -> None:
    """Raises TooLarge, or Invalid naming the path of what is wrong, at most 50 places."""
    encoded(_named(json_schema), most=SCHEMA_BYTES, field="json_schema")
    if not isinstance(json_schema, dict | bool):
        raise Invalid.at("/json_schema", "is not a JSON Schema", expected="object or boolean")
    dialect = dialect_of(json_schema)
    if isinstance(json_schema, bool):
        return
    wrong = [
        DataError(path="/json_schema" + pointer(tuple(error.instance_path)), message=message, expected=expected)
        for error in islice(metaschema(dialect).iter_errors(json_schema), MOST_ERRORS)
        for message, expected in [in_words(error)]
    ]
    if wrong:
        raise Invalid(f"{wrong[0].path.lstrip('/')}: {wrong[0].message}", errors=wrong)


def check_bytes(json_schema: Any) -> None:
    """Raises TooLarge; a glance, before anything is done with it."""
    size = len(msgspec.json.encode(json_schema))
    if size > SCHEMA_BYTES:
        raise TooLarge(f"json_schema is {size:,} bytes of JSON; {SCHEMA_BYTES:,} are allowed.", size=size)


def _named(json_schema: Any) -> Any:
    """The schema with another character for U+0000 in the values that it names: no store has to find these."""
    try:
        body = msgspec.json.encode(json_schema)
        if b"\\u0000" not in body:
            return json_schema
        copy = msgspec.json.decode(body)
        for _, schema in every(copy):
            schema |= {name: without_nul(schema[name]) for name in ("const", "enum") if name in schema}
    except (ValueError, TypeError, OverflowError, RecursionError):  # which is refused in better words by who called
        return json_schema
    return copy


def check_whole(json_schema: Any, references: Mapping[str, Any]) -> None:
    """Raises Invalid, naming the path, when a schema and all that it refers to ask too much, or lead outside."""
    document = flat(json_schema, references)
    _check_counts(document)
    _check_patterns(document, dialect_of(json_schema))


def _check_counts(json_schema: Any) -> None:
    for number, (path, schema) in enumerate(every(json_schema), start=1):
        if number > MOST_SCHEMAS:
            raise Invalid.at("/json_schema", f"holds more than {MOST_SCHEMAS:,} schemas")
        if len(schema.get("enum", ())) > MOST_VALUES:
            at = "/json_schema" + pointer((*path, "enum"))
            raise Invalid.at(at, "lists too many values", expected=f"at most {MOST_VALUES:,}")


def _check_patterns(json_schema: Any, dialect: Dialect) -> None:
    patterns = list(_patterns(json_schema))
    if len(patterns) > MOST_PATTERNS:
        raise Invalid.at("/json_schema", "has too many patterns", expected=f"at most {MOST_PATTERNS}")
    large, wide = 0, set[str]()
    sized = cache(size_of)  # as in `guard`
    for pattern, path, longest in patterns:
        size = sized(pattern)
        at = "/json_schema" + pointer(path)
        if size in OBJECTIONS:
            raise Invalid.at(at, OBJECTIONS[size])
        if size == "wide":
            wide.add(pattern)
        if len(wide) > MOST_WIDE:
            raise Invalid.at(at, "is one more pattern for the letters of every script", expected=f"at most {MOST_WIDE}")
        large += size == "large"
        if size == "large" and (longest is None or longest > LONGEST):
            raise Invalid.at(at, "is a large pattern", expected=f"a maxLength of at most {LONGEST:,} beside it")
        if size == "large" and (large > MOST_LARGE or dialect.name in ("draft-04", "draft-06")):
            raise Invalid.at(at, "is a large pattern", expected=f"at most {MOST_LARGE}, in draft-07 or later")


def _patterns(json_schema: Any) -> Iterator[tuple[str, Path, float | None]]:
    """Every pattern, where it stands, and how long text may be there; names of properties may be of any length."""
    for path, schema in every(json_schema):
        if "pattern" in schema:
            yield schema["pattern"], (*path, "pattern"), schema.get("maxLength")
        for pattern in schema.get("patternProperties", ()):
            yield pattern, (*path, "patternProperties", pattern), None
