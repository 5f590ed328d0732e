"""Validates data against compiled schemas, in less than a microsecond, and lists its errors.

Every process compiles for itself: a `Schema` holds in `references` every registered schema that it refers to.
Nothing in this package opens a connection or a file.
"""

import asyncio
from collections import OrderedDict
from itertools import islice
from typing import Any, Final

import jsonschema_rs as rs
import msgspec
from msgspec.structs import replace

from reyna.domain.errors import DataError, Invalid
from reyna.domain.schema import Schema
from reyna.domain.text.clusters import truncate
from reyna.validation.bundling.bundle import bundle_schema
from reyna.validation.complexity.complexity import Complexity
from reyna.validation.complexity.cost import ValidationCost
from reyna.validation.complexity.cost_check import is_cheap
from reyna.validation.complexity.patterns import LARGE_PATTERN_OPTIONS, guard_large_patterns
from reyna.validation.error_collection import ErrorCollector
from reyna.validation.keywords import Dialect, dialect_of
from reyna.validation.messages import VALUE_PLACEHOLDER

MAX_ERRORS: Final = 50
MAX_CACHED_VALIDATORS: Final = 1_000  # about 10 KiB each


class Validator:
    """One compiled schema. Data must have passed `encode_json`: deeper nesting could crash the process."""

    __slots__ = ("_complexity", "_error_collector", "_moved_patterns", "_validator", "cost", "mentions_nul", "source")

    def __init__(self, json_schema: Any, references: dict[str, Any] | None = None) -> None:
        """Compiles the schema. Raises Invalid, with the path, for a malformed schema, an unknown reference or too
        much work."""
        self.source = (json_schema, references or {})
        dialect = dialect_of(json_schema)
        document = bundle_schema(json_schema, references or {})
        self._complexity = Complexity(document, dialect)
        self._moved_patterns = guard_large_patterns(document, dialect)
        self._validator = compile_engine(document, dialect)
        self._error_collector = ErrorCollector(document, dialect, self._validator, self._complexity.can_list_errors)
        self.cost = ValidationCost(document, self._complexity.weight)
        self.mentions_nul = b"\\u0000" in msgspec.json.encode(
            document
        )  # then text with U+0000 must be validated as it is

    def fits(self, data: Any) -> bool:
        if self._complexity.is_heavy:
            self._complexity.check_size(data)
        return self._validator.is_valid(data)

    def errors(self, data: Any) -> tuple[DataError, ...]:
        """Returns the errors, at most 50, none when the data fits. Takes bounded memory for any data."""
        if self.fits(data):
            return ()
        return tuple(map(self._with_original_path, islice(self._error_collector.collect(data), MAX_ERRORS)))

    def can_list_errors_in_place(self, data: Any) -> bool:
        """Returns whether `errors` takes some milliseconds at most."""
        return self._complexity.can_list_errors(data)

    def _with_original_path(self, error: DataError) -> DataError:
        place = self._moved_patterns.get(error.schema_path or "")
        return error if place is None else replace(error, schema_path=place)


def compile_validator(schema: Schema) -> Validator:
    """Returns the validator of a registered schema."""
    return Validator(schema.json_schema, schema.references)


async def compile_validator_off_loop(schema: Schema) -> Validator:
    """Returns the validator of a registered schema, compiled in a thread when that may take long."""
    if is_cheap([schema.json_schema, schema.references]):
        return compile_validator(schema)
    return await asyncio.to_thread(compile_validator, schema)


class ValidatorCache:
    """The most recently used validators. A version never changes, so that an entry is never stale."""

    def __init__(self, max_validators: int = MAX_CACHED_VALIDATORS) -> None:
        self._max_validators = max_validators
        self._validators: OrderedDict[str, Validator] = OrderedDict()

    def get(self, schema: Schema) -> Validator:
        """Returns the validator of a schema, by its fingerprint."""
        return self._find(schema) or self._add(schema, compile_validator(schema))

    async def get_off_loop(self, schema: Schema) -> Validator:
        """Returns the validator of a schema, compiled in a thread when that may take long."""
        return self._find(schema) or self._add(schema, await compile_validator_off_loop(schema))

    def _find(self, schema: Schema) -> Validator | None:
        validator = self._validators.get(schema.fingerprint)
        if validator is not None:
            self._validators.move_to_end(schema.fingerprint)
        return validator

    def _add(self, schema: Schema, validator: Validator) -> Validator:
        self._validators[schema.fingerprint] = validator
        if len(self._validators) > self._max_validators:
            self._validators.popitem(last=False)
        return validator


def compile_engine(document: Any, dialect: Dialect) -> rs.Validator:
    """Returns an engine that asserts formats and opens no connection. Raises Invalid for a schema that does not
    compile."""
    try:
        return dialect.validator(
            document, validate_formats=True, pattern_options=LARGE_PATTERN_OPTIONS, offline=True, mask=VALUE_PLACEHOLDER
        )
    except (ValueError, rs.ReferencingError) as error:
        raise Invalid.at("/json_schema", f"cannot be compiled: {truncate(str(error).splitlines()[0], 200)}") from error
