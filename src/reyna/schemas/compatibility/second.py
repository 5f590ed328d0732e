"""Two second opinions, from engines that others wrote: nothing is called compatible on the word of our rules alone."""

from typing import Any, Final, Literal

import jsoncompat
import jsonschema_rs as rs
import msgspec

from reyna.fit.keywords import every
from reyna.fit.patterns import LARGE
from reyna.schemas.compatibility.side import Side

Opinion = Literal["yes", "no", "cannot say"]

# What jsoncompat reads rightly. Beside `enum`, `const` and alternatives it forgets what else is asked, and it takes no
# notice of patterns, formats, dependentSchemas and unevaluated*: it would call all of these compatible.
ALONE: Final = frozenset(("enum", "const", "anyOf", "$ref"))
RIGHT: Final = frozenset(
    (
        *("type", "properties", "required", "additionalProperties", "items", "prefixItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)
SILENT: Final = frozenset(("$defs", "definitions", "$schema", "title", "description", "default", "examples"))


def opinion(old: Side, new: Side) -> Opinion:
    """Whether all that fits `old` fits `new`: the validation engine's word, and jsoncompat's where that has none.

    The engine follows no recursion and not every overlap of names; jsoncompat is asked only what it reads rightly.
    """
    word = _engine(old, new)
    return _jsoncompat(old, new) if word == "cannot say" and _readable(old) and _readable(new) else word


def _engine(old: Side, new: Side) -> Opinion:
    if old.dialect is not new.dialect:
        return _across(old, new)
    try:
        inner, outer = _together(old, new) if any(map(_refers, (old, new))) else map(_alone, (old, new))
        word = str(outer.covers(inner)).rpartition(".")[2].lower()
    except (rs.canonical.CanonicalizationError, ValueError, TypeError, KeyError):
        return "cannot say"
    return "yes" if word == "yes" else "no" if word == "no" else "cannot say"


def _across(old: Side, new: Side) -> Opinion:
    """The dialects differ, which the engine does not compare; where they read both sides alike, neither matters."""
    for dialect in (new.dialect, old.dialect):
        if all(_speaks(side, dialect.name) for side in (old, new)):
            return _engine(*(Side(side.name, _in(side.document, dialect.uri), {}) for side in (old, new)))
    return "cannot say"


def _in(document: Any, uri: str) -> Any:
    if isinstance(document, bool):
        document = {} if document else {"not": {}}
    return {**document, "$schema": uri}


def _speaks(side: Side, name: str) -> bool:
    """Whether all dialects read this side alike."""
    alike = RIGHT - {"items", "prefixItems", "exclusiveMinimum", "exclusiveMaximum"} | {"enum", "items"}
    for _, schema in every(side.document):
        if not schema.keys() <= alike | SILENT or isinstance(schema.get("items"), list):
            return False
        if "draft-04" in (side.dialect.name, name) and "integer" in schema.get("type", ()):
            return False
    return "draft-04" not in (side.dialect.name, name) or isinstance(side.document, dict)


def _refers(side: Side) -> bool:
    return any("$ref" in schema for _, schema in every(side.document))


def _alone(side: Side) -> rs.CanonicalSchema:
    document = _in(side.document, side.dialect.uri)
    return rs.canonicalize(document, validate_formats=True, pattern_options=LARGE, offline=True)


def _together(old: Side, new: Side) -> tuple[rs.CanonicalSchema, rs.CanonicalSchema]:
    """Both as definitions of one document, since references in two documents cannot be compared."""
    sides = {"inner": old, "outer": new}
    where = old.dialect.definitions
    whole = {
        "$schema": old.dialect.uri,
        where: {name: _moved(_without(side.document), f"#/{where}/{name}") for name, side in sides.items()},
        "properties": {name: {"$ref": f"#/{where}/{name}"} for name in sides},
    }
    canonical = rs.canonicalize(whole, validate_formats=True, pattern_options=LARGE, offline=True)
    inner, outer = (canonical.definition(f"#/{where}/{name}") for name in sides)
    if inner is None or outer is None:
        raise KeyError("definition")
    return inner, outer


def _without(document: Any) -> Any:
    if isinstance(document, bool):
        return {} if document else {"not": {}}
    return {keyword: value for keyword, value in document.items() if keyword != "$schema"}


def _moved(document: Any, to: str) -> Any:
    """A copy whose references lead to where it will stand."""
    copy = msgspec.json.decode(msgspec.json.encode(document))
    for _, schema in every(copy):
        if isinstance(schema.get("$ref"), str):
            schema["$ref"] = to + schema["$ref"][1:]
    return copy


def _readable(side: Side) -> bool:
    """Whether jsoncompat is right about every schema of this side."""
    return side.dialect.name == "2020-12" and all(_is_readable(schema) for _, schema in every(side.document))


def _is_readable(schema: dict[str, Any]) -> bool:
    said = schema.keys() - SILENT
    if said & ALONE:
        return len(said) == 1 or (said <= {"enum", "type"} and isinstance(schema.get("type"), str))
    return said <= RIGHT and (isinstance(schema.get("type"), str) or not said)


def _jsoncompat(old: Side, new: Side) -> Opinion:
    before, after = (msgspec.json.encode(side.document).decode() for side in (old, new))
    try:
        return "yes" if jsoncompat.check_compat(before, after, "deserializer") else "cannot say"
    except ValueError:
        return "cannot say"
