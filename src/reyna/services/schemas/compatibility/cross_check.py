"""A second opinion on compatibility from two engines that are not ours, so that no error of the rules goes
unnoticed."""

from typing import Any, Final, Literal

import jsoncompat
import jsonschema_rs as rs
import msgspec

from reyna.services.schemas.compatibility.schema_side import SchemaSide
from reyna.validation.complexity.patterns import LARGE_PATTERN_OPTIONS
from reyna.validation.keywords import walk_schemas

Opinion = Literal["yes", "no", "cannot say"]

# jsoncompat ignores other keywords beside these, and it ignores patterns, formats, dependentSchemas and unevaluated*
# everywhere: it would call all of these compatible.
LONE_KEYWORDS: Final = frozenset(("enum", "const", "anyOf", "$ref"))
RELIABLE_KEYWORDS: Final = frozenset(
    (
        *("type", "properties", "required", "additionalProperties", "items", "prefixItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)
IGNORED_KEYWORDS: Final = frozenset(("$defs", "definitions", "$schema", "title", "description", "default", "examples"))


def second_opinion(old: SchemaSide, new: SchemaSide) -> Opinion:
    """Returns whether every document that fits `old` fits `new`: the answer of the validation engine, else of
    jsoncompat.

    The engine does not follow recursion and some overlaps of names; jsoncompat is asked only about keywords that it
    interprets correctly.
    """
    word = _ask_engine(old, new)
    return (
        _ask_jsoncompat(old, new) if word == "cannot say" and _is_reliable_for(old) and _is_reliable_for(new) else word
    )


def _ask_engine(old: SchemaSide, new: SchemaSide) -> Opinion:
    if old.dialect is not new.dialect:
        return _ask_in_one_dialect(old, new)
    try:
        inner, outer = (
            _canonicalize_both(old, new) if any(map(_has_references, (old, new))) else map(_canonicalize, (old, new))
        )
        word = str(outer.covers(inner)).rpartition(".")[2].lower()
    except (rs.canonical.CanonicalizationError, ValueError, TypeError, KeyError):
        return "cannot say"
    return "yes" if word == "yes" else "no" if word == "no" else "cannot say"


def _ask_in_one_dialect(old: SchemaSide, new: SchemaSide) -> Opinion:
    """Compares schemas of different dialects when both mean the same in one dialect, which is all the engine can
    compare."""
    for dialect in (new.dialect, old.dialect):
        if all(_reads_alike(side, dialect.name) for side in (old, new)):
            return _ask_engine(
                *(SchemaSide(side.name, _with_dialect(side.document, dialect.uri), {}) for side in (old, new))
            )
    return "cannot say"


def _with_dialect(document: Any, uri: str) -> Any:
    if isinstance(document, bool):
        document = {} if document else {"not": {}}
    return {**document, "$schema": uri}


def _reads_alike(side: SchemaSide, name: str) -> bool:
    """Returns whether this side means the same in every dialect."""
    alike = RELIABLE_KEYWORDS - {"items", "prefixItems", "exclusiveMinimum", "exclusiveMaximum"} | {"enum", "items"}
    for _, schema in walk_schemas(side.document):
        if not schema.keys() <= alike | IGNORED_KEYWORDS or isinstance(schema.get("items"), list):
            return False
        if "draft-04" in (side.dialect.name, name) and "integer" in schema.get("type", ()):
            return False
    return "draft-04" not in (side.dialect.name, name) or isinstance(side.document, dict)


def _has_references(side: SchemaSide) -> bool:
    return any("$ref" in schema for _, schema in walk_schemas(side.document))


def _canonicalize(side: SchemaSide) -> rs.CanonicalSchema:
    document = _with_dialect(side.document, side.dialect.uri)
    return rs.canonicalize(document, validate_formats=True, pattern_options=LARGE_PATTERN_OPTIONS, offline=True)


def _canonicalize_both(old: SchemaSide, new: SchemaSide) -> tuple[rs.CanonicalSchema, rs.CanonicalSchema]:
    """Returns both sides as definitions of one document, because the engine cannot compare references of two
    documents."""
    sides = {"inner": old, "outer": new}
    location = old.dialect.definitions
    whole = {
        "$schema": old.dialect.uri,
        location: {
            name: _relocate(_without_dialect(side.document), f"#/{location}/{name}") for name, side in sides.items()
        },
        "properties": {name: {"$ref": f"#/{location}/{name}"} for name in sides},
    }
    canonical = rs.canonicalize(whole, validate_formats=True, pattern_options=LARGE_PATTERN_OPTIONS, offline=True)
    inner, outer = (canonical.definition(f"#/{location}/{name}") for name in sides)
    if inner is None or outer is None:
        raise KeyError("definition")
    return inner, outer


def _without_dialect(document: Any) -> Any:
    if isinstance(document, bool):
        return {} if document else {"not": {}}
    return {keyword: value for keyword, value in document.items() if keyword != "$schema"}


def _relocate(document: Any, to: str) -> Any:
    """Returns a copy whose references point to its place in the common document."""
    copy = msgspec.json.decode(msgspec.json.encode(document))
    for _, schema in walk_schemas(copy):
        if isinstance(schema.get("$ref"), str):
            schema["$ref"] = to + schema["$ref"][1:]
    return copy


def _is_reliable_for(side: SchemaSide) -> bool:
    """Returns whether jsoncompat interprets every schema of this side correctly."""
    return side.dialect.name == "2020-12" and all(
        _is_reliable_schema(schema) for _, schema in walk_schemas(side.document)
    )


def _is_reliable_schema(schema: dict[str, Any]) -> bool:
    keywords = schema.keys() - IGNORED_KEYWORDS
    if keywords & LONE_KEYWORDS:
        return len(keywords) == 1 or (keywords <= {"enum", "type"} and isinstance(schema.get("type"), str))
    return keywords <= RELIABLE_KEYWORDS and (isinstance(schema.get("type"), str) or not keywords)


def _ask_jsoncompat(old: SchemaSide, new: SchemaSide) -> Opinion:
    before, after = (msgspec.json.encode(side.document).decode() for side in (old, new))
    try:
        return "yes" if jsoncompat.check_compat(before, after, "deserializer") else "cannot say"
    except ValueError:
        return "cannot say"
