"""What differs between two versions, said once for both directions, with evidence and advice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from reyna.fit.keywords import every, pointer
from reyna.fit.words import cut
from reyna.schemas.compatibility.proof import Gap, Where
from reyna.schemas.compatibility.search import SHOWN, Found, concerns
from reyna.schemas.compatibility.side import Side

Direction = Literal["backward", "forward"]
MOST: Final = 200  # differences that are told of each direction
MOST_ANNOTATIONS: Final = 50
ANNOTATIONS: Final = (
    *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"),
    *("contentEncoding", "contentMediaType", "contentSchema"),
)
UNDECIDED: Final = "It could not be shown either way, so it counts as breaking."
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
ANYWAY: Final = {
    "backward": "Register it as the next major, and keep the older one for what is stored.",
    "forward": "Readers of the older version must be renewed first.",
}


class Difference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference: where (a JSON Pointer into the newer or the older schema), which rule, and whom it breaks.

    `breaks` is empty for what changes no verdict on any document. A `counterexample` fits the one version and not the
    other; where there is none although something breaks, it was either too large to show, or it is `undecided`.
    """

    path: str
    rule: str
    message: str
    breaks: tuple[Direction, ...] = ()
    counterexample: Any = msgspec.UNSET
    hint: str | None = None
    undecided: bool = False
    version: str | None = None  # the older version that it was compared with, when that is not the latest


class Told(msgspec.Struct, kw_only=True):
    """A difference on the way to being told."""

    path: str
    rule: str
    about: str
    was: str
    is_: str
    where: Where
    breaks: list[Direction]
    found: Found | None


def explained(
    old: Side, new: Side, gaps: Mapping[Direction, Sequence[Gap]], found: Mapping[Direction, Sequence[Found]]
) -> list[Difference]:
    """The differences, those that break something first; at most so many of each direction."""
    told: dict[tuple[str, str, str], Told] = {}
    for direction, each in gaps.items():
        for gap in each[:MOST]:
            _tell(told, direction, gap, found[direction])
    differences = [_difference(each) for each in told.values()]
    for direction, each in gaps.items():
        explains = any(concerns(document, gap) for gap in each[:MOST] for document in found[direction])
        if found[direction] and not explains:
            differences.append(_unexplained(direction, found[direction][0]))
    return [*differences, *annotated(old, new)]


def _tell(told: dict[tuple[str, str, str], Told], direction: Direction, gap: Gap, found: Sequence[Found]) -> None:
    path = _readable_path(gap)
    was, is_ = (gap.was, gap.asked) if direction == "backward" else (gap.asked, gap.was)
    evidence = next((each for each in found if concerns(each, gap)), None)
    one = told.setdefault(
        (path, gap.rule, gap.about),
        Told(path=path, rule=gap.rule, about=gap.about, was=was, is_=is_, where=gap.where, breaks=[], found=evidence),
    )
    if direction not in one.breaks:
        one.breaks.append(direction)
    one.found = one.found or evidence


def _readable_path(gap: Gap) -> str:
    """A pointer into the author's schema; into a registered one by its URI."""
    at = gap.path or (gap.part.at if gap.rule in ("false", "$ref") else f"{gap.part.at}/{gap.rule}")
    at = at.removeprefix("?") if at.startswith("?") else at
    for number, uri in gap.part.side.named.items():
        inside = f"/{gap.part.side.dialect.definitions}/reyna:{number}"
        if at == inside or at.startswith(f"{inside}/"):
            return f"{uri}#{at.removeprefix(inside)}"
    return at


def _difference(one: Told) -> Difference:
    subject = one.about or "".join(
        f"{'' if n == 0 else '.'}{'*' if step is None else step}" for n, step in enumerate(one.where)
    )
    message = f"{subject or 'The whole'}: was {one.was}, is {one.is_} ({one.rule})."
    undecided = one.found is None
    shown = one.found.document if one.found and one.found.size <= SHOWN else msgspec.UNSET
    if one.found and shown is msgspec.UNSET:
        message += f" A document of {one.found.size:,} bytes shows it."
    return Difference(
        path=one.path,
        rule=one.rule,
        message=message + (f" {UNDECIDED}" if undecided else ""),
        breaks=tuple(one.breaks),
        counterexample=shown,
        hint=HINTS.get((one.rule, one.breaks[0])) or ANYWAY[one.breaks[0]],
        undecided=undecided,
    )


def _unexplained(direction: Direction, found: Found) -> Difference:
    """The search knows better than the rules."""
    return Difference(
        path=found.refused[0] if found.refused else "",
        rule="counterexample",
        message="A document that one version takes and the other refuses was found.",
        breaks=(direction,),
        counterexample=found.document if found.size <= SHOWN else msgspec.UNSET,
        hint=ANYWAY[direction],
    )


def undecided(direction: Direction, why: str) -> Difference:
    """A whole direction that could not be decided."""
    return Difference(
        path="",
        rule="undecided",
        message=f"{why} {UNDECIDED}",
        breaks=(direction,),
        hint=ANYWAY[direction],
        undecided=True,
    )


def annotated(old: Side, new: Side) -> Iterable[Difference]:
    """What only people read: it changes no verdict."""
    was, is_ = (dict(every(side.author)) if isinstance(side.author, dict) else {} for side in (old, new))
    found = []
    for path in was.keys() & is_.keys():
        for keyword in ANNOTATIONS:
            one, other = was[path].get(keyword), is_[path].get(keyword)
            if one != other:
                word = "added" if one is None else "removed" if other is None else "changed"
                at = pointer((*path, keyword))
                found.append(Difference(path=at, rule=keyword, message=cut(f"{keyword} was {word}.")))
    return sorted(found, key=lambda each: each.path)[:MOST_ANNOTATIONS]
