"""Rules for the items of arrays."""

from typing import Final

from reyna.services.schemas.compatibility.conjunction import Conjunction, subschema_for_item
from reyna.services.schemas.compatibility.proof import Location, Proof, ProofGap, Rule
from reyna.services.schemas.compatibility.rules.objects import unevaluated
from reyna.services.schemas.compatibility.schema_side import Subschema


def items(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    """Compares every index that either side lists, and all later ones at once."""
    if "array" not in proof.kinds(known):
        return []
    found: list[ProofGap] = []
    last = max(known.listed_items, len(target.get("prefixItems", ())))
    most = known.upper_limit("maxItems")
    for place in range(last + 1):
        subschema = subschema_for_item(target, place)
        if most is not None and place >= most:
            break
        if proof.is_empty(known.item(place)):  # no array has this index
            break
        if subschema is not None:
            found += proof.find_gaps(known.item(place), subschema, (*location, None if place == last else place))
    return found


def unique_items(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    most = known.upper_limit("maxItems")
    if not target.get("uniqueItems") or any(known.values_of("uniqueItems")) or (most is not None and most <= 1):
        return []
    return (
        [ProofGap(target, "uniqueItems", location, "any items", "no two equal")]
        if "array" in proof.kinds(known)
        else []
    )


def contains(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    if "array" not in proof.kinds(known):
        return []
    wanted, least, most = target.get("contains")
    found: list[ProofGap] = []
    if least and not _has_at_least(proof, known, wanted, int(least), location):
        found.append(ProofGap(target, "contains", location, "any items", f"at least {least} of a kind"))
    if most is not None and not _has_at_most(proof, known, wanted, int(most), location):
        found.append(ProofGap(target, "maxContains", location, "any items", f"at most {most} of a kind"))
    return found


def _has_at_least(proof: Proof, known: Conjunction, wanted: Subschema, least: int, location: Location) -> bool:
    for subschema, has, _ in known.values_of("contains"):
        if has >= least and proof.proves(Conjunction([subschema]), wanted, (*location, None)):
            return True
    places = range(int(known.lower_limit("minItems")))
    fitting = 0
    for place in places:
        alike = place >= known.listed_items
        if proof.proves(known.item(place), wanted, (*location, None)):
            fitting += len(places) - place if alike else 1
        if alike:
            break
    return fitting >= least


def _has_at_most(proof: Proof, known: Conjunction, wanted: Subschema, most: int, location: Location) -> bool:
    length = known.upper_limit("maxItems")
    if length is not None and length <= most:
        return True
    for subschema, _, has in known.values_of("contains"):
        if has is not None and has <= most and proof.proves(Conjunction([wanted]), subschema, (*location, None)):
            return True
    # indexes where no such item can be do not count
    open = [place for place in range(known.listed_items + 1) if not proof.is_empty(known.item(place).conjoin(wanted))]
    return known.listed_items not in open and len(open) <= most


def unevaluated_items(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return unevaluated(proof, known, target, "unevaluatedItems", "array", location)


RULES: Final[dict[str, Rule]] = {
    "items": items,
    "uniqueItems": unique_items,
    "contains": contains,
    "unevaluatedItems": unevaluated_items,
}
