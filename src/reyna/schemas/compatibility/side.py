"""One of the two schemas that are compared, read the same way whatever its dialect."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial, reduce
from operator import getitem
from typing import Any, Final, cast
from urllib.parse import quote, unquote

import jsonschema_rs as rs

from reyna.fit import validator
from reyna.fit.flat import POINTER_SAFE, flat
from reyna.fit.keywords import DIALECTS, Dialect, Path, dialect_of, every, is_schema, pointer
from reyna.fit.patterns import LARGE, guard

# The kinds of value that rules tell apart. Up to draft-04 only a number written without a fraction is an integer,
# later 1.0 is one too, so `whole` stands for 1.0 as it is written.
KINDS: Final = frozenset(("null", "boolean", "object", "array", "string", "integer", "whole", "fraction"))
NUMBERS: Final = frozenset(("integer", "whole", "fraction"))
FORMATS: Final = frozenset(
    (
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
        *("uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer"),
        *("relative-json-pointer", "regex"),
    )
)  # whatever else a format says is an annotation
ORDER: Final = [dialect.name for dialect in reversed(DIALECTS.values())]  # draft-04 first
SINCE: Final = {
    keyword: ORDER.index(name)
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
OLDER_HOSTNAME: Final = "hostname (up to draft-06)"  # takes labels of later standards as they stand, such as xn--X
ASSERTED: Final = ("contentEncoding", "contentMediaType")  # by the engine, in draft-06 and draft-07 alone
PLAIN: Final = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("pattern", "uniqueItems"),
)
BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")

Keywords = Mapping[str, Any]


class Part:
    """A schema somewhere in one side; `at` is its JSON Pointer there, and with the side its identity.

    A part that no author wrote stands for a case of a proof: that a property is there, or that a schema is not met.
    """

    __slots__ = ("_keywords", "_read", "at", "key", "side", "written")

    def __init__(self, side: "Side", at: str, read: Callable[[], Keywords | bool], written: bool) -> None:
        self.side, self.at, self.written, self._read = side, at, written, read
        self.key = (side.name, at)
        self._keywords: Keywords | bool | None = None

    @property
    def keywords(self) -> Keywords | bool:
        """What is asserted, or `True` or `False`; read when it is first asked for, since schemas lead in circles."""
        if self._keywords is None:
            self._keywords = self._read()
        return self._keywords

    def said(self, keyword: str, default: Any = None) -> Any:
        """The value of a keyword: a part, parts, or what the author wrote."""
        return self.keywords.get(keyword, default) if isinstance(self.keywords, Mapping) else default

    def takes(self, value: Any) -> bool:
        """Whether the engine itself takes this value; only for parts that someone wrote."""
        return self.side.validator(self.at).is_valid(value)


class Side:
    """A schema with all that it refers to, flat, and its parts by pointer."""

    def __init__(self, name: str, json_schema: Any, references: Mapping[str, Any]) -> None:
        """Raises Invalid for what is no schema that we hold."""
        self.name, self.dialect = name, dialect_of(json_schema)
        self.document = flat(json_schema, references)
        self.author = json_schema
        self.named = dict(enumerate(sorted(references)))
        self._age = ORDER.index(self.dialect.name)
        self._parts: dict[str, Part] = {}
        guarded = flat(json_schema, references)
        guard(guarded, self.dialect)
        self.whole = validator(guarded, self.dialect)
        self._registry = rs.Registry([("reyna:compared", guarded)], draft=_draft(self.dialect))
        self.validator = cache(self._validator)

    @property
    def literal(self) -> bool:
        """Whether 1.0 is no integer here."""
        return self.dialect.name == "draft-04"

    @property
    def root(self) -> Part:
        return self.part(())

    def part(self, path: Path) -> Part:
        at = pointer(path)
        if at not in self._parts:
            schema = reduce(getitem, path, self.document)
            read = (lambda: schema) if isinstance(schema, bool) else partial(self._read, path, schema)
            self._parts[at] = Part(self, at, read, written=True)
        return self._parts[at]

    def case(self, name: str, keywords: Keywords) -> Part:
        """A part that nobody wrote; its name must tell it from every other, whatever authors call theirs."""
        at = f"?{name}"
        if at not in self._parts:
            self._parts[at] = Part(self, at, lambda: keywords, written=False)
        return self._parts[at]

    def places(self) -> Iterator[Path]:
        """Every schema of this side that is an object."""
        return (path for path, _ in every(self.document))

    def patterns(self) -> Iterator[str]:
        """Every pattern, of text and of names."""
        for schema in map(self.part, self.places()):
            yield from (pattern for pattern in (schema.said("pattern"),) if pattern is not None)
            yield from schema.said("patternProperties", ())

    def _validator(self, at: str) -> rs.Validator:
        ref = {"$ref": "reyna:compared#" + quote(at, safe=POINTER_SAFE)}
        return self.dialect.validator(
            ref, registry=self._registry, validate_formats=True, pattern_options=LARGE, offline=True
        )

    def _knows(self, keyword: str) -> bool:
        return self._age >= SINCE.get(keyword, 0)

    def _read(self, path: Path, schema: dict[str, Any]) -> Keywords:
        """What the schema asserts, with parts for the schemas in it; annotations are left out."""
        said: dict[str, Any] = {}
        if "$ref" in schema:
            said["$ref"] = self.part(self.target(schema["$ref"]))
            if self.dialect.lone_references:
                return said
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                said[keyword] = [self.part((*path, keyword, n)) for n in range(len(schema[keyword]))]
        if "not" in schema:
            said["not"] = self.part((*path, "not"))
        if "if" in schema and self._knows("if"):
            said["if"] = [self.part((*path, k)) if k in schema else None for k in ("if", "then", "else")]
        self._read_scalars(schema, said)
        self._read_objects(path, schema, said)
        self._read_arrays(path, schema, said)
        return said

    def target(self, ref: str) -> Path:
        """Where a reference of the flat document leads."""
        found: Any = self.document
        path: Path = ()
        for token in unquote(ref).split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            step: str | int = int(name) if isinstance(found, list) else name
            found, path = found[step], (*path, step)
        return path

    def wrote(self, at: str) -> dict[str, Any]:
        """The schema at this pointer, as its author wrote it."""
        path = self.target("#" + quote(at, safe=POINTER_SAFE))
        return cast(dict[str, Any], reduce(getitem, path, self.document))

    def _read_scalars(self, schema: dict[str, Any], said: dict[str, Any]) -> None:
        if "type" in schema:
            types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
            said["type"] = frozenset().union(*(self._kinds(each) for each in types))
        if "enum" in schema:
            said["enum"] = schema["enum"]
        if "const" in schema and self._knows("const"):
            said["const"] = schema["const"]
        said.update((keyword, schema[keyword]) for keyword in PLAIN if keyword in schema)
        bounds: dict[str, Any] = {keyword: schema[keyword] for keyword in BOUNDS if keyword in schema}
        for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(bounds.get(exclusive), bool) and bounds.pop(exclusive) and plain in bounds:
                bounds[exclusive] = bounds.pop(plain)
        said.update((keyword, exact(value)) for keyword, value in bounds.items())
        if schema.get("format") in FORMATS and _asserts(self.dialect, schema["format"]):
            older = schema["format"] == "hostname" and self._age < ORDER.index("draft-07")
            said["format"] = OLDER_HOSTNAME if older else schema["format"]
        content = tuple((keyword, schema[keyword]) for keyword in ASSERTED if keyword in schema)
        if content and self.dialect.name in ("draft-06", "draft-07") and _asserts_content(self.dialect, content):
            said.update(content)
            if said.keys() >= set(ASSERTED):  # the engine decodes first, so each says something else than by itself
                said["contentMediaType"] = f"{schema['contentMediaType']} in {schema['contentEncoding']}"

    def _kinds(self, type: str) -> frozenset[str]:
        if type == "number":
            return NUMBERS
        if type == "integer":
            return frozenset(("integer",)) if self.literal else frozenset(("integer", "whole"))
        return frozenset((type,))

    def _read_objects(self, path: Path, schema: dict[str, Any], said: dict[str, Any]) -> None:
        for keyword in ("properties", "patternProperties"):
            if keyword in schema:
                said[keyword] = {name: self.part((*path, keyword, name)) for name in schema[keyword]}
        for keyword in ("additionalProperties", "propertyNames", "unevaluatedProperties"):
            if keyword in schema and self._knows(keyword):
                said[keyword] = self.part((*path, keyword))
        if schema.get("required"):
            said["required"] = schema["required"]
        self._read_dependents(path, schema, said)

    def _read_dependents(self, path: Path, schema: dict[str, Any], said: dict[str, Any]) -> None:
        needs: dict[str, list[str]] = {}
        schemas: list[tuple[str, Part]] = []
        for keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
            for name, what in schema.get(keyword, {}).items() if self._knows(keyword) else ():
                if is_schema(what):
                    schemas.append((name, self.part((*path, keyword, name))))
                else:
                    needs[name] = [*needs.get(name, ()), *what]
        if needs:
            said["dependentRequired"] = needs
        if schemas:
            said["dependentSchemas"] = schemas

    def _read_arrays(self, path: Path, schema: dict[str, Any], said: dict[str, Any]) -> None:
        items = schema.get("items")
        if isinstance(items, list):
            said["prefixItems"] = [self.part((*path, "items", place)) for place in range(len(items))]
            if "additionalItems" in schema:
                said["items"] = self.part((*path, "additionalItems"))
        else:
            if "prefixItems" in schema and self._knows("prefixItems"):
                said["prefixItems"] = [self.part((*path, "prefixItems", n)) for n in range(len(schema["prefixItems"]))]
            if is_schema(items):
                said["items"] = self.part((*path, "items"))
        if "contains" in schema and self._knows("contains"):
            least, most = (
                (schema.get("minContains", 1), schema.get("maxContains")) if self._knows("minContains") else (1, None)
            )
            said["contains"] = (self.part((*path, "contains")), least, most)
        if "unevaluatedItems" in schema and self._knows("unevaluatedItems"):
            said["unevaluatedItems"] = self.part((*path, "unevaluatedItems"))


@cache
def _asserts(dialect: Dialect, format: str) -> bool:
    """Whether the engine asserts this format in this dialect."""
    question = dialect.validator({"format": format}, validate_formats=True, offline=True)
    return not all(question.is_valid(each) for each in ("((", "", "not a", "\\", "%zz", " {", "-", "..", "@"))


@cache
def _asserts_content(dialect: Dialect, content: tuple[tuple[str, str], ...]) -> bool:
    """Whether the engine asserts this encoding or media type; of those that it does not know it asks nothing."""
    return not dialect.validator(dict(content), validate_formats=True, offline=True).is_valid("((")


def exact(number: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(Decimal(repr(number)))


def equal_as_json(value: Any) -> Any:
    """What equals another such value exactly when JSON Schema takes the two for equal: 1 is 1.0, and is not true."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", exact(value))
    if isinstance(value, str):
        return ("string", value)
    if isinstance(value, list | tuple):
        return ("array", tuple(equal_as_json(each) for each in value))
    return ("object", frozenset((name, equal_as_json(each)) for name, each in value.items()))


def kind_of(value: Any) -> str:
    """The kind of a value as it is written."""
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
