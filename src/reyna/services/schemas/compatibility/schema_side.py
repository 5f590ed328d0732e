"""One of the two compared schemas, interpreted in the same way in every dialect."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial, reduce
from operator import getitem
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import jsonschema_rs as rs

from reyna.validation.bundling.bundle import bundle_schema
from reyna.validation.complexity.patterns import LARGE_PATTERN_OPTIONS, guard_large_patterns
from reyna.validation.keywords import (
    DIALECTS,
    POINTER_SAFE,
    Dialect,
    Path,
    dialect_of,
    is_schema,
    pointer,
    walk_schemas,
)
from reyna.validation.validator import compile_engine

# The kinds of value that rules distinguish. Up to draft-04 only a number written without a fraction is an integer,
# later 1.0 is one too, so `whole` stands for 1.0 as it is written.
VALUE_KINDS: Final = frozenset(("null", "boolean", "object", "array", "string", "integer", "whole", "fraction"))
NUMBER_KINDS: Final = frozenset(("integer", "whole", "fraction"))
ASSERTED_FORMATS: Final = frozenset(
    (
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
        *("uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer"),
        *("relative-json-pointer", "regex"),
    )
)  # any other format is an annotation
DRAFT_ORDER: Final = [dialect.name for dialect in reversed(DIALECTS.values())]  # draft-04 first
FIRST_DRAFT_OF: Final = {
    keyword: DRAFT_ORDER.index(name)
    for name, keywords in {
        "draft-06": ("const", "contains", "propertyNames"),
        "draft-07": ("if",),
        "2019-09": (
            *("minContains", "maxContains", "dependentRequired", "dependentSchemas"),
            *("unevaluatedProperties", "unevaluatedItems"),
        ),
        "2020-12": ("prefixItems",),
    }.items()
    for keyword in keywords
}
OLDER_HOSTNAME: Final = "hostname (up to draft-06)"  # accepts labels of later standards such as xn--X
CONTENT_KEYWORDS: Final = (
    "contentEncoding",
    "contentMediaType",
)  # asserted by the engine in draft-06 and draft-07 only
COPIED_KEYWORDS: Final = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("pattern", "uniqueItems"),
)
BOUND_KEYWORDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")

Keywords = Mapping[str, Any]


class Subschema:
    """A schema within one side, identified by the side and its JSON Pointer `at`.

    A synthetic subschema, which no author wrote, stands for a case of a proof, such as "the property is present".
    """

    __slots__ = ("_keywords", "_read", "at", "is_authored", "key", "side")

    def __init__(self, side: "SchemaSide", at: str, read: Callable[[], Keywords | bool], is_authored: bool) -> None:
        self.side, self.at, self.is_authored, self._read = side, at, is_authored, read
        self.key = (side.name, at)
        self._keywords: Keywords | bool | None = None

    @property
    def keywords(self) -> Keywords | bool:
        """The asserted keywords, or `True` or `False`. Computed at first use, because schemas can refer to one
        another in circles."""
        if self._keywords is None:
            self._keywords = self._read()
        return self._keywords

    def get(self, keyword: str, default: Any = None) -> Any:
        """Returns the value of a keyword: a subschema, subschemas, or the authored value."""
        return self.keywords.get(keyword, default) if isinstance(self.keywords, Mapping) else default

    def accepts(self, value: Any) -> bool:
        """Returns whether the engine accepts this value; only for authored subschemas."""
        return self.side.validator(self.at).is_valid(value)


class SchemaSide:
    """A bundled schema and its subschemas by pointer."""

    def __init__(self, name: str, json_schema: Any, references: Mapping[str, Any]) -> None:
        """Raises Invalid for a schema that cannot be accepted."""
        self.name, self.dialect = name, dialect_of(json_schema)
        self.document = bundle_schema(json_schema, references)
        self.authored_schema = json_schema
        self.registered_uris = dict(enumerate(sorted(references)))
        self._draft_number = DRAFT_ORDER.index(self.dialect.name)
        self._subschemas: dict[str, Subschema] = {}
        guarded = bundle_schema(json_schema, references)
        guard_large_patterns(guarded, self.dialect)
        self.root_validator = compile_engine(guarded, self.dialect)
        self._registry = rs.Registry([("reyna:compared", guarded)], draft=_draft(self.dialect))
        self.validator = cache(self._validator)

    @property
    def distinguishes_floats(self) -> bool:
        """True when 1.0 is not an integer (draft-04)."""
        return self.dialect.name == "draft-04"

    @property
    def root(self) -> Subschema:
        return self.subschema(())

    def subschema(self, path: Path) -> Subschema:
        at = pointer(path)
        if at not in self._subschemas:
            schema = reduce(getitem, path, self.document)
            read = (lambda: schema) if isinstance(schema, bool) else partial(self._read, path, schema)
            self._subschemas[at] = Subschema(self, at, read, is_authored=True)
        return self._subschemas[at]

    def make_case(self, name: str, keywords: Keywords) -> Subschema:
        """Returns a synthetic subschema; the name identifies it among all others of this side."""
        at = f"?{name}"
        if at not in self._subschemas:
            self._subschemas[at] = Subschema(self, at, lambda: keywords, is_authored=False)
        return self._subschemas[at]

    def schema_paths(self) -> Iterator[Path]:
        """Yields the path of every object schema of this side."""
        return (path for path, _ in walk_schemas(self.document))

    def patterns(self) -> Iterator[str]:
        """Yields every pattern, of text and of names."""
        for schema in map(self.subschema, self.schema_paths()):
            yield from (pattern for pattern in (schema.get("pattern"),) if pattern is not None)
            yield from schema.get("patternProperties", ())

    def _validator(self, at: str) -> rs.Validator:
        ref = {"$ref": "reyna:compared#" + quote(at, safe=POINTER_SAFE)}
        return self.dialect.validator(
            ref, registry=self._registry, validate_formats=True, pattern_options=LARGE_PATTERN_OPTIONS, offline=True
        )

    def _supports(self, keyword: str) -> bool:
        return self._draft_number >= FIRST_DRAFT_OF.get(keyword, 0)

    def _read(self, path: Path, schema: dict[str, Any]) -> Keywords:
        """Returns the assertions of a schema, with subschemas in place of schemas, and without annotations."""
        assertions: dict[str, Any] = {}
        if "$ref" in schema:
            assertions["$ref"] = self.subschema(self.resolve(schema["$ref"]))
            if self.dialect.ignores_ref_siblings:
                return assertions
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                assertions[keyword] = [self.subschema((*path, keyword, n)) for n in range(len(schema[keyword]))]
        if "not" in schema:
            assertions["not"] = self.subschema((*path, "not"))
        if "if" in schema and self._supports("if"):
            assertions["if"] = [self.subschema((*path, k)) if k in schema else None for k in ("if", "then", "else")]
        self._read_scalars(schema, assertions)
        self._read_objects(path, schema, assertions)
        self._read_arrays(path, schema, assertions)
        return assertions

    def resolve(self, ref: str) -> Path:
        """Returns the path that a reference of the bundled document points to."""
        found: Any = self.document
        path: Path = ()
        for token in unquote(ref).split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            step: str | int = int(name) if isinstance(found, list) else name
            found, path = found[step], (*path, step)
        return path

    def authored_schema_at(self, at: str) -> dict[str, Any]:
        """Returns the schema at this pointer as its author wrote it."""
        path = self.resolve("#" + quote(at, safe=POINTER_SAFE))
        return cast(dict[str, Any], reduce(getitem, path, self.document))

    def _read_scalars(self, schema: dict[str, Any], assertions: dict[str, Any]) -> None:
        if "type" in schema:
            types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
            assertions["type"] = frozenset().union(*(self._kinds_of_type(each) for each in types))
        if "enum" in schema:
            assertions["enum"] = schema["enum"]
        if "const" in schema and self._supports("const"):
            assertions["const"] = schema["const"]
        assertions.update((keyword, schema[keyword]) for keyword in COPIED_KEYWORDS if keyword in schema)
        bounds: dict[str, Any] = {keyword: schema[keyword] for keyword in BOUND_KEYWORDS if keyword in schema}
        for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(bounds.get(exclusive), bool) and bounds.pop(exclusive) and plain in bounds:
                bounds[exclusive] = bounds.pop(plain)
        assertions.update((keyword, to_fraction(value)) for keyword, value in bounds.items())
        if schema.get("format") in ASSERTED_FORMATS and _asserts_format(self.dialect, schema["format"]):
            older = schema["format"] == "hostname" and self._draft_number < DRAFT_ORDER.index("draft-07")
            assertions["format"] = OLDER_HOSTNAME if older else schema["format"]
        content = tuple((keyword, schema[keyword]) for keyword in CONTENT_KEYWORDS if keyword in schema)
        if content and self.dialect.name in ("draft-06", "draft-07") and _asserts_content(self.dialect, content):
            assertions.update(content)
            if assertions.keys() >= set(CONTENT_KEYWORDS):  # the engine decodes first, so the two depend on each other
                assertions["contentMediaType"] = f"{schema['contentMediaType']} in {schema['contentEncoding']}"

    def _kinds_of_type(self, type: str) -> frozenset[str]:
        if type == "number":
            return NUMBER_KINDS
        if type == "integer":
            return frozenset(("integer",)) if self.distinguishes_floats else frozenset(("integer", "whole"))
        return frozenset((type,))

    def _read_objects(self, path: Path, schema: dict[str, Any], assertions: dict[str, Any]) -> None:
        for keyword in ("properties", "patternProperties"):
            if keyword in schema:
                assertions[keyword] = {name: self.subschema((*path, keyword, name)) for name in schema[keyword]}
        for keyword in ("additionalProperties", "propertyNames", "unevaluatedProperties"):
            if keyword in schema and self._supports(keyword):
                assertions[keyword] = self.subschema((*path, keyword))
        if schema.get("required"):
            assertions["required"] = schema["required"]
        self._read_dependents(path, schema, assertions)

    def _read_dependents(self, path: Path, schema: dict[str, Any], assertions: dict[str, Any]) -> None:
        needs: dict[str, list[str]] = {}
        schemas: list[tuple[str, Subschema]] = []
        for keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
            for name, what in schema.get(keyword, {}).items() if self._supports(keyword) else ():
                if is_schema(what):
                    schemas.append((name, self.subschema((*path, keyword, name))))
                else:
                    needs[name] = [*needs.get(name, ()), *what]
        if needs:
            assertions["dependentRequired"] = needs
        if schemas:
            assertions["dependentSchemas"] = schemas

    def _read_arrays(self, path: Path, schema: dict[str, Any], assertions: dict[str, Any]) -> None:
        items = schema.get("items")
        if isinstance(items, list):
            assertions["prefixItems"] = [self.subschema((*path, "items", place)) for place in range(len(items))]
            if "additionalItems" in schema:
                assertions["items"] = self.subschema((*path, "additionalItems"))
        else:
            if "prefixItems" in schema and self._supports("prefixItems"):
                assertions["prefixItems"] = [
                    self.subschema((*path, "prefixItems", n)) for n in range(len(schema["prefixItems"]))
                ]
            if is_schema(items):
                assertions["items"] = self.subschema((*path, "items"))
        if "contains" in schema and self._supports("contains"):
            least, most = (
                (schema.get("minContains", 1), schema.get("maxContains"))
                if self._supports("minContains")
                else (1, None)
            )
            assertions["contains"] = (self.subschema((*path, "contains")), least, most)
        if "unevaluatedItems" in schema and self._supports("unevaluatedItems"):
            assertions["unevaluatedItems"] = self.subschema((*path, "unevaluatedItems"))


@cache
def _asserts_format(dialect: Dialect, format: str) -> bool:
    """Returns whether the engine asserts this format in this dialect."""
    question = dialect.validator({"format": format}, validate_formats=True, offline=True)
    return not all(question.is_valid(each) for each in ("((", "", "not a", "\\", "%zz", " {", "-", "..", "@"))


@cache
def _asserts_content(dialect: Dialect, content: tuple[tuple[str, str], ...]) -> bool:
    """Returns whether the engine asserts this encoding or media type; it ignores those that it does not know."""
    return not dialect.validator(dict(content), validate_formats=True, offline=True).is_valid("((")


def to_fraction(number: float) -> Fraction:
    """Returns the number exactly as written: 0.1 is one tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))


def json_identity(value: Any) -> Any:
    """Returns a value that is equal for values that JSON Schema calls equal: 1 equals 1.0, but not true."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", to_fraction(value))
    if isinstance(value, str):
        return ("string", value)
    if isinstance(value, list | tuple):
        return ("array", tuple(json_identity(each) for each in value))
    return ("object", frozenset((name, json_identity(each)) for name, each in value.items()))


def kind_of(value: Any) -> str:
    """Returns the kind of a value by its notation."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "whole" if value.is_integer() else "fraction"
        case str():
            return "string"
        case dict():
            return "object"
    return "array"


def _draft(dialect: Dialect) -> Any:
    return {
        "2020-12": rs.Draft202012,
        "2019-09": rs.Draft201909,
        "draft-07": rs.Draft7,
        "draft-06": rs.Draft6,
        "draft-04": rs.Draft4,
    }[dialect.name]
