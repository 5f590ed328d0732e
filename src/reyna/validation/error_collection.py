"""Lists the places where data does not fit a schema, in bounded memory.

The engine builds every error, each with a copy of the failing value, before it returns the first. So it lists only
the errors of small data; larger data is walked part by part, along the keywords that lead into it, and only checked
for validity.
"""

import time
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

import jsonschema_rs as rs
import msgspec

from reyna.domain.errors import DataError
from reyna.validation.complexity.patterns import LARGE_PATTERN_OPTIONS
from reyna.validation.keywords import POINTER_SAFE, Dialect, Path, pointer
from reyna.validation.messages import VALUE_PLACEHOLDER, describe_error, expected_value, failure_message, shorten

MAX_LISTING_CPU_SECONDS: Final = 1.0  # for one listing; the errors found until then are returned
DOCUMENT_URI: Final = "reyna:document"
DRAFTS: Final = {
    rs.Draft4Validator: rs.Draft4,
    rs.Draft6Validator: rs.Draft6,
    rs.Draft7Validator: rs.Draft7,
    rs.Draft201909Validator: rs.Draft201909,
    rs.Draft202012Validator: rs.Draft202012,
}
# Keywords without schemas in their value: each is checked by itself.
SIMPLE_KEYWORDS: Final = frozenset(
    (
        *("type", "enum", "const", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "dependentRequired"),
    )
)
OPAQUE_KEYWORDS: Final = ("anyOf", "oneOf", "not", "contains")
UNEVALUATED_KEYWORDS: Final = ("unevaluatedProperties", "unevaluatedItems")  # they fail when no other keyword does
DRAFT_04_EXCLUSIVE: Final = {
    "minimum": "exclusiveMinimum",
    "maximum": "exclusiveMaximum",
}  # in draft-04, a boolean beside it

Errors = Iterator[DataError]


class DataCheck(NamedTuple):
    """The value `data` at the path `at`, checked against `schema` at the path `place` of the document."""

    place: Path
    schema: dict[str, Any]
    data: Any
    at: Path


class ErrorCollector:
    """Lists the errors of data against one bundled document."""

    def __init__(
        self, document: Any, dialect: Dialect, root_validator: rs.Validator, can_list_errors: Callable[[Any], bool]
    ) -> None:
        """`root_validator`: the compiled document. `can_list_errors`: returns whether the engine may list the
        errors of some data."""
        self._document, self._dialect, self._can_list_errors = document, dialect, can_list_errors
        self._registry: rs.Registry | None = None
        self._validators = {"": root_validator}
        self._walkers: dict[str, tuple[Callable[[DataCheck, str], Errors], type]] = {
            "$ref": (self._walk_reference, object),
            "allOf": (self._walk_all_of, object),
            "if": (self._walk_if, object),
            "properties": (self._walk_properties, dict),
            "patternProperties": (self._walk_pattern_properties, dict),
            "additionalProperties": (self._walk_additional_properties, dict),
            "propertyNames": (self._check_property_names, dict),
            "dependentSchemas": (self._walk_dependents, dict),
            "dependencies": (self._walk_dependents, dict),
            "prefixItems": (self._walk_items, list),
            "items": (self._walk_items, list),
            "additionalItems": (self._walk_items, list),
        }
        self._deadline = 0.0

    def collect(self, data: Any, seconds: float = MAX_LISTING_CPU_SECONDS) -> Errors:
        """Yields the errors; at least one when the data does not fit."""
        self._deadline = time.process_time() + seconds
        return self._walk((), data, ())

    def _walk(self, place: Path, data: Any, at: Path) -> Errors:
        """Yields the errors of data at `at` against the schema at `place`."""
        place, schema = self._resolve(place)
        if schema is False:
            yield _error(at, place, "no value is allowed here")
            return
        if schema is True or self._is_valid(place, data):
            return
        if self._can_list_errors(data):
            yield from self._list_errors(place, data, at)
            return
        found = False
        for error in self._walk_keywords(DataCheck(place, schema, data, at)):
            found = True
            yield error
            if time.process_time() > self._deadline:
                return
        if not found:
            last = next((keyword for keyword in UNEVALUATED_KEYWORDS if keyword in schema), None)
            said = failure_message(last) if last else "does not fit; there is too much of it to say where"
            yield _error(at, (*place, last) if last else place, said)

    def _walk_keywords(self, check: DataCheck) -> Errors:
        schema = check.schema
        lone = self._dialect.ignores_ref_siblings and "$ref" in schema
        for keyword in ("$ref",) if lone else schema:
            if time.process_time() > self._deadline:
                return
            walker, of = self._walkers.get(keyword, (None, object))
            if keyword in SIMPLE_KEYWORDS:
                yield from self._check_simple_keyword(check, keyword)
            elif walker is not None and isinstance(check.data, of):
                yield from walker(check, keyword)
            elif self._fails_opaquely(check, keyword):
                yield _error(check.at, (*check.place, keyword), failure_message(keyword))

    def _check_simple_keyword(self, check: DataCheck, keyword: str) -> Errors:
        schema, data = check.schema, check.data
        alone = {keyword: schema[keyword]}
        if self._dialect.name == "draft-04":
            if keyword in DRAFT_04_EXCLUSIVE.values():
                return
            alone |= {
                name: schema[name] for name in (DRAFT_04_EXCLUSIVE.get(keyword),) if name is not None and name in schema
            }
        if self._standalone_validator(alone).is_valid(data):
            return
        place = (*check.place, keyword)
        if keyword != "required":
            yield _error(check.at, place, failure_message(keyword), expected_value(keyword, schema[keyword]))
            return
        for name in schema[keyword]:
            if name not in data:
                yield _error(check.at, place, f"{shorten(_json(name))} is a required property", shorten(name))

    # --- keywords with subschemas: for the same data, for objects, for lists ---

    def _walk_reference(self, check: DataCheck, keyword: str) -> Errors:
        yield from self._walk((*check.place, keyword), check.data, check.at)

    def _walk_all_of(self, check: DataCheck, keyword: str) -> Errors:
        for number in range(len(check.schema[keyword])):
            yield from self._walk((*check.place, keyword, number), check.data, check.at)

    def _walk_if(self, check: DataCheck, keyword: str) -> Errors:
        branch = "then" if self._is_valid((*check.place, keyword), check.data) else "else"
        if branch in check.schema:
            yield from self._walk((*check.place, branch), check.data, check.at)

    def _walk_properties(self, check: DataCheck, keyword: str) -> Errors:
        for name in check.schema[keyword]:
            if name in check.data:
                yield from self._walk((*check.place, keyword, name), check.data[name], (*check.at, name))

    def _walk_pattern_properties(self, check: DataCheck, keyword: str) -> Errors:
        for pattern in check.schema[keyword]:
            matches = self._standalone_validator({"pattern": pattern}).is_valid
            for name in filter(matches, check.data):
                yield from self._walk((*check.place, keyword, pattern), check.data[name], (*check.at, name))

    def _walk_additional_properties(self, check: DataCheck, keyword: str) -> Errors:
        named = check.schema.get("properties", {})
        patterns = [
            self._standalone_validator({"pattern": pattern}) for pattern in check.schema.get("patternProperties", ())
        ]
        others = (name for name in check.data if name not in named and not any(p.is_valid(name) for p in patterns))
        if check.schema[keyword] is False:
            if (first := next(others, None)) is not None:
                message = f"Additional properties are not allowed ({shorten(_json(first))} was unexpected)"
                yield _error(check.at, (*check.place, keyword), message)
            return
        for name in others:
            yield from self._walk((*check.place, keyword), check.data[name], (*check.at, name))

    def _check_property_names(self, check: DataCheck, keyword: str) -> Errors:
        for name in check.data:
            if not self._is_valid((*check.place, keyword), name):
                message = f"{shorten(_json(name))} is not a name that is allowed here"
                yield _error(check.at, (*check.place, keyword), message)

    def _walk_dependents(self, check: DataCheck, keyword: str) -> Errors:
        for name, then in check.schema[keyword].items():
            if name not in check.data:
                continue
            if not isinstance(then, list):
                yield from self._walk((*check.place, keyword, name), check.data, check.at)
            elif not all(other in check.data for other in then):
                yield _error(check.at, (*check.place, keyword), f"lacks what must stand beside {shorten(_json(name))}")

    def _walk_items(self, check: DataCheck, keyword: str) -> Errors:
        schema, data = check.schema, check.data
        if isinstance(schema[keyword], list):
            for number, part in enumerate(data[: len(schema[keyword])]):
                yield from self._walk((*check.place, keyword, number), part, (*check.at, number))
            return
        ordered = schema.get("items" if keyword == "additionalItems" else "prefixItems", [])
        if isinstance(ordered, list):  # else every item is checked by `items`
            for number in range(len(ordered), len(data)):
                yield from self._walk((*check.place, keyword), data[number], (*check.at, number))

    def _fails_opaquely(self, check: DataCheck, keyword: str) -> bool:
        """Returns whether data fails a keyword that is reported as one error, whatever its subschemas report."""
        if keyword not in OPAQUE_KEYWORDS:
            return False
        value, under = check.schema[keyword], (*check.place, keyword)
        counts = {name: check.schema[name] for name in ("minContains", "maxContains") if name in check.schema}
        parts = [self._reference((*under, number)) for number in range(len(value))] if isinstance(value, list) else None
        alone = {keyword: self._reference(under) if parts is None else parts}
        self._ensure_registry()
        return not self._standalone_validator(alone | (counts if keyword == "contains" else {})).is_valid(check.data)

    # --- the engine ---

    def _list_errors(self, place: Path, data: Any, at: Path) -> Errors:
        for error in self._validator_at(place).iter_errors(data):
            message, expected = describe_error(error)
            yield _error((*at, *error.instance_path), tuple(error.schema_path), message, expected)

    def _is_valid(self, place: Path, data: Any) -> bool:
        return self._validator_at(place).is_valid(data)

    def _resolve(self, place: Path) -> tuple[Path, Any]:
        """Returns the path and the schema at a path; a `$ref` is resolved to its target."""
        found = reduce(getitem, place, self._document)
        if not isinstance(found, str):
            return place, found
        target: Path = ()
        tokens, found = unquote(found).split("/")[1:], self._document
        for token in tokens:
            name = token.replace("~1", "/").replace("~0", "~")
            step: str | int = int(name) if isinstance(found, list) else name
            target, found = (*target, step), found[step]
        return target, found

    def _validator_at(self, place: Path) -> rs.Validator:
        place, _ = self._resolve(place)
        key = pointer(place)
        if (validator := self._validators.get(key)) is None:
            self._ensure_registry()
            validator = self._validators[key] = self._compile(self._reference(place))
        return validator

    def _ensure_registry(self) -> None:
        if self._registry is None:
            self._registry = rs.Registry([(DOCUMENT_URI, self._document)], draft=DRAFTS[self._dialect.validator])

    def _reference(self, place: Path) -> dict[str, Any]:
        return {"$ref": f"{DOCUMENT_URI}#{quote(pointer(place), safe=POINTER_SAFE)}"}

    def _standalone_validator(self, schema: dict[str, Any]) -> rs.Validator:
        key = _json(schema)
        if (validator := self._validators.get(key)) is None:
            validator = self._validators[key] = self._compile(schema)
        return validator

    def _compile(self, schema: dict[str, Any]) -> rs.Validator:
        return self._dialect.validator(
            schema,
            validate_formats=True,
            pattern_options=LARGE_PATTERN_OPTIONS,
            offline=True,
            mask=VALUE_PLACEHOLDER,
            registry=self._registry,
        )


def _error(at: Path, place: Path, message: str, expected: str | None = None) -> DataError:
    return DataError(path=pointer(at), message=message, expected=expected, schema_path=pointer(place))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
