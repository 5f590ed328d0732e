"""Whether a JSON document is a schema that this house can hold: its size, its keywords, its patterns."""

from functools import cache
from itertools import islice
from typing import Any, Final

import jsonschema_rs as rs

from reyna.domain.data import encoded
from reyna.domain.errors import DataError, Invalid
from reyna.fit import MOST_ERRORS, REGEX
from reyna.fit.keywords import Dialect, Path, dialect_of, every, pointer
from reyna.fit.words import in_words

SCHEMA_BYTES: Final = 256 * 1024
MOST_SCHEMAS: Final = 5_000  # schemas within the schema
MOST_VALUES: Final = 5_000  # values of one enum
MOST_PATTERNS: Final = 100
MOST_LARGE: Final = 5  # patterns that need more than SMALL once compiled, up to the 4 MiB that one may need
SMALL: Final = rs.RegexOptions(size_limit=256 * 1024)
LINEAR: Final = rs.RegexOptions()
BACKTRACKING: Final = rs.FancyRegexOptions()


def check_schema(json_schema: Any) -> None:
    """Raises TooLarge or Invalid, naming the path of what is wrong; at most 50 places."""
    encoded(json_schema, most=SCHEMA_BYTES, field="json_schema")
    if not isinstance(json_schema, dict | bool):
        raise Invalid.at("/json_schema", "is not a JSON Schema", expected="object or boolean")
    dialect = dialect_of(json_schema)
    if isinstance(json_schema, bool):
        return
    wrong = [
        DataError(path="/json_schema" + pointer(tuple(error.instance_path)), message=message, expected=expected)
        for error in islice(_metaschema(dialect).iter_errors(json_schema), MOST_ERRORS)
        for message, expected in [in_words(error)]
    ]
    if wrong:
        raise Invalid(f"{wrong[0].path.lstrip('/')}: {wrong[0].message}", errors=wrong)
    _check_counts(json_schema)
    _check_patterns(json_schema)


@cache
def _metaschema(dialect: Dialect) -> rs.Validator:
    return dialect.validator({"$ref": dialect.uri}, offline=True)


def _check_counts(json_schema: Any) -> None:
    for number, (path, schema) in enumerate(every(json_schema), start=1):
        if number > MOST_SCHEMAS:
            raise Invalid.at("/json_schema", f"holds more than {MOST_SCHEMAS:,} schemas")
        if len(schema.get("enum", ())) > MOST_VALUES:
            at = "/json_schema" + pointer((*path, "enum"))
            raise Invalid.at(at, "lists too many values", expected=f"at most {MOST_VALUES:,}")


def _check_patterns(json_schema: Any) -> None:
    patterns: dict[str, Path] = {}
    for path, schema in every(json_schema):
        if "pattern" in schema:
            patterns.setdefault(schema["pattern"], (*path, "pattern"))
        for pattern in schema.get("patternProperties", ()):
            patterns.setdefault(pattern, (*path, "patternProperties", pattern))
    if len(patterns) > MOST_PATTERNS:
        raise Invalid.at("/json_schema", "has too many patterns", expected=f"at most {MOST_PATTERNS}")
    large = 0
    for pattern, path in patterns.items():
        if _compiles(pattern, SMALL):
            continue
        large += 1
        if large > MOST_LARGE or not _compiles(pattern, REGEX):
            raise Invalid.at("/json_schema" + pointer(path), _objection(pattern))


def _objection(pattern: str) -> str:
    if _compiles(pattern, LINEAR):
        return "is too large a pattern; write it shorter, or bound the length with maxLength"
    if _compiles(pattern, BACKTRACKING):
        return "needs backtracking (a look-ahead, a look-behind or a back-reference), which can take for ever"
    return "is not a regular expression that we can read"


def _compiles(pattern: str, options: rs.RegexOptions | rs.FancyRegexOptions) -> bool:
    try:
        rs.Draft202012Validator({"pattern": pattern}, pattern_options=options, offline=True)
    except ValueError:
        return False
    return True
