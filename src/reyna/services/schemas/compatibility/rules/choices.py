"""Rules for alternatives, exclusions and conditions."""

from typing import Final

from reyna.services.schemas.compatibility.conjunction import Conjunction, flatten
from reyna.services.schemas.compatibility.proof import Location, Proof, ProofGap, Rule
from reyna.services.schemas.compatibility.schema_side import Subschema

MAX_NAMED_REASONS: Final = 3  # gaps that are listed instead of "none of the alternatives"


def any_of(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    return _some_branch(proof, known, target, "anyOf", location)


def one_of(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    branches = target.get("oneOf")
    for place, branch in enumerate(branches):
        if proof.proves(known, branch, location):
            others = [each for number, each in enumerate(branches) if number != place]
            if all(proof.is_empty(known.conjoin(each)) for each in others):
                return []
            return [
                ProofGap(target, "oneOf", location, "fits one alternative", "may fit several, and exactly one is asked")
            ]
    return _some_branch(proof, known, target, "oneOf", location)


def _some_branch(
    proof: Proof, known: Conjunction, target: Subschema, keyword: str, location: Location
) -> list[ProofGap]:
    nearest: list[ProofGap] = []
    for branch in sorted(target.get(keyword), key=lambda each: not _alike(known, each)):
        gaps = proof.find_gaps(known, branch, location)
        if not gaps:
            return []
        other = any(gap.location == location and gap.rule in ("type", "enum", "const", "false") for gap in gaps)
        if not other and not proof.is_empty(known.conjoin(branch)):
            nearest = min((nearest, gaps), key=len) if nearest else gaps
    if 0 < len(nearest) <= MAX_NAMED_REASONS and len(target.get(keyword)) <= MAX_NAMED_REASONS:
        return nearest
    return [ProofGap(target, keyword, location, "accepted", "not shown to fit any of the alternatives")]


def _alike(known: Conjunction, branch: Subschema) -> bool:
    """Returns whether the alternative has the same pointer as one of the known schemas: then it is the likeliest."""
    return any(subschema.at == atom.at for subschema in flatten(branch) for atom in known.atoms)


def not_(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    refused: Subschema = target.get("not")
    if refused.keywords is False or proof.is_empty(known.conjoin(refused)):
        return []
    if any(proof.proves(Conjunction([refused]), each, location) for each in known.values_of("not")):
        return []
    return [ProofGap(target, "not", location, "accepted", "excluded")]


def if_(proof: Proof, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
    question, then, otherwise = target.get("if")
    found: list[ProofGap] = []
    if then is not None:
        found += proof.find_gaps(known.conjoin(question), then, location)
    if otherwise is not None:
        fails = target.side.make_case(f"not {question.at}", {"not": question})
        found += proof.find_gaps(known.conjoin(fails), otherwise, location)
    return found


RULES: Final[dict[str, Rule]] = {"anyOf": any_of, "oneOf": one_of, "not": not_, "if": if_}
