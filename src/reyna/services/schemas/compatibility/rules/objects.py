"""Rules for properties: their values, their names, and their presence."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from reyna.services.schemas.compatibility.conjunction import (
    Conjunction,
    matches,
    matches_every_text,
    simplify_unevaluated,
    subschemas_for_property,
)
from reyna.services.schemas.compatibility.proof import Location, Proof, ProofGap, Rule
from reyna.services.schemas.compatibility.rules.scalars import describe_types
from reyna.services.schemas.compatibility.schema_side import Subschema
from reyna.validation.keywords import pointer

MAX_OVERLAPPING_PATTERNS: Final = 6  # their overlaps are compared one by one: 64 combinations


def properties(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    """Compares every name that either side mentions, and every combination of patterns that another name can match."""
    if "object" not in proof.kinds(known):
        return []
    found: list[ProofGap] = []
    spoken = dict.fromkeys((*known.names, *target.get("properties", {}), *(known.closed_names or ())))
    for name in spoken:
        matching = frozenset(
            each for each in (*known.patterns, *target.get("patternProperties", ())) if matches(each, name)
        )
        if known.allows_name(name):
            found += _property(proof, known, target, name, matching, location)
    for some in _overlaps(known, target):
        if some is None:
            return [*found, ProofGap(target, "patternProperties", location, "many patterns", "other patterns")]
        found += [gap for gap in _property(proof, known, target, None, some, location) if gap not in found]
    return found


def _overlaps(known: Conjunction, target: Subschema) -> Iterator[frozenset[str] | None]:
    if known.closed_names is not None:  # only the listed names are allowed
        return
    patterns = list(dict.fromkeys((*known.patterns, *target.get("patternProperties", ()))))
    if len(patterns) > MAX_OVERLAPPING_PATTERNS:
        yield None
        return
    always = frozenset(each for each in patterns if matches_every_text(each))
    others = [each for each in patterns if each not in always]
    for many in range(len(others) + 1):
        yield from (always.union(some) for some in combinations(others, many))


def _property(
    proof: Proof, known: Conjunction, target: Subschema, name: str | None, matching: frozenset[str], location: Location
) -> list[ProofGap]:
    child = known.child(name, matching)
    if proof.is_empty(child):
        return []
    found: list[ProofGap] = []
    for keyword, subschema in subschemas_for_property(target, name, matching):
        gaps = proof.find_gaps(child, subschema, (*location, name))
        if gaps and (not child.atoms or (subschema.keywords is False and name is not None)):
            gaps = [_open_model_gap(child, target, keyword, subschema, name, location)]
        elif keyword == "additionalProperties" and name is not None:
            gaps = [gap._replace(about=gap.about or name) for gap in gaps]
        found += gaps
    return found


def _open_model_gap(
    child: Conjunction, target: Subschema, keyword: str, subschema: Subschema, name: str | None, location: Location
) -> ProofGap:
    """Returns one gap for an open or closed model instead of the gaps of the property's schema."""
    refused = subschema.keywords is False
    was = "allowed" if refused else "anything, since the model is open there"
    is_ = "not allowed" if refused else _describe_subschema(subschema)
    if name is None:
        about = "other properties" if keyword == "additionalProperties" else "properties that match the pattern"
        return ProofGap(target, keyword, (*location, None), was, is_, about)
    return ProofGap(target, keyword, (*location, name), was, is_, name, target.at + pointer(("properties", name)))


def _describe_subschema(subschema: Subschema) -> str:
    types = Conjunction([subschema]).values_of("type")
    return describe_types(frozenset.intersection(*types)) if types else "what its schema says"


def required(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    if "object" not in proof.kinds(known):
        return []
    missing = [name for name in dict.fromkeys(target.get("required")) if name not in known.required]
    return [ProofGap(target, "required", location, "optional", "required", name) for name in missing]


def property_names(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    if "object" not in proof.kinds(known):
        return []
    names: Subschema = target.get("propertyNames")
    if known.closed_names is not None:
        refused = (
            [name for name in known.closed_names if not names.accepts(name)]
            if names.is_authored
            else list(known.closed_names)
        )
        return [ProofGap(target, "propertyNames", location, "allowed", "not allowed", name) for name in refused]
    text = target.side.make_case("is text", {"type": frozenset(("string",))})
    gaps = proof.find_gaps(Conjunction((*known.values_of("propertyNames"), text)), names, (*location, None))
    return [gap._replace(about="the names of properties", location=location) for gap in gaps]


def dependent_required(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    found: list[ProofGap] = []
    for name, names in target.get("dependentRequired").items():
        case = with_property(known, target, name)
        if not proof.is_empty(case) and (missing := [each for each in names if each not in case.required]):
            is_ = f"required beside {name}"
            path = target.at + pointer((_authored_keyword(target, name), name))
            found += [ProofGap(target, "dependentRequired", location, "optional", is_, each, path) for each in missing]
    return found


def _authored_keyword(target: Subschema, name: str) -> str:
    """Returns the keyword that the author used."""
    return (
        "dependencies"
        if name in target.side.authored_schema_at(target.at).get("dependencies", ())
        else "dependentRequired"
    )


def dependent_schemas(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    found: list[ProofGap] = []
    for name, subschema in target.get("dependentSchemas"):
        case = with_property(known, target, name)
        found += [] if proof.is_empty(case) else proof.find_gaps(case, subschema, location)
    return found


def with_property(known: Conjunction, target: Subschema, name: str) -> Conjunction:
    """Returns the known objects that have the property."""
    return known.conjoin(target.side.make_case(f"has {name!r}", {"required": [name], "type": frozenset(("object",))}))


def unevaluated_properties(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return unevaluated(proof, known, target, "unevaluatedProperties", "object", location)


def unevaluated(
    proof: Proof, known: Conjunction, target: Subschema, keyword: str, kind: str, location: Location
) -> list[ProofGap]:
    """Compares an `unevaluated*` keyword that depends on alternatives; a simple one was replaced before."""
    rest: Subschema = target.get(keyword)
    anything = rest.keywords is not False and not rest.keywords
    if anything or rest.keywords is True or kind not in proof.kinds(known) or simplify_unevaluated(target, keyword):
        return []
    return [ProofGap(target, keyword, location, "decided by other alternatives", "decided by alternatives")]


RULES: Final[dict[str, Rule]] = {
    "properties": properties,
    "required": required,
    "propertyNames": property_names,
    "dependentRequired": dependent_required,
    "dependentSchemas": dependent_schemas,
    "unevaluatedProperties": unevaluated_properties,
}
