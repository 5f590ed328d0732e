"""The dialects of JSON Schema, and the keywords that contain schemas."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import jsonschema_rs as rs

from reyna.domain.errors import Invalid

Path = tuple[str | int, ...]
SchemaObject = dict[str, Any]


class Dialect(NamedTuple):
    """A published dialect of JSON Schema; `definitions` is its keyword for definitions."""

    uri: str
    name: str
    definitions: str
    validator: type[rs.Validator]

    @property
    def ignores_ref_siblings(self) -> bool:
        """True up to draft-07, where keywords beside a `$ref` have no effect."""
        return self.definitions == "definitions"

    @property
    def asserts_lone_format(self) -> bool:
        """True up to draft-07. Since 2019-09 `format` is an annotation; beside a `type` that allows text we assert
        it."""
        return self.definitions == "definitions"

    @property
    def uri_prefix(self) -> str:
        """The beginning of the URIs of all documents that are published with this dialect."""
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
POINTER_SAFE: Final = "/!$&'()*+,;=:@~-._"  # characters of a JSON Pointer that a URI fragment may contain
DEFAULT_DIALECT: Final = next(iter(DIALECTS.values()))

IN_PLACE_LIST_APPLICATORS: Final = ("allOf", "anyOf", "oneOf")  # lists of schemas for the same value
IN_PLACE_APPLICATORS: Final = ("not", "if", "then", "else")  # one schema for the same value
ITEM_APPLICATORS: Final = ("items", "additionalItems", "contains", "unevaluatedItems")
PROPERTY_APPLICATORS: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames")
SCHEMA_KEYWORDS: Final = frozenset((*IN_PLACE_APPLICATORS, *ITEM_APPLICATORS, *PROPERTY_APPLICATORS, "contentSchema"))
SCHEMA_LIST_KEYWORDS: Final = frozenset((*IN_PLACE_LIST_APPLICATORS, "prefixItems", "items"))
SCHEMA_MAP_KEYWORDS: Final = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions")
)
ASSERTION_KEYWORDS: Final = frozenset(
    (
        *("type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
        *("items", "additionalItems", "prefixItems", "contains", "minContains", "maxContains", "unevaluatedItems"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "dependentRequired"),
        *("dependencies", "propertyNames", "additionalProperties", "unevaluatedProperties"),
        *("allOf", "anyOf", "oneOf", "not", "if"),
    )
)  # keywords that data can fail


def is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def dialect_of(json_schema: Any) -> Dialect:
    """Returns the dialect named by `$schema`, 2020-12 without it. Raises Invalid for an unknown dialect."""
    if not isinstance(json_schema, dict) or "$schema" not in json_schema:
        return DEFAULT_DIALECT
    uri = json_schema["$schema"]
    if not isinstance(uri, str) or (dialect := DIALECTS.get(uri.removesuffix("#"))) is None:
        raise Invalid.at("/json_schema/$schema", "is not a supported dialect", expected=", ".join(DIALECTS))
    return dialect


@cache
def metaschema(dialect: Dialect) -> rs.Validator:
    """Returns the validator for schemas of a dialect."""
    return dialect.validator({"$ref": dialect.uri}, offline=True)


@cache
def published_metaschemas(dialect: Dialect) -> dict[str, Any]:
    """Returns the metaschemas of a dialect by URI; a schema may refer to them."""
    bundled: Any = rs.bundle({"$schema": dialect.uri, "$ref": dialect.uri}, offline=True)
    return {uri: each for uri, each in bundled[dialect.definitions].items() if uri.startswith(dialect.uri_prefix)}


def direct_subschemas(schema: SchemaObject) -> Iterator[tuple[Path, Any]]:
    """Yields the schemas directly inside this one, with their paths."""
    for keyword, value in schema.items():
        if keyword in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            yield from (((keyword, name), child) for name, child in value.items() if is_schema(child))
        elif keyword in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            yield from (((keyword, place), child) for place, child in enumerate(value) if is_schema(child))
        elif keyword in SCHEMA_KEYWORDS and is_schema(value):
            yield (keyword,), value


def walk_schemas(json_schema: Any) -> Iterator[tuple[Path, SchemaObject]]:
    """Yields every object schema within this one, itself first, with its path."""
    stack: list[tuple[Path, Any]] = [((), json_schema)]
    while stack:
        path, schema = stack.pop()
        if isinstance(schema, dict):
            yield path, schema
            stack.extend((path + step, child) for step, child in direct_subschemas(schema))


def pointer(path: Path) -> str:
    """Returns the path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in path)
