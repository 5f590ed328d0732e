"""Where in a JSON Schema other schemas stand, and which dialect is spoken."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import jsonschema_rs as rs

from reyna.domain.errors import Invalid

Path = tuple[str | int, ...]
Object = dict[str, Any]


class Dialect(NamedTuple):
    """A published version of JSON Schema; `definitions` is where it keeps schemas to refer to."""

    uri: str
    name: str
    definitions: str
    validator: type[rs.Validator]

    @property
    def lone_references(self) -> bool:
        """Up to draft-07 whatever stands beside a `$ref` does not count."""
        return self.definitions == "definitions"

    @property
    def lone_formats(self) -> bool:
        """Since 2019-09 `format` by itself is an annotation; beside a `type` that allows text we assert it."""
        return self.definitions == "definitions"

    @property
    def folder(self) -> str:
        """What the URIs of all that is published with this dialect begin with."""
        return self.uri.removesuffix("schema")


DIALECTS: Final = {
    dialect.uri: dialect
    for dialect in (
        Dialect("https://json-schema.org/draft/2020-12/schema", "2020-12", "$defs", rs.Draft202012Validator),
        Dialect("https://json-schema.org/draft/2019-09/schema", "2019-09", "$defs", rs.Draft201909Validator),
        Dialect("http://json-schema.org/draft-07/schema", "draft-07", "definitions", rs.Draft7Validator),
        Dialect("http://json-schema.org/draft-06/schema", "draft-06", "definitions", rs.Draft6Validator),
        Dialect("http://json-schema.org/draft-04/schema", "draft-04", "definitions", rs.Draft4Validator),
    )
}
LATEST: Final = next(iter(DIALECTS.values()))

BESIDE: Final = ("allOf", "anyOf", "oneOf")  # lists of schemas for the same place in the data
ALONE: Final = ("not", "if", "then", "else")  # one schema for the same place
OF_ITEMS: Final = ("items", "additionalItems", "contains", "unevaluatedItems")
OF_PROPERTIES: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
ONE: Final = frozenset((*ALONE, *OF_ITEMS, *OF_PROPERTIES, "contentSchema"))
LISTS: Final = frozenset((*BESIDE, "prefixItems", "items"))
MAPS: Final = frozenset(("properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"))
RULES: Final = frozenset(
    (
        *("type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
        *("items", "additionalItems", "prefixItems", "contains", "minContains", "maxContains", "unevaluatedItems"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "dependentRequired"),
        *("dependencies", "propertyNames", "additionalProperties", "unevaluatedProperties"),
        *("allOf", "anyOf", "oneOf", "not", "if"),
    )
)  # keywords by which data can fail


def is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def dialect_of(json_schema: Any) -> Dialect:
    """What `$schema` says, 2020-12 when it says nothing; refuses a dialect we do not speak."""
    if not isinstance(json_schema, dict) or "$schema" not in json_schema:
        return LATEST
    uri = json_schema["$schema"]
    if not isinstance(uri, str) or (dialect := DIALECTS.get(uri.removesuffix("#"))) is None:
        raise Invalid.at("/json_schema/$schema", "is not a dialect we speak", expected=", ".join(DIALECTS))
    return dialect


@cache
def metaschema(dialect: Dialect) -> rs.Validator:
    """Validates schemas of that dialect."""
    return dialect.validator({"$ref": dialect.uri}, offline=True)


@cache
def metaschemas(dialect: Dialect) -> dict[str, Any]:
    """The published schemas of schemas of that dialect, by URI; a schema may refer to them as to its own parts."""
    bundled: Any = rs.bundle({"$schema": dialect.uri, "$ref": dialect.uri}, offline=True)
    return {uri: each for uri, each in bundled[dialect.definitions].items() if uri.startswith(dialect.folder)}


def children(schema: Object) -> Iterator[tuple[Path, Any]]:
    """The schemas directly inside this one, with the way to each."""
    for keyword, value in schema.items():
        if keyword in MAPS and isinstance(value, dict):
            yield from (((keyword, name), child) for name, child in value.items() if is_schema(child))
        elif keyword in LISTS and isinstance(value, list):
            yield from (((keyword, place), child) for place, child in enumerate(value) if is_schema(child))
        elif keyword in ONE and is_schema(value):
            yield (keyword,), value


def every(json_schema: Any) -> Iterator[tuple[Path, Object]]:
    """Every schema in this one that is an object, itself first."""
    stack: list[tuple[Path, Any]] = [((), json_schema)]
    while stack:
        path, schema = stack.pop()
        if isinstance(schema, dict):
            yield path, schema
            stack.extend((path + step, child) for step, child in children(schema))


def pointer(path: Path) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in path)
