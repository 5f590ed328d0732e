"""The plan of a template: the buckets and texts that it becomes with given parameters, in order."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from reyna.domain.errors import Invalid, TooMuch
from reyna.domain.templates.document import (
    MAX_PARAMETER_CHARACTERS,
    NumberParameter,
    TemplateBucket,
    TemplateDocument,
    TemplateParameter,
    TemplateText,
)
from reyna.domain.templates.placeholders import TITLE, fill_data, fill_metadata, fill_text
from reyna.domain.text.clusters import truncate
from reyna.domain.text.names import MAX_NAME_CHARACTERS, normalize_name

MAX_PLANNED_ITEMS: Final = 10_000  # buckets and texts that one use makes, in one write
MAX_PLANNED_BYTES: Final = 32 * 1024 * 1024  # of their data and metadata, which are held in memory

Values = Mapping[str, int | str]


class PlannedBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket to make in the bucket number `parent` of the plan; None for the first one."""

    parent: int | None
    name: str
    type: str
    metadata: dict[str, Any]


class PlannedText(msgspec.Struct, frozen=True, kw_only=True):
    """A blob to make in the bucket number `parent` of the plan."""

    parent: int
    schema_id: str
    data: Any
    label: str | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that one use makes: each bucket before what is in it, and neighbours in their order."""

    items: tuple[PlannedBucket | PlannedText, ...]


def check_values(parameters: tuple[TemplateParameter, ...], given: Values) -> dict[str, int | str]:
    """Returns the value of each parameter: the given one or its default.

    Raises Invalid, by path, for an unknown parameter and for a value that is out of its bounds.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            names = ", ".join(known) or "none"
            raise Invalid.at(f"/parameters/{name}", "is no parameter of this template", expected=names)
    return {name: _checked(parameter, given.get(name, parameter.default)) for name, parameter in known.items()}


def _checked(parameter: TemplateParameter, value: int | str) -> int | str:
    path = f"parameters/{parameter.name}"
    if isinstance(parameter, NumberParameter):
        if isinstance(value, int) and parameter.minimum <= value <= parameter.maximum:
            return value
        bounds = f"a number from {parameter.minimum} to {parameter.maximum}"
        raise Invalid.at(f"/{path}", f"must be {bounds}", expected=bounds)
    if not isinstance(value, str):
        raise Invalid.at(f"/{path}", "must be text", expected="text in one line")
    return normalize_name(value, field=path, most=MAX_PARAMETER_CHARACTERS)


def build_plan(document: TemplateDocument, title: str, values: Values) -> Plan:
    """Returns the plan of a checked document with a value for each of its parameters; `title` is the name of its root.

    Raises TooMuch above 10,000 buckets and texts, or 32 MiB of their data.
    """
    return _Planner(values).plan(document.root, title)


class _Scope(NamedTuple):
    """The values of the placeholders in one bucket: all of them as text, and those that are numbers."""

    texts: Mapping[str, str]
    numbers: Mapping[str, int]

    def with_counter(self, name: str, number: int) -> "_Scope":
        return _Scope({**self.texts, name: str(number)}, {**self.numbers, name: number})


class _Planner:
    """Walks through a template and collects what it becomes."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._items: list[PlannedBucket | PlannedText] = []
        self._bucket_count, self._bytes = 0, 0
        self._counters: dict[str, int] = {}

    def plan(self, root: TemplateBucket, title: str) -> Plan:
        texts = {name: str(value) for name, value in self._values.items()} | {TITLE: title}
        numbers = {name: value for name, value in self._values.items() if isinstance(value, int)}
        self._add_bucket(root, None, title, _Scope(texts, numbers))
        return Plan(items=tuple(self._items))

    def _add(self, bucket: TemplateBucket, parent: int, scope: _Scope) -> None:
        """Adds a bucket as often as it is repeated."""
        if bucket.repeat is None:
            self._add_bucket(bucket, parent, fill_text(bucket.name, scope.texts), scope)
            return
        repeat = bucket.repeat
        start = 0 if repeat.restart else self._counters.get(repeat.counter, 0)
        for number in range(start + 1, start + int(self._values[repeat.times]) + 1):
            self._counters[repeat.counter] = number
            inner = scope.with_counter(repeat.counter, number)
            self._add_bucket(bucket, parent, fill_text(bucket.name, inner.texts), inner)

    def _add_bucket(self, bucket: TemplateBucket, parent: int | None, name: str, scope: _Scope) -> None:
        number = self._bucket_count
        self._bucket_count += 1
        planned = PlannedBucket(
            parent=parent,
            name=truncate(name, MAX_NAME_CHARACTERS),
            type=bucket.type,
            metadata=fill_metadata(bucket.metadata, scope.texts, scope.numbers),
        )
        self._count(planned)
        for item in bucket.items:
            if isinstance(item, TemplateText):
                self._add_text(item, number, scope)
            else:
                self._add(item, number, scope)

    def _add_text(self, text: TemplateText, parent: int, scope: _Scope) -> None:
        label = None if text.label is None else truncate(fill_text(text.label, scope.texts), MAX_NAME_CHARACTERS)
        data = fill_data(text.data, scope.texts)
        self._count(PlannedText(parent=parent, schema_id=text.schema_id, data=data, label=label))

    def _count(self, item: PlannedBucket | PlannedText) -> None:
        self._items.append(item)
        self._bytes += len(msgspec.json.encode(item))
        if len(self._items) > MAX_PLANNED_ITEMS or self._bytes > MAX_PLANNED_BYTES:
            raise TooMuch(
                f"This makes more than {MAX_PLANNED_ITEMS:,} buckets and texts, or more than {MAX_PLANNED_BYTES:,} "
                "bytes of them: choose smaller numbers.",
                allowed=MAX_PLANNED_ITEMS,
            )
