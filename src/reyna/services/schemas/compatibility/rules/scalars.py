"""Rules for types, values, numbers and text."""

from fractions import Fraction
from typing import Any, Final

import msgspec

from reyna.services.schemas.compatibility.conjunction import Conjunction, matches_every_text
from reyna.services.schemas.compatibility.proof import Location, Proof, ProofGap, Rule
from reyna.services.schemas.compatibility.schema_side import NUMBER_KINDS, Subschema, json_identity
from reyna.validation.messages import shorten

MAX_SHOWN_VALUES: Final = 8  # in a message


def type_(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    kinds, allowed = proof.kinds(known), target.get("type")
    if kinds <= allowed:
        return []
    return [ProofGap(target, "type", location, describe_types(known.kinds), describe_types(allowed))]


def enum(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _values(known, target, "enum", target.get("enum"), location)


def const(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _values(known, target, "const", [target.keywords["const"]], location)  # type: ignore[index]


def _values(
    known: Conjunction, target: Subschema, keyword: str, allowed: list[Any], location: Location
) -> list[ProofGap]:
    if known.values is None:
        return [ProofGap(target, keyword, location, describe_types(known.kinds), describe_values(allowed))]
    taken = {json_identity(value) for value in allowed}
    refused_values = [value for value in known.values if json_identity(value) not in taken]
    return (
        [ProofGap(target, keyword, location, describe_values(known.values), describe_values(allowed))]
        if refused_values
        else []
    )


def minimum(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _bound(proof, known, target, "minimum", location)


def maximum(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _bound(proof, known, target, "maximum", location)


def exclusive_minimum(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _bound(proof, known, target, "exclusiveMinimum", location)


def exclusive_maximum(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _bound(proof, known, target, "exclusiveMaximum", location)


def _bound(proof: Proof, known: Conjunction, target: Subschema, keyword: str, location: Location) -> list[ProofGap]:
    kinds = proof.kinds(known) & NUMBER_KINDS
    if not kinds:
        return []
    lower, excluded = "inimum" in keyword, keyword.startswith("exclusive")
    bound = known.lower if lower else known.upper
    if bound is not None:
        step = Fraction(1 if lower else -1)
        limit, open = bound
        if "fraction" not in kinds and open and limit.denominator == 1:
            limit, open = limit + step, False
        distance = (limit - target.get(keyword)) * step
        if distance > 0 or (distance == 0 and (open or not excluded)):
            return []
    least = "more than " if excluded else "at least "
    most = "less than " if excluded else "at most "
    return [
        ProofGap(
            target,
            keyword,
            location,
            _limit(bound, lower),
            (least if lower else most) + format_number(target.get(keyword)),
        )
    ]


def _limit(bound: tuple[Fraction, bool] | None, lower: bool) -> str:
    if bound is None:
        return "any number"
    words = ("more than " if bound[1] else "at least ") if lower else ("less than " if bound[1] else "at most ")
    return words + format_number(bound[0])


def multiple_of(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    kinds, step = proof.kinds(known) & NUMBER_KINDS, target.get("multipleOf")
    steps = known.values_of("multipleOf")
    # fractions are never divided, because engines round in different ways
    whole = any(each.denominator == 1 and step.denominator == 1 and each % step == 0 for each in steps)
    if not kinds or step in steps or whole or (step == 1 and "fraction" not in kinds):
        return []
    was = " and ".join(f"a multiple of {format_number(each)}" for each in steps) or "any number"
    return [ProofGap(target, "multipleOf", location, was, f"a multiple of {format_number(step)}")]


def pattern(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    wanted = target.get("pattern")
    if "string" not in proof.kinds(known) or wanted in known.values_of("pattern") or matches_every_text(wanted):
        return []
    was = " and ".join(f"text like {shorten(each)}" for each in known.values_of("pattern")) or "any text"
    return [ProofGap(target, "pattern", location, was, f"text like {shorten(wanted)}")]


def format(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    wanted = target.get("format")
    # draft-04 and later drafts may interpret a format differently
    formats = [
        subschema.get("format")
        for subschema in known.atoms
        if subschema.side.distinguishes_floats is target.side.distinguishes_floats
    ]
    if "string" not in proof.kinds(known) or wanted in formats:
        return []
    return [ProofGap(target, "format", location, " and ".join(known.values_of("format")) or "any text", wanted)]


def content_rule(keyword: str) -> Rule:
    """Returns the rule for `contentEncoding` or `contentMediaType`, which draft-06 and draft-07 assert."""

    def rule(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
        if "string" not in proof.kinds(known) or target.get(keyword) in known.values_of(keyword):
            return []
        return [
            ProofGap(
                target, keyword, location, " and ".join(known.values_of(keyword)) or "any text", target.get(keyword)
            )
        ]

    return rule


def size_rule(keyword: str, kind: str, unit: str) -> Rule:
    """Returns the rule for a limit on length or count, such as `minLength`."""
    lower = keyword.startswith("min")

    def rule(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
        if kind not in proof.kinds(known):
            return []
        limit = int(target.get(keyword))
        found = effective_minimum(proof, known, keyword) if lower else known.upper_limit(keyword)
        if found is not None and (found >= limit if lower else found <= limit):
            return []
        word = "at least" if lower else "at most"
        was = f"{word} {found:,} {unit}" if found else f"any number of {unit}"
        return [ProofGap(target, keyword, location, was, f"{word} {limit:,} {unit}")]

    return rule


def effective_minimum(proof: Proof, known: Conjunction, keyword: str) -> int:
    least = known.lower_limit(keyword)
    return max(least, len(known.required)) if keyword == "minProperties" else least


def describe_types(kinds: frozenset[str]) -> str:
    """Returns the JSON Schema types of these kinds."""
    if len(kinds) == 8:
        return "anything"
    words = sorted(kinds - NUMBER_KINDS)
    if kinds & NUMBER_KINDS:
        words.append("number" if "fraction" in kinds else "integer")
    return " or ".join(words) or "nothing"


def describe_values(values: list[Any]) -> str:
    shown = [msgspec.json.encode(value).decode() for value in values[:MAX_SHOWN_VALUES]]
    more = f" and {len(values) - MAX_SHOWN_VALUES} more" if len(values) > MAX_SHOWN_VALUES else ""
    return shorten(", ".join(shown)) + more or "no value"


def format_number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else str(float(value))


RULES: Final[dict[str, Rule]] = {
    "type": type_,
    "enum": enum,
    "const": const,
    "minimum": minimum,
    "maximum": maximum,
    "exclusiveMinimum": exclusive_minimum,
    "exclusiveMaximum": exclusive_maximum,
    "multipleOf": multiple_of,
    "pattern": pattern,
    "format": format,
    "contentEncoding": content_rule("contentEncoding"),
    "contentMediaType": content_rule("contentMediaType"),
    "minLength": size_rule("minLength", "string", "characters"),
    "maxLength": size_rule("maxLength", "string", "characters"),
    "minItems": size_rule("minItems", "array", "items"),
    "maxItems": size_rule("maxItems", "array", "items"),
    "minProperties": size_rule("minProperties", "object", "properties"),
    "maxProperties": size_rule("maxProperties", "object", "properties"),
}
