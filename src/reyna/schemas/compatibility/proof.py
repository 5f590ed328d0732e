"""Whether whatever fits some schemas also fits another: shown by rules, or else where it cannot be shown."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from reyna.schemas.compatibility.facts import Meeting, flattened
from reyna.schemas.compatibility.same import same
from reyna.schemas.compatibility.side import NUMBERS, Part

MOST_STEPS: Final = 40_000  # questions in one proof; some four seconds
MOST_LEVELS: Final = 100  # as deep as data may nest
MOST_CHOICES: Final = 3  # choices that are told apart at one place of the data, one within the other
MOST_VALUES: Final = 8  # of a property that tells alternatives apart
CHOOSING: Final = frozenset(
    ("anyOf", "oneOf", "not", "if", "contains", "unevaluatedProperties", "unevaluatedItems", "enum", "const")
)  # the keywords that are easier shown by being the same than by what they say
TOGETHER: Final = {"patternProperties": "properties", "additionalProperties": "properties", "prefixItems": "items"}

Where = tuple[str | int | None, ...]  # a place in the data; None is any unnamed property or later item


class Gap(NamedTuple):
    """What a schema asks that could not be shown of the values in question: it may refuse some of them."""

    part: Part  # the schema that asks
    rule: str  # the keyword
    where: Where
    was: str  # what is known of the values
    asked: str  # what is asked of them
    about: str = ""  # the property in question
    path: str = ""  # the pointer to what it is about, when that is not the keyword
    lost: tuple[Any, ...] = ()  # values at this place that are refused for certain


class Failed(NamedTuple):
    """What could not be shown, under which circumstances."""

    gaps: list[Gap]
    choices: int
    depth: int
    assumed: frozenset[Any]


class TooInvolved(Exception):
    """A proof would take more steps than we take."""


Rule = Callable[["Proof", Meeting, Part, Where], list[Gap]]


class Proof:
    """One direction of a comparison; remembers what it has shown.

    A question that comes up again while it is being answered, further down in the data, is taken for shown: data ends
    somewhere, so a smallest value that breaks it would have to break it earlier (induction over the depth of data).
    """

    def __init__(self, rules: dict[str, Rule], *, until: float = float("inf"), steps: int = MOST_STEPS) -> None:
        """`until` is a moment of `time.thread_time`."""
        self._rules, self._until, self._steps = rules, until, steps
        self._shown: dict[tuple[Any, Any], bool] = {}  # with whether it leaned on a question that was still open
        self._failed: dict[tuple[Any, Any], Failed] = {}
        self._asked: dict[tuple[Any, Any], int] = {}
        self._kinds: dict[Any, frozenset[str]] = {}
        self._looking: set[Any] = set()
        self._choices = self._leaned = 0

    def gaps(self, known: Meeting, asked: Part, where: Where) -> list[Gap]:
        """Empty when every value that fits `known` fits `asked`. Raises TooInvolved."""
        self._step()
        question = (known.key, asked.key)
        if asked.keywords is True:
            return []
        if (leans := self._shown.get(question)) is not None:
            self._leaned += leans
            return []
        if self.empty(known):
            return []
        failed = self._failed.get(question)
        # with no more assumed, and no more choices to tell apart, it would fail again
        if failed is not None and self._choices >= failed.choices and self._asked.keys() <= failed.assumed:
            return [gap._replace(where=where + gap.where[failed.depth :]) for gap in failed.gaps]
        if question in self._asked:
            self._leaned += 1
            further = self._asked[question] < len(where)
            return [] if further else [Gap(asked, "$ref", where, "", "")]
        if len(where) > MOST_LEVELS:
            return [Gap(asked, "$ref", where, "", "")]
        self._asked[question] = len(where)
        before, leaned = len(self._shown), self._leaned
        try:
            found = [gap for atom in flattened(asked) for gap in self._atom(known, atom, where)]
        finally:
            del self._asked[question]
        if not found:
            self._shown[question] = self._leaned > leaned and bool(self._asked)
        else:  # what was shown meanwhile may have leaned on this question
            self._failed[question] = Failed(found, self._choices, len(where), frozenset(self._asked))
            for shown in list(self._shown)[before:]:
                del self._shown[shown]
        return found

    def shows(self, known: Meeting, asked: Part, where: Where) -> bool:
        return not self.gaps(known, asked, where)

    def empty(self, known: Meeting) -> bool:
        """Whether it is shown that nothing fits."""
        return not self.kinds(known)

    def kinds(self, known: Meeting) -> frozenset[str]:
        """The kinds of value that may fit."""
        if known.key in self._kinds:
            return self._kinds[known.key]
        if known.key in self._looking or len(self._looking) > MOST_LEVELS:
            return known.kinds  # asked in a circle, nothing more is known
        self._step()
        self._looking.add(known.key)
        circle, leaned = len(self._looking), self._leaned
        try:
            kinds = self._left(known)
        finally:
            self._looking.discard(known.key)
        if leaned == self._leaned and (circle == 1 or not kinds):  # within a circle an answer may know too little
            self._kinds[known.key] = kinds
        return kinds

    def _left(self, known: Meeting) -> frozenset[str]:
        kinds = known.kinds
        if kinds and known.values is not None and not any(self.may_take(known, value) for value in known.values):
            return frozenset()
        if "object" in kinds and self._no_object(known):
            kinds -= {"object"}
        if "array" in kinds and self._no_array(known):
            kinds -= {"array"}
        if kinds and self._refused(known):
            return frozenset()
        return kinds

    def may_take(self, known: Meeting, value: Any) -> bool:
        """Whether the engine takes a value in every schema that it can be asked of."""
        return (known.literal and has_number(value)) or all(atom.takes(value) for atom in known.atoms if atom.written)

    def _no_object(self, known: Meeting) -> bool:
        return any(not known.may_be_called(name) or self.empty(known.named(name)) for name in known.required)

    def _no_array(self, known: Meeting) -> bool:
        least = known.least("minItems")
        return any(self.empty(known.item(place)) for place in range(min(least, known.listed + 1)))

    def _refused(self, known: Meeting) -> bool:
        """Whether a `not` takes all of it, or no alternative is left."""
        if self._choices >= MOST_CHOICES:
            return False
        self._choices += 1
        try:
            # how deep in the data this is is not known here; too small a depth only makes for fewer assumptions
            if any(self.shows(known, each, ()) for each in known.all("not")):
                return True
            groups = [group for keyword in ("anyOf", "oneOf") for group in known.all(keyword)]
            return any(all(self.empty(known.with_(each)) for each in group) for group in groups)
        finally:
            self._choices -= 1

    def _atom(self, known: Meeting, asked: Part, where: Where) -> list[Gap]:
        if asked.keywords is False:
            return [Gap(asked, "false", where, "may be there", "nothing fits")]
        assert isinstance(asked.keywords, Mapping)  # noqa: S101 - what is always met is not asked
        if CHOOSING & asked.keywords.keys() and any(same(each, asked) for each in known.atoms):
            return []
        lost: tuple[Any, ...] = ()
        if (values := known.values) is not None and asked.written and not self._unclear(known, asked, values):
            bad = [value for value in values if not asked.takes(value) and self.may_take(known, value)]
            if not bad:
                return []
            lost = tuple(bad[:20])
        keywords = dict.fromkeys(TOGETHER.get(keyword, keyword) for keyword in asked.keywords)
        found = self._keyword(known, asked, "type", where) if "type" in keywords else []
        if found:  # of a value of another kind nothing more needs to be said
            known = known.with_(asked.side.case(f"type of {asked.at}", {"type": asked.said("type")}))
        others = [keyword for keyword in keywords if keyword != "type"]
        found += [gap for keyword in others for gap in self._keyword(known, asked, keyword, where)]
        return [gap._replace(lost=lost) if gap.where == where else gap for gap in found]

    def _unclear(self, known: Meeting, asked: Part, values: Sequence[Any]) -> bool:
        return (known.literal or asked.side.literal) and any(map(has_number, values))

    def _keyword(self, known: Meeting, asked: Part, keyword: str, where: Where) -> list[Gap]:
        rule = self._rules.get(keyword)
        if rule is None:
            return []
        if self._choices >= MOST_CHOICES:
            return rule(self, known, asked, where)
        found: list[Gap] | None = None
        if not (keyword in ("anyOf", "oneOf") and _undecided(known)):  # there a case fits wherever the whole does
            found = rule(self, known, asked, where)
            if not found:
                return []
        self._choices += 1
        try:
            for cases in _cases(known, asked, keyword):
                rest = [self._in_case(case, asked, keyword, where) for case in cases]
                if not any(rest):
                    return []
                left = list(dict.fromkeys(gap._replace(lost=()) for gaps in rest for gap in gaps))
                # the cases say more exactly what is missing
                found = left if found is None or len(left) <= len(found) else found
        finally:
            self._choices -= 1
        return found or []

    def _in_case(self, known: Meeting, asked: Part, keyword: str, where: Where) -> list[Gap]:
        self._step()
        return [] if self.empty(known) else self._keyword(known, asked, keyword, where)

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0 or (self._steps % 64 == 0 and time.thread_time() > self._until):
            raise TooInvolved


def has_number(value: Any) -> bool:
    """Whether there is a number in it, which draft-04 reads as it is written."""
    if isinstance(value, dict):
        return any(map(has_number, value.values()))
    if isinstance(value, list):
        return any(map(has_number, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cases(known: Meeting, asked: Part, keyword: str) -> Iterator[list[Meeting]]:
    """Ways to tell the values apart so that each case is easier; every value is in one of the cases."""
    if keyword in ("anyOf", "oneOf", "not", "if") and not _undecided(known):
        yield from _by_kind(known, asked)
    for atom, choice in _undecided(known):
        yield [known.with_(*_branch(atom, choice, number)) for number in range(len(atom.said(choice)))]
    for atom in known.atoms:
        if atom.said("if") and not _decided(known, atom, "if"):
            question, then, otherwise = atom.said("if")
            fails = atom.side.case(f"not {question.at}", {"not": question})
            mark = _mark(atom, "if")
            yield [
                known.with_(mark, *(part for part in parts if part is not None))
                for parts in ((question, then), (fails, otherwise))
            ]
    if keyword in ("anyOf", "oneOf"):
        yield from _by_property(known, asked)


def _undecided(known: Meeting) -> list[tuple[Part, str]]:
    """The choices of which no alternative was taken yet."""
    return [
        (atom, choice)
        for atom in known.atoms
        for choice in ("anyOf", "oneOf")
        if atom.said(choice) and not _decided(known, atom, choice)
    ]


def _by_kind(known: Meeting, asked: Part) -> Iterator[list[Meeting]]:
    kinds = known.kinds
    groups = [frozenset((kind,)) for kind in sorted(kinds - NUMBERS)] + [kinds & NUMBERS] * bool(kinds & NUMBERS)
    if len(groups) > 1:
        yield [known.with_(asked.side.case(f"of kind {sorted(group)}", {"type": group})) for group in groups]


def _by_property(known: Meeting, asked: Part) -> Iterator[list[Meeting]]:
    """By the value of a property that is always there and has few, as `type` has in tagged alternatives."""
    if known.kinds != {"object"}:
        return
    for name in known.required:
        values = known.named(name).values
        if values is not None and 1 < len(values) <= MOST_VALUES and not known.literal:
            yield [
                known.with_(asked.side.case(f"{name!r} is {value!r}", {"properties": {name: part}}))
                for value in values
                for part in [asked.side.case(f"is {value!r}", {"const": value})]
            ]


def _branch(atom: Part, choice: str, number: int) -> list[Part]:
    """One alternative; of `oneOf` the others are refused."""
    branches = atom.said(choice)
    refused = [each for place, each in enumerate(branches) if place != number] if choice == "oneOf" else []
    others = [atom.side.case(f"not {each.at}", {"not": each}) for each in refused]
    return [_mark(atom, choice), branches[number], *others]


def _mark(atom: Part, choice: str) -> Part:
    return atom.side.case(f"decided {atom.at}/{choice}", {"decided": True})


def _decided(known: Meeting, atom: Part, choice: str) -> bool:
    return _mark(atom, choice).key in known.key
