"""Rules for alternatives, exclusions and conditions."""

from typing import Final

from reyna.schemas.compatibility.facts import Meeting, flattened
from reyna.schemas.compatibility.proof import Gap, Proof, Rule, Where
from reyna.schemas.compatibility.side import Part

CLEAR: Final = 3  # reasons that are worth naming instead of "none of the alternatives"


def any_of(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    return _one_of_these(proof, known, asked, "anyOf", where)


def one_of(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    branches = asked.said("oneOf")
    for place, branch in enumerate(branches):
        if proof.shows(known, branch, where):
            others = [each for number, each in enumerate(branches) if number != place]
            if all(proof.empty(known.with_(each)) for each in others):
                return []
            return [Gap(asked, "oneOf", where, "fits one alternative", "may fit several, and exactly one is asked")]
    return _one_of_these(proof, known, asked, "oneOf", where)


def _one_of_these(proof: Proof, known: Meeting, asked: Part, keyword: str, where: Where) -> list[Gap]:
    nearest: list[Gap] = []
    for branch in sorted(asked.said(keyword), key=lambda each: not _alike(known, each)):
        gaps = proof.gaps(known, branch, where)
        if not gaps:
            return []
        other = any(gap.where == where and gap.rule in ("type", "enum", "const", "false") for gap in gaps)
        if not other and not proof.empty(known.with_(branch)):
            nearest = min((nearest, gaps), key=len) if nearest else gaps
    if 0 < len(nearest) <= CLEAR and len(asked.said(keyword)) <= CLEAR:
        return nearest
    return [Gap(asked, keyword, where, "accepted", "not shown to fit any of the alternatives")]


def _alike(known: Meeting, branch: Part) -> bool:
    """Whether an alternative stands where one of the schemas stands that the values fit: then it is the likeliest."""
    return any(part.at == atom.at for part in flattened(branch) for atom in known.atoms)


def not_(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    refused: Part = asked.said("not")
    if refused.keywords is False or proof.empty(known.with_(refused)):
        return []
    if any(proof.shows(Meeting([refused]), each, where) for each in known.all("not")):
        return []
    return [Gap(asked, "not", where, "accepted", "excluded")]


def if_(proof: Proof, known: Meeting, asked: Part, where: Where) -> list[Gap]:
    question, then, otherwise = asked.said("if")
    found: list[Gap] = []
    if then is not None:
        found += proof.gaps(known.with_(question), then, where)
    if otherwise is not None:
        fails = asked.side.case(f"not {question.at}", {"not": question})
        found += proof.gaps(known.with_(fails), otherwise, where)
    return found


RULES: Final[dict[str, Rule]] = {"anyOf": any_of, "oneOf": one_of, "not": not_, "if": if_}
