"""Whether data fits a schema, and if not, where: compiled once, asked in under a microsecond.

Every process that validates compiles for itself: a `Schema` carries in `references` every registered schema that it
leads to, so that nothing has to be fetched. Nothing here ever opens a connection or a file.
"""

import asyncio
from collections import OrderedDict
from itertools import islice
from typing import Any, Final

import jsonschema_rs as rs
import msgspec

from reyna.domain.errors import DataError, Invalid
from reyna.domain.schema import Schema
from reyna.fit.burden import Burden
from reyna.fit.flat import flat
from reyna.fit.keywords import Dialect, dialect_of, pointer
from reyna.fit.light import is_light
from reyna.fit.patterns import LARGE, guard
from reyna.fit.words import in_words

MOST_ERRORS: Final = 50
KEPT: Final = 1_000  # compiled schemas in memory; some 10 KiB each


class Fit:
    """One schema, compiled. Data must have passed `domain.data.encoded`: deeper nesting could break the process."""

    __slots__ = ("_burden", "_moved", "_validator", "names_nul")

    def __init__(self, json_schema: Any, references: dict[str, Any] | None = None) -> None:
        """Compile; raises Invalid, naming the place, for what is no schema, leads outside or is too much work."""
        dialect = dialect_of(json_schema)
        document = flat(json_schema, references or {})
        self._burden = Burden(document, dialect)
        self._moved = guard(document, dialect)
        self._validator = validator(document, dialect)
        self.names_nul = b"\\u0000" in msgspec.json.encode(document)  # then text with U+0000 is worth asking about

    def fits(self, data: Any) -> bool:
        if self._burden.heavy:
            self._burden.bear(data)
        return self._validator.is_valid(data)

    def errors(self, data: Any) -> tuple[DataError, ...]:
        """Where data does not fit, at most 50 places; empty when it does."""
        if self.fits(data):
            return ()
        if self._burden.endless(data):
            return (DataError(path="", message="does not fit; it nests too deeply for this schema to say where"),)
        return tuple(map(self._said, islice(self._validator.iter_errors(data), MOST_ERRORS)))

    def _said(self, error: rs.ValidationError) -> DataError:
        message, expected = in_words(error)
        place = pointer(tuple(error.schema_path))
        return DataError(
            path=pointer(tuple(error.instance_path)),
            message=message,
            expected=expected,
            schema_path=self._moved.get(place, place),
        )


def compiled(schema: Schema) -> Fit:
    """The schema, compiled from what it carries."""
    return Fit(schema.json_schema, schema.references)


async def made(schema: Schema) -> Fit:
    """The same, beside the loop where it may take long."""
    if is_light([schema.json_schema, schema.references]):
        return compiled(schema)
    return await asyncio.to_thread(compiled, schema)


class Fits:
    """Compiled schemas, the most recently used ones kept; a version never changes, so none of them can go stale."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[str, Fit] = OrderedDict()

    def of(self, schema: Schema) -> Fit:
        """Found by fingerprint, which stands for the schema and all that it refers to."""
        return self._found(schema) or self._keep(schema, compiled(schema))

    async def ready(self, schema: Schema) -> Fit:
        """The same, compiled beside the loop where that may take long."""
        return self._found(schema) or self._keep(schema, await made(schema))

    def _found(self, schema: Schema) -> Fit | None:
        fit = self._kept.get(schema.fingerprint)
        if fit is not None:
            self._kept.move_to_end(schema.fingerprint)
        return fit

    def _keep(self, schema: Schema, fit: Fit) -> Fit:
        self._kept[schema.fingerprint] = fit
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return fit


def validator(document: Any, dialect: Dialect) -> rs.Validator:
    """A validator that asserts formats and reaches for nothing."""
    try:
        return dialect.validator(document, validate_formats=True, pattern_options=LARGE, offline=True)
    except (ValueError, rs.ReferencingError) as error:
        raise Invalid.at("/json_schema", f"cannot be compiled: {str(error).splitlines()[0][:200]}") from error
