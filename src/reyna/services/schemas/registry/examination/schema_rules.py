"""The rules that a JSON Schema must meet to be registered: its size, its keywords, its patterns."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

import msgspec

from reyna.domain.errors import DataError, Invalid, TooLarge
from reyna.domain.json.data import encode_json, without_nul
from reyna.validation.bundling.bundle import bundle_schema
from reyna.validation.complexity.patterns import MAX_LARGE_PATTERN_TEXT, Size, pattern_size
from reyna.validation.keywords import Dialect, Path, dialect_of, metaschema, pointer, walk_schemas
from reyna.validation.messages import describe_error
from reyna.validation.validator import MAX_ERRORS

MAX_SCHEMA_BYTES: Final = 256 * 1024
MAX_SUBSCHEMAS: Final = 5_000  # of one schema
MAX_ENUM_VALUES: Final = 5_000  # values of one enum
MAX_PATTERNS: Final = 100
MAX_WIDE_PATTERNS: Final = 25  # with character classes of all scripts; each takes 2 ms in every process that validates
MAX_LARGE_PATTERNS: Final = 5  # up to 4 MiB each
OBJECTIONS: Final[dict[Size, str]] = {
    "too large": "is too large a pattern; write it shorter, or bound the length with maxLength",
    "backtracking": "needs backtracking (a look-ahead, a look-behind or a back-reference), which can take for ever",
    "unreadable": "is not a regular expression that we can read",
}


def check_schema(json_schema: Any) -> None:
    """Raises TooLarge, or Invalid with the path of each error, at most 50."""
    encode_json(_without_nul_values(json_schema), most=MAX_SCHEMA_BYTES, field="json_schema")
    if not isinstance(json_schema, dict | bool):
        raise Invalid.at("/json_schema", "is not a JSON Schema", expected="object or boolean")
    dialect = dialect_of(json_schema)
    if isinstance(json_schema, bool):
        return
    wrong = [
        DataError(path="/json_schema" + pointer(tuple(error.instance_path)), message=message, expected=expected)
        for error in islice(metaschema(dialect).iter_errors(json_schema), MAX_ERRORS)
        for message, expected in [describe_error(error)]
    ]
    if wrong:
        raise Invalid(f"{wrong[0].path.lstrip('/')}: {wrong[0].message}", errors=wrong)


def check_bytes(json_schema: Any) -> None:
    """Raises TooLarge. This is the first and cheapest check."""
    size = len(msgspec.json.encode(json_schema))
    if size > MAX_SCHEMA_BYTES:
        raise TooLarge(f"json_schema is {size:,} bytes of JSON; {MAX_SCHEMA_BYTES:,} are allowed.", size=size)


def _without_nul_values(json_schema: Any) -> Any:
    """Returns the schema with U+0000 replaced in `const` and `enum`, which are compared with data and never stored
    by themselves."""
    try:
        body = msgspec.json.encode(json_schema)
        if b"\\u0000" not in body:
            return json_schema
        copy = msgspec.json.decode(body)
        for _, schema in walk_schemas(copy):
            schema |= {name: without_nul(schema[name]) for name in ("const", "enum") if name in schema}
    except (ValueError, TypeError, OverflowError, RecursionError):  # the caller refuses it with a better message
        return json_schema
    return copy


def check_whole(json_schema: Any, references: Mapping[str, Any]) -> None:
    """Raises Invalid, with the path, when a schema with its references is too complex, or a reference cannot be
    resolved."""
    document = bundle_schema(json_schema, references)
    _check_counts(document)
    _check_patterns(document, dialect_of(json_schema))


def _check_counts(json_schema: Any) -> None:
    for number, (path, schema) in enumerate(walk_schemas(json_schema), start=1):
        if number > MAX_SUBSCHEMAS:
            raise Invalid.at("/json_schema", f"holds more than {MAX_SUBSCHEMAS:,} schemas")
        if len(schema.get("enum", ())) > MAX_ENUM_VALUES:
            at = "/json_schema" + pointer((*path, "enum"))
            raise Invalid.at(at, "lists too many values", expected=f"at most {MAX_ENUM_VALUES:,}")


def _check_patterns(json_schema: Any, dialect: Dialect) -> None:
    patterns = list(_patterns(json_schema))
    if len(patterns) > MAX_PATTERNS:
        raise Invalid.at("/json_schema", "has too many patterns", expected=f"at most {MAX_PATTERNS}")
    large, wide = 0, set[str]()
    sized = cache(pattern_size)  # as in `guard_large_patterns`
    for pattern, path, longest in patterns:
        size = sized(pattern)
        at = "/json_schema" + pointer(path)
        if size in OBJECTIONS:
            raise Invalid.at(at, OBJECTIONS[size])
        if size == "wide":
            wide.add(pattern)
        if len(wide) > MAX_WIDE_PATTERNS:
            raise Invalid.at(
                at, "is one more pattern for the letters of every script", expected=f"at most {MAX_WIDE_PATTERNS}"
            )
        large += size == "large"
        if size == "large" and (longest is None or longest > MAX_LARGE_PATTERN_TEXT):
            raise Invalid.at(
                at, "is a large pattern", expected=f"a maxLength of at most {MAX_LARGE_PATTERN_TEXT:,} beside it"
            )
        if size == "large" and (large > MAX_LARGE_PATTERNS or dialect.name in ("draft-04", "draft-06")):
            raise Invalid.at(at, "is a large pattern", expected=f"at most {MAX_LARGE_PATTERNS}, in draft-07 or later")


def _patterns(json_schema: Any) -> Iterator[tuple[str, Path, float | None]]:
    """Yields every pattern with its path and the maximum length of the text, which is None for names of properties."""
    for path, schema in walk_schemas(json_schema):
        if "pattern" in schema:
            yield schema["pattern"], (*path, "pattern"), schema.get("maxLength")
        for pattern in schema.get("patternProperties", ()):
            yield pattern, (*path, "patternProperties", pattern), None
