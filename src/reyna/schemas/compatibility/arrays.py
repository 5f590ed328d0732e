"""Rules for the items of arrays."""

from typing import Final

from reyna.schemas.compatibility.facts import Meeting, item_of
from reyna.schemas.compatibility.objects import unevaluated
from reyna.schemas.compatibility.proof import Gap, Proof, Rule, Where
from reyna.schemas.compatibility.side import Part


def items(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    """Every place that either side speaks of, and all later ones at once."""
    if "array" not in proof.kinds(known):
        return []
    found: list[Gap] = []
    last = max(known.listed, len(asked.said("prefixItems", ())))
    most = known.most("maxItems")
    for place in range(last + 1):
        part = item_of(asked, place)
        if most is not None and place >= most:
            break
        if proof.empty(known.item(place)):  # no array is longer than this
            break
        if part is not None:
            found += proof.gaps(known.item(place), part, (*where, None if place == last else place))
    return found


def unique_items(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    most = known.most("maxItems")
    if not asked.said("uniqueItems") or any(known.all("uniqueItems")) or (most is not None and most <= 1):
        return []
    return [Gap(asked, "uniqueItems", where, "any items", "no two equal")] if "array" in proof.kinds(known) else []


def contains(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    if "array" not in proof.kinds(known):
        return []
    wanted, least, most = asked.said("contains")
    found: list[Gap] = []
    if least and not _has_enough(proof, known, wanted, int(least), where):
        found.append(Gap(asked, "contains", where, "any items", f"at least {least} of a kind"))
    if most is not None and not _has_few(proof, known, wanted, int(most), where):
        found.append(Gap(asked, "maxContains", where, "any items", f"at most {most} of a kind"))
    return found


def _has_enough(proof: Proof, known: Meeting, wanted: Part, least: int, where: Where) -> bool:
    for part, has, _ in known.all("contains"):
        if has >= least and proof.shows(Meeting([part]), wanted, (*where, None)):
            return True
    places = range(int(known.least("minItems")))
    fitting = 0
    for place in places:
        alike = place >= known.listed
        if proof.shows(known.item(place), wanted, (*where, None)):
            fitting += len(places) - place if alike else 1
        if alike:
            break
    return fitting >= least


def _has_few(proof: Proof, known: Meeting, wanted: Part, most: int, where: Where) -> bool:
    length = known.most("maxItems")
    if length is not None and length <= most:
        return True
    for part, _, has in known.all("contains"):
        if has is not None and has <= most and proof.shows(Meeting([wanted]), part, (*where, None)):
            return True
    # places where nothing of the kind can be do not count
    open = [place for place in range(known.listed + 1) if not proof.empty(known.item(place).with_(wanted))]
    return known.listed not in open and len(open) <= most


def unevaluated_items(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return unevaluated(proof, known, asked, "unevaluatedItems", "array", where)


RULES: Final[dict[str, Rule]] = {
    "items": items,
    "uniqueItems": unique_items,
    "contains": contains,
    "unevaluatedItems": unevaluated_items,
}
