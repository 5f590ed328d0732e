"""Rules for properties: what they fit, which must be there, and what they may be called."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from reyna.fit.keywords import pointer
from reyna.schemas.compatibility.facts import Meeting, matched_by_all, matches, parts_for, plainly_unevaluated
from reyna.schemas.compatibility.proof import Gap, Proof, Rule, Where
from reyna.schemas.compatibility.scalars import in_words
from reyna.schemas.compatibility.side import Part

MOST_PATTERNS: Final = 6  # whose overlaps are looked at one by one: 64 ways to match some of them


def properties(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    """Every name that either side speaks of, and every way for another name to match some of the patterns."""
    if "object" not in proof.kinds(known):
        return []
    found: list[Gap] = []
    spoken = dict.fromkeys((*known.names, *asked.said("properties", {}), *(known.closed or ())))
    for name in spoken:
        matching = frozenset(
            each for each in (*known.patterns, *asked.said("patternProperties", ())) if matches(each, name)
        )
        if known.may_be_called(name):
            found += _property(proof, known, asked, name, matching, where)
    for some in _overlaps(known, asked):
        if some is None:
            return [*found, Gap(asked, "patternProperties", where, "many patterns", "other patterns")]
        found += [gap for gap in _property(proof, known, asked, None, some, where) if gap not in found]
    return found


def _overlaps(known: Meeting, asked: Part) -> Iterator[frozenset[str] | None]:
    if known.closed is not None:  # no name but those that were listed
        return
    patterns = list(dict.fromkeys((*known.patterns, *asked.said("patternProperties", ()))))
    if len(patterns) > MOST_PATTERNS:
        yield None
        return
    always = frozenset(each for each in patterns if matched_by_all(each))
    others = [each for each in patterns if each not in always]
    for many in range(len(others) + 1):
        yield from (always.union(some) for some in combinations(others, many))


def _property(
    proof: Proof, known: Meeting, asked: Part, name: str | None, matching: frozenset[str], where: Where
) -> list[Gap]:
    child = known.child(name, matching)
    if proof.empty(child):
        return []
    found: list[Gap] = []
    for keyword, part in parts_for(asked, name, matching):
        gaps = proof.gaps(child, part, (*where, name))
        if gaps and (not child.atoms or (part.keywords is False and name is not None)):
            gaps = [_open(child, asked, keyword, part, name, where)]
        elif keyword == "additionalProperties" and name is not None:
            gaps = [gap._replace(about=gap.about or name) for gap in gaps]
        found += gaps
    return found


def _open(child: Meeting, asked: Part, keyword: str, part: Part, name: str | None, where: Where) -> Gap:
    """Where anything could be, or nothing can be any more, one sentence says more than what the schema there asks."""
    refused = part.keywords is False
    was = "allowed" if refused else "anything, since the model is open there"
    is_ = "not allowed" if refused else _asks(part)
    if name is None:
        about = "other properties" if keyword == "additionalProperties" else "properties that match the pattern"
        return Gap(asked, keyword, (*where, None), was, is_, about)
    return Gap(asked, keyword, (*where, name), was, is_, name, asked.at + pointer(("properties", name)))


def _asks(part: Part) -> str:
    types = Meeting([part]).all("type")
    return in_words(frozenset.intersection(*types)) if types else "what its schema says"


def required(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    if "object" not in proof.kinds(known):
        return []
    missing = [name for name in dict.fromkeys(asked.said("required")) if name not in known.required]
    return [Gap(asked, "required", where, "optional", "required", name) for name in missing]


def property_names(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    if "object" not in proof.kinds(known):
        return []
    names: Part = asked.said("propertyNames")
    if known.closed is not None:
        refused = [name for name in known.closed if not names.takes(name)] if names.written else list(known.closed)
        return [Gap(asked, "propertyNames", where, "allowed", "not allowed", name) for name in refused]
    text = asked.side.case("is text", {"type": frozenset(("string",))})
    gaps = proof.gaps(Meeting((*known.all("propertyNames"), text)), names, (*where, None))
    return [gap._replace(about="the names of properties", where=where) for gap in gaps]


def dependent_required(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    found: list[Gap] = []
    for name, names in asked.said("dependentRequired").items():
        case = with_property(known, asked, name)
        if not proof.empty(case) and (missing := [each for each in names if each not in case.required]):
            is_ = f"required beside {name}"
            path = asked.at + pointer((_written(asked, name), name))
            found += [Gap(asked, "dependentRequired", where, "optional", is_, each, path) for each in missing]
    return found


def _written(asked: Part, name: str) -> str:
    """The keyword that the author used."""
    return "dependencies" if name in asked.side.wrote(asked.at).get("dependencies", ()) else "dependentRequired"


def dependent_schemas(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    found: list[Gap] = []
    for name, part in asked.said("dependentSchemas"):
        case = with_property(known, asked, name)
        found += [] if proof.empty(case) else proof.gaps(case, part, where)
    return found


def with_property(known: Meeting, asked: Part, name: str) -> Meeting:
    """The objects among these that have the property."""
    return known.with_(asked.side.case(f"has {name!r}", {"required": [name], "type": frozenset(("object",))}))


def unevaluated_properties(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return unevaluated(proof, known, asked, "unevaluatedProperties", "object", where)


def unevaluated(proof: Proof, known: Meeting, asked: Part, keyword: str, kind: str, where: Where) -> list[Gap]:
    """What is evaluated depends on which alternatives fit; where that is plain, it was asked as another keyword."""
    rest: Part = asked.said(keyword)
    anything = rest.keywords is not False and not rest.keywords
    if anything or rest.keywords is True or kind not in proof.kinds(known) or plainly_unevaluated(asked, keyword):
        return []
    return [Gap(asked, keyword, where, "decided by other alternatives", "decided by alternatives")]


RULES: Final[dict[str, Rule]] = {
    "properties": properties,
    "required": required,
    "propertyNames": property_names,
    "dependentRequired": dependent_required,
    "dependentSchemas": dependent_schemas,
    "unevaluatedProperties": unevaluated_properties,
}
