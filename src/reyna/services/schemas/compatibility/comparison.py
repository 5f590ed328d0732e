"""Compares two versions of a schema: a proof by rules, a second engine, and a search for counterexamples.

*Backward* compatible: every document that fits the old schema fits the new one. *Forward*: the reverse. A direction
is compatible only when the rules prove it, no second engine denies it, and the search finds no counterexample; an
undecided direction counts as broken, and the result says so.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from reyna.domain.schema import Compatibility
from reyna.services.schemas.compatibility.conjunction import Conjunction
from reyna.services.schemas.compatibility.counterexamples.search import (
    MUTATED_DOCUMENTS,
    Counterexample,
    CounterexampleSearch,
)
from reyna.services.schemas.compatibility.cross_check import second_opinion
from reyna.services.schemas.compatibility.difference import Difference, Direction
from reyna.services.schemas.compatibility.equality import is_same_schema
from reyna.services.schemas.compatibility.explanation import (
    annotation_differences,
    explain_gaps,
    undecided_difference,
)
from reyna.services.schemas.compatibility.proof import Proof, ProofGap, ProofTooLong
from reyna.services.schemas.compatibility.rules import arrays, choices, objects, scalars
from reyna.services.schemas.compatibility.schema_side import SchemaSide

RULES: Final = scalars.RULES | objects.RULES | arrays.RULES | choices.RULES
DIRECTION_CPU_SECONDS: Final = 0.6  # the search may take as long, and the proof twice as long
CONTRADICTED: Final = "Our rules prove it, but a second engine denies it."
CONTROL: Final = r"A pattern uses \c, which engines interpret in different ways."
INVOLVED: Final = "The schemas combine too many alternatives to compare them all."
DIRECTIONS_OF_MODE: Final[dict[Compatibility, tuple[Direction, ...]]] = {
    "none": (),
    "backward": ("backward",),
    "backward_transitive": ("backward",),
    "forward": ("forward",),
    "forward_transitive": ("forward",),
    "full": ("backward", "forward"),
    "full_transitive": ("backward", "forward"),
}


class ResolvedSchema(msgspec.Struct, frozen=True):
    """A JSON Schema with every registered schema that it refers to, by URI."""

    json_schema: Any
    references: dict[str, Any] = {}


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result for both directions, and every difference."""

    backward: bool
    forward: bool
    differences: tuple[Difference, ...] = ()

    def satisfies(self, mode: Compatibility) -> bool:
        """Returns whether the result keeps the promise of the mode. For a transitive mode, ask every comparison."""
        held = {"backward": self.backward, "forward": self.forward}
        return all(held[direction] for direction in DIRECTIONS_OF_MODE[mode])


def compare(old: ResolvedSchema, new: ResolvedSchema, *, seconds: float = DIRECTION_CPU_SECONDS) -> Comparison:
    """Compares two schemas; for each direction the search takes up to `seconds` of CPU, and the proof twice that.

    Raises Invalid for a schema that cannot be accepted.
    """
    sides = SchemaSide("old", old.json_schema, old.references), SchemaSide("new", new.json_schema, new.references)
    return _compare_sides(*sides, seconds)


def _compare_sides(old: SchemaSide, new: SchemaSide, seconds: float) -> Comparison:
    if is_same_schema(old.root, new.root):
        return Comparison(backward=True, forward=True, differences=tuple(annotation_differences(old, new)))
    gaps: dict[Direction, list[ProofGap]] = {}
    found: dict[Direction, list[Counterexample]] = {}
    unsure = any(r"\c" in pattern for side in (old, new) for pattern in side.patterns())
    doubts = [undecided_difference(direction, CONTROL) for direction in _directions(old, new)] if unsure else []
    for direction, (accepting, asking) in _directions(old, new).items():
        try:
            gaps[direction] = Proof(RULES, deadline=time.thread_time() + 2 * seconds).find_gaps(
                Conjunction([accepting.root]), asking.root, ()
            )
        except (ProofTooLong, RecursionError):
            gaps[direction] = []
            doubts.append(undecided_difference(direction, INVOLVED))
        doubted = any(direction in doubt.breaks for doubt in doubts)
        word = "cannot say" if gaps[direction] or doubted else second_opinion(accepting, asking)
        # with the proof alone to rely on, the search lasts longer
        mutations = MUTATED_DOCUMENTS if gaps[direction] or word == "yes" else 4 * MUTATED_DOCUMENTS
        search = CounterexampleSearch(accepting, asking, deadline=time.thread_time() + seconds, changes=mutations)
        found[direction] = search.run(gaps[direction])
        if word == "no" and not found[direction]:
            doubts.append(undecided_difference(direction, CONTRADICTED))
    differences = (*doubts, *explain_gaps(old, new, gaps, found))
    # from all gaps, because the list of differences may be cut
    broken = {direction for direction in gaps if gaps[direction] or found[direction]}
    broken |= {direction for difference in differences for direction in difference.breaks}
    return Comparison(backward="backward" not in broken, forward="forward" not in broken, differences=differences)


def _directions(old: SchemaSide, new: SchemaSide) -> Mapping[Direction, tuple[SchemaSide, SchemaSide]]:
    return {"backward": (old, new), "forward": (new, old)}
