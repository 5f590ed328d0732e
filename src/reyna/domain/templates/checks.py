"""The checks of a template that comes from outside: names, parameters, placeholders and size."""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from reyna.domain.errors import Invalid, TooMuch
from reyna.domain.json.data import MAX_METADATA_BYTES, encode_json
from reyna.domain.templates.document import (
    MAX_PARAMETER_CHARACTERS,
    MAX_PARAMETERS,
    NumberParameter,
    TemplateBucket,
    TemplateDocument,
    TemplateItem,
    TemplateParameter,
    TemplateText,
)
from reyna.domain.templates.placeholders import PLACEHOLDER_NAME, TITLE, names_in
from reyna.domain.templates.plan import MAX_PLANNED_ITEMS
from reyna.domain.text.names import normalize_description, normalize_name, normalize_type

MAX_TEMPLATE_BYTES: Final = 8 * 1024 * 1024  # of the document as JSON
MAX_TEMPLATE_DEPTH: Final = 32  # buckets in buckets
MAX_DESCRIPTION_CHARACTERS: Final = 2_000
MAX_REPETITIONS: Final = 1_000
NAME_EXPECTED: Final = "lower-case letters and underscores, at most 31, and not `title`"


def check_document(document: TemplateDocument) -> TemplateDocument:
    """Returns the document with its names in their normal form.

    Raises Invalid, by path, for what cannot be used, TooLarge above 8 MiB, and TooMuch for one that can make more than
    10,000 buckets and texts.
    """
    encode_json(document, most=MAX_TEMPLATE_BYTES, field="template")
    description = normalize_description(document.description)
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        most = f"at most {MAX_DESCRIPTION_CHARACTERS:,} characters"
        raise Invalid.at("/description", "is too long", expected=most)
    _check_parameters(document.parameters)
    if document.root.repeat is not None:
        raise Invalid.at("/root/repeat", "repeats the root, of which there is one", expected="null")
    check = _TreeCheck(document.parameters)
    check.check_bucket(document.root, "/root", {parameter.name for parameter in document.parameters} | {TITLE}, 1)
    if check.largest > MAX_PLANNED_ITEMS:
        raise TooMuch(
            f"With its largest numbers it makes {check.largest:,} buckets and texts; {MAX_PLANNED_ITEMS:,} are "
            "allowed.",
            used=check.largest,
            allowed=MAX_PLANNED_ITEMS,
        )
    return replace(document, name=normalize_name(document.name), description=description)


def _check_parameters(parameters: Iterable[TemplateParameter]) -> None:
    names: set[str] = set()
    for number, parameter in enumerate(parameters):
        path = f"parameters/{number}"
        if number >= MAX_PARAMETERS:
            raise Invalid.at("/parameters", "are too many", expected=f"at most {MAX_PARAMETERS}")
        _check_placeholder_name(f"/{path}/name", parameter.name, names)
        names.add(parameter.name)
        normalize_name(parameter.label, field=f"{path}/label")
        normalize_description(parameter.description, field=f"{path}/description")
        if isinstance(parameter, NumberParameter):
            if not 0 <= parameter.minimum <= parameter.default <= parameter.maximum <= MAX_REPETITIONS:
                ascending = f"0 <= minimum <= default <= maximum <= {MAX_REPETITIONS}"
                raise Invalid.at(f"/{path}", "has bounds that do not fit", expected=ascending)
        else:
            normalize_name(parameter.default, field=f"{path}/default", most=MAX_PARAMETER_CHARACTERS)


def _check_placeholder_name(path: str, name: str, taken: Iterable[str]) -> None:
    if not PLACEHOLDER_NAME.fullmatch(name) or name == TITLE:
        raise Invalid.at(path, "cannot be used as a name", expected=NAME_EXPECTED)
    if name in taken:
        raise Invalid.at(path, f"`{name}` is taken", expected="a name of its own")


class _TreeCheck:
    """Checks the tree of a template; `largest` is how many buckets and texts it makes with its largest numbers."""

    def __init__(self, parameters: Iterable[TemplateParameter]) -> None:
        self._maxima = {one.name: one.maximum for one in parameters if isinstance(one, NumberParameter)}
        self.largest = 0

    def check_bucket(self, bucket: TemplateBucket, path: str, names: set[str], depth: int, times: int = 1) -> None:
        if depth > MAX_TEMPLATE_DEPTH:
            raise Invalid.at(path, "is nested too deep", expected=f"at most {MAX_TEMPLATE_DEPTH} buckets in each other")
        if bucket.repeat is not None:
            names, times = self._check_repetition(bucket, f"{path}/repeat", names, times)
        normalize_name(bucket.name, field=f"{path[1:]}/name")
        normalize_type(bucket.type)
        encode_json(bucket.metadata, most=MAX_METADATA_BYTES, field=f"{path[1:]}/metadata")
        _check_names_in(f"{path}/name", bucket.name, names)
        _check_names_in(f"{path}/metadata", bucket.metadata, names)
        self.largest += times
        for number, item in enumerate(bucket.items):
            self._check_item(item, f"{path}/items/{number}", names, depth, times)

    def _check_item(self, item: TemplateItem, path: str, names: set[str], depth: int, times: int) -> None:
        if not isinstance(item, TemplateText):
            self.check_bucket(item, path, names, depth + 1, times)
            return
        encode_json(item.data, field=f"{path[1:]}/data")
        _check_names_in(f"{path}/data", item.data, names)
        if item.label is not None:
            normalize_name(item.label, field=f"{path[1:]}/label")
            _check_names_in(f"{path}/label", item.label, names)
        self.largest += times

    def _check_repetition(self, bucket: TemplateBucket, path: str, names: set[str], times: int) -> tuple[set[str], int]:
        assert bucket.repeat is not None  # noqa: S101 - the caller has looked
        if bucket.repeat.times not in self._maxima:
            known = ", ".join(self._maxima) or "none"
            raise Invalid.at(f"{path}/times", "is no parameter that is a number", expected=known)
        _check_placeholder_name(f"{path}/counter", bucket.repeat.counter, names)
        return names | {bucket.repeat.counter}, times * self._maxima[bucket.repeat.times]


def _check_names_in(path: str, data: object, names: set[str]) -> None:
    for name in names_in(data):
        if name not in names:
            raise Invalid.at(
                path,
                f"`{{{name}}}` names no parameter and no counter",
                expected=f"one of {', '.join(sorted(names))}, or `{{{{` for a brace",
            )
