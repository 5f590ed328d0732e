"""Whether one version of a schema can stand in for another: shown by rules, put to a second engine, then attacked.

*Backward*: every document that fits the old schema fits the new one. *Forward*: the reverse. A direction holds only
when our rules show it, no second engine denies it, and no document that breaks it is found; whatever cannot be decided
counts as broken, and says so.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from reyna.domain.schema import Compatibility
from reyna.schemas.compatibility import arrays, choices, objects, scalars
from reyna.schemas.compatibility.explain import Difference, Direction, annotated, explained, undecided
from reyna.schemas.compatibility.facts import Meeting
from reyna.schemas.compatibility.proof import Gap, Proof, TooInvolved
from reyna.schemas.compatibility.same import same
from reyna.schemas.compatibility.search import CHANGED, Found, Search
from reyna.schemas.compatibility.second import opinion
from reyna.schemas.compatibility.side import Side

RULES: Final = scalars.RULES | objects.RULES | arrays.RULES | choices.RULES
SECONDS: Final = 0.6  # of CPU for one direction: at most that long for the attack, and twice that for the rules
CONTRADICTED: Final = "Our rules show it, and a second engine denies it."
CONTROL: Final = r"A pattern uses \c, which engines read in different ways."
INVOLVED: Final = "The schemas combine too many alternatives to compare them all."
WANTS: Final[dict[Compatibility, tuple[Direction, ...]]] = {
    "none": (),
    "backward": ("backward",),
    "backward_transitive": ("backward",),
    "forward": ("forward",),
    "forward_transitive": ("forward",),
    "full": ("backward", "forward"),
    "full_transitive": ("backward", "forward"),
}


class Text(msgspec.Struct, frozen=True):
    """A schema as it is compared: with every registered one that it leads to."""

    json_schema: Any
    references: dict[str, Any] = {}


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What became of both directions, and every difference."""

    backward: bool
    forward: bool
    differences: tuple[Difference, ...] = ()

    def holds(self, mode: Compatibility) -> bool:
        """Whether this is enough for the mode; whether for every version, is for the caller to ask."""
        held = {"backward": self.backward, "forward": self.forward}
        return all(held[direction] for direction in WANTS[mode])


def compare(old: Text, new: Text, *, seconds: float = SECONDS) -> Comparison:
    """Compare two schemas; for each direction the attack takes up to `seconds`, and the rules up to twice that.

    Raises Invalid for what is no schema that we hold.
    """
    sides = Side("old", old.json_schema, old.references), Side("new", new.json_schema, new.references)
    return _compared(*sides, seconds)


def _compared(old: Side, new: Side, seconds: float) -> Comparison:
    if same(old.root, new.root):
        return Comparison(backward=True, forward=True, differences=tuple(annotated(old, new)))
    gaps: dict[Direction, list[Gap]] = {}
    found: dict[Direction, list[Found]] = {}
    unsure = any(r"\c" in pattern for side in (old, new) for pattern in side.patterns())
    doubts = [undecided(direction, CONTROL) for direction in _directions(old, new)] if unsure else []
    for direction, (taking, asking) in _directions(old, new).items():
        try:
            gaps[direction] = Proof(RULES, until=time.thread_time() + 2 * seconds).gaps(
                Meeting([taking.root]), asking.root, ()
            )
        except (TooInvolved, RecursionError):
            gaps[direction] = []
            doubts.append(undecided(direction, INVOLVED))
        doubted = any(direction in doubt.breaks for doubt in doubts)
        word = "cannot say" if gaps[direction] or doubted else opinion(taking, asking)
        # where the rules stand alone, the attack lasts longer
        tries = CHANGED if gaps[direction] or word == "yes" else 4 * CHANGED
        search = Search(taking, asking, until=time.thread_time() + seconds, changes=tries)
        found[direction] = search.run(gaps[direction])
        if word == "no" and not found[direction]:
            doubts.append(undecided(direction, CONTRADICTED))
    differences = (*doubts, *explained(old, new, gaps, found))
    # of what was found, and not of what is told, which may be less
    broken = {direction for direction in gaps if gaps[direction] or found[direction]}
    broken |= {direction for difference in differences for direction in difference.breaks}
    return Comparison(backward="backward" not in broken, forward="forward" not in broken, differences=differences)


def _directions(old: Side, new: Side) -> Mapping[Direction, tuple[Side, Side]]:
    return {"backward": (old, new), "forward": (new, old)}
