"""Proves by rules that every value that fits some schemas fits another one, or lists the gaps of the proof."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from reyna.services.schemas.compatibility.conjunction import Conjunction, flatten
from reyna.services.schemas.compatibility.equality import is_same_schema
from reyna.services.schemas.compatibility.schema_side import NUMBER_KINDS, Subschema

MAX_PROOF_STEPS: Final = 40_000  # about four seconds
MAX_DATA_DEPTH: Final = 100  # levels, as in stored data
MAX_NESTED_CHOICES: Final = 3  # nested case distinctions at one place of the data
MAX_DISCRIMINATOR_VALUES: Final = 8  # values of a property that distinguishes alternatives
CHOICE_KEYWORDS: Final = frozenset(
    ("anyOf", "oneOf", "not", "if", "contains", "unevaluatedProperties", "unevaluatedItems", "enum", "const")
)  # keywords that are proved by equality more easily than by their meaning
KEYWORD_GROUPS: Final = {
    "patternProperties": "properties",
    "additionalProperties": "properties",
    "prefixItems": "items",
}

Location = tuple[str | int | None, ...]  # a place in the data; None is any unnamed property or later item


class ProofGap(NamedTuple):
    """A requirement that could not be proved: the schema may refuse some of the values in question."""

    subschema: Subschema  # the schema with the requirement
    rule: str  # the keyword
    location: Location
    was: str  # the known facts about the values
    requirement: str  # of the values
    about: str = ""  # the property in question
    path: str = ""  # the pointer to the subject, when that is not the keyword
    refused_values: tuple[Any, ...] = ()  # values at this location that are certainly refused


class FailedProof(NamedTuple):
    """The gaps of a question, and the circumstances under which it failed."""

    gaps: list[ProofGap]
    choices: int
    depth: int
    assumed: frozenset[Any]


class ProofTooLong(Exception):
    """The proof would take more steps or time than allowed."""


Rule = Callable[["Proof", Conjunction, Subschema, Location], list[ProofGap]]


class Proof:
    """The proof of one direction. Remembers the questions that it has answered.

    A question that comes up again deeper in the data while it is being answered counts as proved: data is finite,
    so the smallest counterexample would have broken it earlier (induction over the depth of data).
    """

    def __init__(self, rules: dict[str, Rule], *, deadline: float = float("inf"), steps: int = MAX_PROOF_STEPS) -> None:
        """`deadline`: a moment of `time.thread_time`."""
        self._rules, self._deadline, self._steps = rules, deadline, steps
        self._proved: dict[tuple[Any, Any], bool] = {}  # True when the proof assumed a question that was still open
        self._failures: dict[tuple[Any, Any], FailedProof] = {}
        self._open_questions: dict[tuple[Any, Any], int] = {}
        self._kinds: dict[Any, frozenset[str]] = {}
        self._kinds_in_progress: set[Any] = set()
        self._choices = self._assumption_uses = 0

    def find_gaps(self, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
        """Returns the gaps, none when every value that fits `known` fits `target`. Raises ProofTooLong."""
        self._count_step()
        question = (known.key, target.key)
        if target.keywords is True:
            return []
        if (leans := self._proved.get(question)) is not None:
            self._assumption_uses += leans
            return []
        if self.is_empty(known):
            return []
        failed = self._failures.get(question)
        # with no more assumptions and no more choices left it would fail again
        if failed is not None and self._choices >= failed.choices and self._open_questions.keys() <= failed.assumed:
            return [gap._replace(location=location + gap.location[failed.depth :]) for gap in failed.gaps]
        if question in self._open_questions:
            self._assumption_uses += 1
            further = self._open_questions[question] < len(location)
            return [] if further else [ProofGap(target, "$ref", location, "", "")]
        if len(location) > MAX_DATA_DEPTH:
            return [ProofGap(target, "$ref", location, "", "")]
        self._open_questions[question] = len(location)
        before, leaned = len(self._proved), self._assumption_uses
        try:
            found = [gap for atom in flatten(target) for gap in self._find_atom_gaps(known, atom, location)]
        finally:
            del self._open_questions[question]
        if not found:
            self._proved[question] = self._assumption_uses > leaned and bool(self._open_questions)
        else:  # proofs found meanwhile may have assumed this question
            self._failures[question] = FailedProof(found, self._choices, len(location), frozenset(self._open_questions))
            for shown in list(self._proved)[before:]:
                del self._proved[shown]
        return found

    def proves(self, known: Conjunction, target: Subschema, location: Location) -> bool:
        return not self.find_gaps(known, target, location)

    def is_empty(self, known: Conjunction) -> bool:
        """Returns whether it is proved that no value fits."""
        return not self.kinds(known)

    def kinds(self, known: Conjunction) -> frozenset[str]:
        """Returns the kinds of value that may fit."""
        if known.key in self._kinds:
            return self._kinds[known.key]
        if known.key in self._kinds_in_progress or len(self._kinds_in_progress) > MAX_DATA_DEPTH:
            return known.kinds  # a circular question; nothing more is known
        self._count_step()
        self._kinds_in_progress.add(known.key)
        circle, leaned = len(self._kinds_in_progress), self._assumption_uses
        try:
            kinds = self._remaining_kinds(known)
        finally:
            self._kinds_in_progress.discard(known.key)
        if leaned == self._assumption_uses and (
            circle == 1 or not kinds
        ):  # an answer within a circle may be incomplete
            self._kinds[known.key] = kinds
        return kinds

    def _remaining_kinds(self, known: Conjunction) -> frozenset[str]:
        kinds = known.kinds
        if kinds and known.values is not None and not any(self.may_accept(known, value) for value in known.values):
            return frozenset()
        if "object" in kinds and self._excludes_objects(known):
            kinds -= {"object"}
        if "array" in kinds and self._excludes_arrays(known):
            kinds -= {"array"}
        if kinds and self._is_refuted(known):
            return frozenset()
        return kinds

    def may_accept(self, known: Conjunction, value: Any) -> bool:
        """Returns whether the engine accepts the value in every authored schema."""
        return (known.distinguishes_floats and has_number(value)) or all(
            atom.accepts(value) for atom in known.atoms if atom.is_authored
        )

    def _excludes_objects(self, known: Conjunction) -> bool:
        return any(not known.allows_name(name) or self.is_empty(known.property_named(name)) for name in known.required)

    def _excludes_arrays(self, known: Conjunction) -> bool:
        least = known.lower_limit("minItems")
        return any(self.is_empty(known.item(place)) for place in range(min(least, known.listed_items + 1)))

    def _is_refuted(self, known: Conjunction) -> bool:
        """Returns whether a `not` excludes every value, or no alternative is left."""
        if self._choices >= MAX_NESTED_CHOICES:
            return False
        self._choices += 1
        try:
            # the depth is not known here; too small a depth only allows fewer assumptions
            if any(self.proves(known, each, ()) for each in known.values_of("not")):
                return True
            groups = [group for keyword in ("anyOf", "oneOf") for group in known.values_of(keyword)]
            return any(all(self.is_empty(known.conjoin(each)) for each in group) for group in groups)
        finally:
            self._choices -= 1

    def _find_atom_gaps(self, known: Conjunction, target: Subschema, location: Location) -> list[ProofGap]:
        if target.keywords is False:
            return [ProofGap(target, "false", location, "may be there", "nothing fits")]
        assert isinstance(target.keywords, Mapping)  # noqa: S101 - `true` returned earlier
        if CHOICE_KEYWORDS & target.keywords.keys() and any(is_same_schema(each, target) for each in known.atoms):
            return []
        refused_values: tuple[Any, ...] = ()
        if (
            (values := known.values) is not None
            and target.is_authored
            and not self._depends_on_dialect(known, target, values)
        ):
            bad = [value for value in values if not target.accepts(value) and self.may_accept(known, value)]
            if not bad:
                return []
            refused_values = tuple(bad[:20])
        keywords = dict.fromkeys(KEYWORD_GROUPS.get(keyword, keyword) for keyword in target.keywords)
        found = self._find_keyword_gaps(known, target, "type", location) if "type" in keywords else []
        if found:  # the gap covers values of other kinds
            known = known.conjoin(target.side.make_case(f"type of {target.at}", {"type": target.get("type")}))
        others = [keyword for keyword in keywords if keyword != "type"]
        found += [gap for keyword in others for gap in self._find_keyword_gaps(known, target, keyword, location)]
        return [gap._replace(refused_values=refused_values) if gap.location == location else gap for gap in found]

    def _depends_on_dialect(self, known: Conjunction, target: Subschema, values: Sequence[Any]) -> bool:
        return (known.distinguishes_floats or target.side.distinguishes_floats) and any(map(has_number, values))

    def _find_keyword_gaps(
        self, known: Conjunction, target: Subschema, keyword: str, location: Location
    ) -> list[ProofGap]:
        rule = self._rules.get(keyword)
        if rule is None:
            return []
        if self._choices >= MAX_NESTED_CHOICES:
            return rule(self, known, target, location)
        found: list[ProofGap] | None = None
        if not (keyword in ("anyOf", "oneOf") and _open_choices(known)):  # then each case would give the same answer
            found = rule(self, known, target, location)
            if not found:
                return []
        self._choices += 1
        try:
            for cases in _case_splits(known, target, keyword):
                rest = [self._find_case_gaps(case, target, keyword, location) for case in cases]
                if not any(rest):
                    return []
                left = list(dict.fromkeys(gap._replace(refused_values=()) for gaps in rest for gap in gaps))
                # the gaps of the cases are more precise
                found = left if found is None or len(left) <= len(found) else found
        finally:
            self._choices -= 1
        return found or []

    def _find_case_gaps(
        self, known: Conjunction, target: Subschema, keyword: str, location: Location
    ) -> list[ProofGap]:
        self._count_step()
        return [] if self.is_empty(known) else self._find_keyword_gaps(known, target, keyword, location)

    def _count_step(self) -> None:
        self._steps -= 1
        if self._steps < 0 or (self._steps % 64 == 0 and time.thread_time() > self._deadline):
            raise ProofTooLong


def has_number(value: Any) -> bool:
    """Returns whether the value contains a number, which draft-04 interprets by its notation."""
    if isinstance(value, dict):
        return any(map(has_number, value.values()))
    if isinstance(value, list):
        return any(map(has_number, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _case_splits(known: Conjunction, target: Subschema, keyword: str) -> Iterator[list[Conjunction]]:
    """Yields ways to split the values into cases that are easier to prove. The cases of one split cover every
    value."""
    if keyword in ("anyOf", "oneOf", "not", "if") and not _open_choices(known):
        yield from _split_by_kind(known, target)
    for atom, choice in _open_choices(known):
        yield [known.conjoin(*_take_branch(atom, choice, number)) for number in range(len(atom.get(choice)))]
    for atom in known.atoms:
        if atom.get("if") and not _is_decided(known, atom, "if"):
            question, then, otherwise = atom.get("if")
            fails = atom.side.make_case(f"not {question.at}", {"not": question})
            mark = _decision_mark(atom, "if")
            yield [
                known.conjoin(mark, *(subschema for subschema in subschemas if subschema is not None))
                for subschemas in ((question, then), (fails, otherwise))
            ]
    if keyword in ("anyOf", "oneOf"):
        yield from _split_by_property(known, target)


def _open_choices(known: Conjunction) -> list[tuple[Subschema, str]]:
    """Returns the choices that no case has decided yet."""
    return [
        (atom, choice)
        for atom in known.atoms
        for choice in ("anyOf", "oneOf")
        if atom.get(choice) and not _is_decided(known, atom, choice)
    ]


def _split_by_kind(known: Conjunction, target: Subschema) -> Iterator[list[Conjunction]]:
    kinds = known.kinds
    groups = [frozenset((kind,)) for kind in sorted(kinds - NUMBER_KINDS)] + [kinds & NUMBER_KINDS] * bool(
        kinds & NUMBER_KINDS
    )
    if len(groups) > 1:
        yield [known.conjoin(target.side.make_case(f"of kind {sorted(group)}", {"type": group})) for group in groups]


def _split_by_property(known: Conjunction, target: Subschema) -> Iterator[list[Conjunction]]:
    """Splits by a required property with few values, such as the tag of a tagged union."""
    if known.kinds != {"object"}:
        return
    for name in known.required:
        values = known.property_named(name).values
        if values is not None and 1 < len(values) <= MAX_DISCRIMINATOR_VALUES and not known.distinguishes_floats:
            yield [
                known.conjoin(target.side.make_case(f"{name!r} is {value!r}", {"properties": {name: subschema}}))
                for value in values
                for subschema in [target.side.make_case(f"is {value!r}", {"const": value})]
            ]


def _take_branch(atom: Subschema, choice: str, number: int) -> list[Subschema]:
    """Returns the schemas of one alternative; for `oneOf` the others are negated."""
    branches = atom.get(choice)
    refused = [each for place, each in enumerate(branches) if place != number] if choice == "oneOf" else []
    others = [atom.side.make_case(f"not {each.at}", {"not": each}) for each in refused]
    return [_decision_mark(atom, choice), branches[number], *others]


def _decision_mark(atom: Subschema, choice: str) -> Subschema:
    return atom.side.make_case(f"decided {atom.at}/{choice}", {"decided": True})


def _is_decided(known: Conjunction, atom: Subschema, choice: str) -> bool:
    return _decision_mark(atom, choice).key in known.key
