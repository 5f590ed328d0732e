"""Rules for types, values, numbers and text."""

from fractions import Fraction
from typing import Any, Final

import msgspec

from reyna.fit.words import cut
from reyna.schemas.compatibility.facts import Meeting, matched_by_all
from reyna.schemas.compatibility.proof import Gap, Proof, Rule, Where
from reyna.schemas.compatibility.side import NUMBERS, Part, equal_as_json

MOST_SHOWN: Final = 8  # values that are named in a message


def type_(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    kinds, allowed = proof.kinds(known), asked.said("type")
    if kinds <= allowed:
        return []
    return [Gap(asked, "type", where, in_words(known.kinds), in_words(allowed))]


def enum(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _values(known, asked, "enum", asked.said("enum"), where)


def const(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _values(known, asked, "const", [asked.keywords["const"]], where)  # type: ignore[index]


def _values(known: Meeting, asked: Part, keyword: str, allowed: list[Any], where: Where) -> list[Gap]:
    if known.values is None:
        return [Gap(asked, keyword, where, in_words(known.kinds), listed(allowed))]
    taken = {equal_as_json(value) for value in allowed}
    lost = [value for value in known.values if equal_as_json(value) not in taken]
    return [Gap(asked, keyword, where, listed(known.values), listed(allowed))] if lost else []


def minimum(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _bound(proof, known, asked, "minimum", where)


def maximum(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _bound(proof, known, asked, "maximum", where)


def exclusive_minimum(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _bound(proof, known, asked, "exclusiveMinimum", where)


def exclusive_maximum(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _bound(proof, known, asked, "exclusiveMaximum", where)


def _bound(proof: Proof, known: Meeting, asked: Part, keyword: str, where: Where) -> list[Gap]:
    kinds = proof.kinds(known) & NUMBERS
    if not kinds:
        return []
    lower, excluded = "inimum" in keyword, keyword.startswith("exclusive")
    bound = known.lower if lower else known.upper
    if bound is not None:
        step = Fraction(1 if lower else -1)
        limit, open = bound
        if "fraction" not in kinds and open and limit.denominator == 1:
            limit, open = limit + step, False
        distance = (limit - asked.said(keyword)) * step
        if distance > 0 or (distance == 0 and (open or not excluded)):
            return []
    least = "more than " if excluded else "at least "
    most = "less than " if excluded else "at most "
    return [Gap(asked, keyword, where, _limit(bound, lower), (least if lower else most) + number(asked.said(keyword)))]


def _limit(bound: tuple[Fraction, bool] | None, lower: bool) -> str:
    if bound is None:
        return "any number"
    words = ("more than " if bound[1] else "at least ") if lower else ("less than " if bound[1] else "at most ")
    return words + number(bound[0])


def multiple_of(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    kinds, step = proof.kinds(known) & NUMBERS, asked.said("multipleOf")
    steps = known.all("multipleOf")
    # fractions are compared as they are, never divided: how the engine rounds is its own affair
    whole = any(each.denominator == 1 and step.denominator == 1 and each % step == 0 for each in steps)
    if not kinds or step in steps or whole or (step == 1 and "fraction" not in kinds):
        return []
    was = " and ".join(f"a multiple of {number(each)}" for each in steps) or "any number"
    return [Gap(asked, "multipleOf", where, was, f"a multiple of {number(step)}")]


def pattern(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    wanted = asked.said("pattern")
    if "string" not in proof.kinds(known) or wanted in known.all("pattern") or matched_by_all(wanted):
        return []
    was = " and ".join(f"text like {cut(each)}" for each in known.all("pattern")) or "any text"
    return [Gap(asked, "pattern", where, was, f"text like {cut(wanted)}")]


def format(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    wanted = asked.said("format")
    # draft-04 and later ones may read the same format differently
    formats = [part.said("format") for part in known.atoms if part.side.literal is asked.side.literal]
    if "string" not in proof.kinds(known) or wanted in formats:
        return []
    return [Gap(asked, "format", where, " and ".join(known.all("format")) or "any text", wanted)]


def content(keyword: str) -> Rule:
    """`contentEncoding` and `contentMediaType`, which draft-06 and draft-07 assert."""

    def rule(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
        if "string" not in proof.kinds(known) or asked.said(keyword) in known.all(keyword):
            return []
        return [Gap(asked, keyword, where, " and ".join(known.all(keyword)) or "any text", asked.said(keyword))]

    return rule


def size(keyword: str, kind: str, unit: str) -> Rule:
    """A rule for how long or how many: `minLength` and its like."""
    lower = keyword.startswith("min")

    def rule(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
        if kind not in proof.kinds(known):
            return []
        limit = int(asked.said(keyword))
        found = least_of(proof, known, keyword) if lower else known.most(keyword)
        if found is not None and (found >= limit if lower else found <= limit):
            return []
        word = "at least" if lower else "at most"
        was = f"{word} {found:,} {unit}" if found else f"any number of {unit}"
        return [Gap(asked, keyword, where, was, f"{word} {limit:,} {unit}")]

    return rule


def least_of(proof: Proof, known: Meeting, keyword: str) -> int:
    least = known.least(keyword)
    return max(least, len(known.required)) if keyword == "minProperties" else least


def in_words(kinds: frozenset[str]) -> str:
    """Kinds as the types of JSON Schema."""
    if len(kinds) == 8:
        return "anything"
    words = sorted(kinds - NUMBERS)
    if kinds & NUMBERS:
        words.append("number" if "fraction" in kinds else "integer")
    return " or ".join(words) or "nothing"


def listed(values: list[Any]) -> str:
    shown = [msgspec.json.encode(value).decode() for value in values[:MOST_SHOWN]]
    more = f" and {len(values) - MOST_SHOWN} more" if len(values) > MOST_SHOWN else ""
    return cut(", ".join(shown)) + more or "no value"


def number(value: Fraction) -> str:
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
    "contentEncoding": content("contentEncoding"),
    "contentMediaType": content("contentMediaType"),
    "minLength": size("minLength", "string", "characters"),
    "maxLength": size("maxLength", "string", "characters"),
    "minItems": size("minItems", "array", "items"),
    "maxItems": size("maxItems", "array", "items"),
    "minProperties": size("minProperties", "object", "properties"),
    "maxProperties": size("maxProperties", "object", "properties"),
}
