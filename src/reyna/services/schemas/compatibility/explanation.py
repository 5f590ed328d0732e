"""Explains the differences between two versions, once for both directions, with evidence and advice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from reyna.services.schemas.compatibility.counterexamples.search import MAX_SHOWN_BYTES, Counterexample, explains_gap
from reyna.services.schemas.compatibility.difference import Difference, Direction
from reyna.services.schemas.compatibility.proof import Location, ProofGap
from reyna.services.schemas.compatibility.schema_side import SchemaSide
from reyna.validation.keywords import pointer, walk_schemas
from reyna.validation.messages import shorten

MAX_DIFFERENCES: Final = 200  # of each direction
MAX_ANNOTATIONS: Final = 50
ANNOTATIONS: Final = (
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"),
    *("contentEncoding", "contentMediaType", "contentSchema"),
)
UNDECIDED: Final = "It could not be decided, so it counts as breaking."
HINTS: Final[dict[tuple[str, str], str]] = {
    ("required", "backward"): "Leave it optional, and have readers do without it.",
    ("required", "forward"): "Keep it required.",
    ("properties", "backward"): "Close the model (additionalProperties: false) in a new major first; a closed model "
    "takes new optional properties.",
    ("properties", "forward"): "Keep describing the property, or remove it together with a new major.",
    ("additionalProperties", "backward"): "Keep the property as optional, perhaps marked deprecated, or leave the "
    "model open.",
    ("additionalProperties", "forward"): "Readers of the older version refuse properties that it does not know; open "
    "the model, or give up on the forward direction.",
    ("patternProperties", "backward"): "Keep taking what was taken under these names.",
    ("type", "backward"): "Add the new type beside the old one: a list of types.",
    ("enum", "backward"): "Keep the value in the list, perhaps described as no longer used.",
    ("const", "backward"): "Keep the former value too, with enum.",
    ("pattern", "backward"): "Keep the former pattern, or allow both with anyOf.",
    ("format", "backward"): "Leave the format out, or say it in the description.",
    ("minimum", "backward"): "Keep the wider limit.",
    ("maximum", "backward"): "Keep the wider limit.",
    ("minLength", "backward"): "Keep the wider limit.",
    ("maxLength", "backward"): "Keep the wider limit.",
    ("minItems", "backward"): "Keep the wider limit.",
    ("maxItems", "backward"): "Keep the wider limit.",
    ("uniqueItems", "backward"): "Leave repeated items allowed.",
    ("oneOf", "backward"): "Tell the alternatives apart by a property with a const in each, or use anyOf.",
    ("anyOf", "backward"): "Keep every former alternative, and add new ones beside them.",
    ("not", "backward"): "Say what is allowed instead of what is not, where that can be.",
    ("unevaluatedProperties", "backward"): "Name all properties in one place and use additionalProperties.",
}
DEFAULT_HINTS: Final = {
    "backward": "Register it as the next major, and keep the older one for what is stored.",
    "forward": "Readers of the older version must be renewed first.",
}


class DifferenceDraft(msgspec.Struct, kw_only=True):
    """A difference while the gaps of both directions are merged."""

    path: str
    rule: str
    about: str
    was: str
    is_: str
    location: Location
    breaks: list[Direction]
    found: Counterexample | None


def explain_gaps(
    old: SchemaSide,
    new: SchemaSide,
    gaps: Mapping[Direction, Sequence[ProofGap]],
    found: Mapping[Direction, Sequence[Counterexample]],
) -> list[Difference]:
    """Returns the differences, those that break something first, at most MAX_DIFFERENCES of each direction."""
    drafts: dict[tuple[str, str, str], DifferenceDraft] = {}
    for direction, each in gaps.items():
        for gap in each[:MAX_DIFFERENCES]:
            _add_gap(drafts, direction, gap, found[direction])
    differences = [_difference(each) for each in drafts.values()]
    for direction, each in gaps.items():
        explains = any(explains_gap(document, gap) for gap in each[:MAX_DIFFERENCES] for document in found[direction])
        if found[direction] and not explains:
            differences.append(_counterexample_difference(direction, found[direction][0]))
    return [*differences, *annotation_differences(old, new)]


def _add_gap(
    drafts: dict[tuple[str, str, str], DifferenceDraft],
    direction: Direction,
    gap: ProofGap,
    found: Sequence[Counterexample],
) -> None:
    path = _readable_path(gap)
    was, is_ = (gap.was, gap.requirement) if direction == "backward" else (gap.requirement, gap.was)
    evidence = next((each for each in found if explains_gap(each, gap)), None)
    one = drafts.setdefault(
        (path, gap.rule, gap.about),
        DifferenceDraft(
            path=path,
            rule=gap.rule,
            about=gap.about,
            was=was,
            is_=is_,
            location=gap.location,
            breaks=[],
            found=evidence,
        ),
    )
    if direction not in one.breaks:
        one.breaks.append(direction)
    one.found = one.found or evidence


def _readable_path(gap: ProofGap) -> str:
    """Returns a pointer into the author's schema, or the URI and pointer of a registered one."""
    at = gap.path or (gap.subschema.at if gap.rule in ("false", "$ref") else f"{gap.subschema.at}/{gap.rule}")
    at = at.removeprefix("?") if at.startswith("?") else at
    for number, uri in gap.subschema.side.registered_uris.items():
        inside = f"/{gap.subschema.side.dialect.definitions}/reyna:{number}"
        if at == inside or at.startswith(f"{inside}/"):
            return f"{uri}#{at.removeprefix(inside)}"
    return at


def _difference(one: DifferenceDraft) -> Difference:
    subject = one.about or "".join(
        f"{'' if n == 0 else '.'}{'*' if step is None else step}" for n, step in enumerate(one.location)
    )
    message = f"{subject or 'The whole'}: was {one.was}, is {one.is_} ({one.rule})."
    undecided = one.found is None
    shown = one.found.document if one.found and one.found.size <= MAX_SHOWN_BYTES else msgspec.UNSET
    if one.found and shown is msgspec.UNSET:
        message += f" A document of {one.found.size:,} bytes shows it."
    return Difference(
        path=one.path,
        rule=one.rule,
        message=message + (f" {UNDECIDED}" if undecided else ""),
        breaks=tuple(one.breaks),
        counterexample=shown,
        hint=HINTS.get((one.rule, one.breaks[0])) or DEFAULT_HINTS[one.breaks[0]],
        undecided=undecided,
    )


def _counterexample_difference(direction: Direction, found: Counterexample) -> Difference:
    """Returns a difference for a counterexample that no gap of the proof explains."""
    return Difference(
        path=found.refused[0] if found.refused else "",
        rule="counterexample",
        message="A document that one version takes and the other refuses was found.",
        breaks=(direction,),
        counterexample=found.document if found.size <= MAX_SHOWN_BYTES else msgspec.UNSET,
        hint=DEFAULT_HINTS[direction],
    )


def undecided_difference(direction: Direction, reason: str) -> Difference:
    """Returns a difference for a direction that could not be decided."""
    return Difference(
        path="",
        rule="undecided",
        message=f"{reason} {UNDECIDED}",
        breaks=(direction,),
        hint=DEFAULT_HINTS[direction],
        undecided=True,
    )


def annotation_differences(old: SchemaSide, new: SchemaSide) -> Iterable[Difference]:
    """Returns the changed annotations, which affect no validation."""
    was, is_ = (
        dict(walk_schemas(side.authored_schema)) if isinstance(side.authored_schema, dict) else {}
        for side in (old, new)
    )
    found = []
    for path in was.keys() & is_.keys():
        for keyword in ANNOTATIONS:
            one, other = was[path].get(keyword), is_[path].get(keyword)
            if one != other:
                word = "added" if one is None else "removed" if other is None else "changed"
                at = pointer((*path, keyword))
                found.append(Difference(path=at, rule=keyword, message=shorten(f"{keyword} was {word}.")))
    return sorted(found, key=lambda each: each.path)[:MAX_ANNOTATIONS]
