"""Bounds on the work that a schema can cause: some small schemas could keep a processor busy for years."""

from collections import Counter
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_DEPTH
from reyna.validation.complexity.cost import places_in
from reyna.validation.keywords import Dialect
from reyna.validation.subschema_graph import SubschemaGraph, SubschemaNode

MAX_SCHEMAS_PER_PLACE: Final = 2_000  # checked at one place of the data; ordinary schemas need fewer than 30
MANY_SCHEMAS_PER_PLACE: Final = 100  # from here on the size of the data is limited too
MAX_SCHEMA_CHECKS: Final = 50_000_000  # in one validation; about a second
MAX_WAYS_PER_PLACE: Final = 20_000  # beyond them the errors at a place are not listed
MAX_LISTED_ERRORS: Final = 20_000  # that the engine builds for one listing; 10 µs each
MAX_LISTED_BYTES: Final = 128_000_000  # that the engine copies for them, a generous estimate
LISTED_ERROR_BYTES: Final = 1_000  # of one error, without copied data
MAX_LISTING_STEPS: Final = 20_000  # to count errors in advance; about 20 ms, once for each schema
UNBOUNDED: Final = 2**60
MAX_EXPLORATION_STEPS: Final = 500_000  # half a second

TOO_COMPLEX: Final = "combines so many schemas that checking them all would take too long"

Visits = Counter[int]  # number of the schema -> number of ways that lead to it at this place
VisitsKey = frozenset[tuple[int, int]]


class Complexity:
    """The number of schemas that can be checked at one place of the data, and the number of errors by depth of the
    data.

    The engine remembers its verdict on a recursive schema, so that a verdict checks each of these once per place.
    It does not remember it when it lists errors, and then checks every alternative twice.
    """

    def __init__(self, document: Any, dialect: Dialect) -> None:
        """Raises Invalid for a schema that is too complex to validate with."""
        self._graph = SubschemaGraph(document, dialect)
        self._bytes = LISTED_ERROR_BYTES + len(msgspec.json.encode(document))
        self._error_counts: list[int] | None = None
        self.weight = self._find_weight()
        self.is_heavy = self.weight > MANY_SCHEMAS_PER_PLACE

    def check_size(self, data: Any) -> None:
        """Raises TooLarge when the data is too large for the complexity of the schema."""
        if places_in(msgspec.json.encode(data)) * self.weight > MAX_SCHEMA_CHECKS:
            raise TooLarge(
                f"This schema is so complex that data may have at most {MAX_SCHEMA_CHECKS // self.weight:,} values."
            )

    def can_list_errors(self, data: Any) -> bool:
        """Returns whether the engine may list all errors: there are few, and they copy few bytes."""
        body = msgspec.json.encode(data)
        places = places_in(body)
        if places > MAX_LISTED_ERRORS:
            return False
        errors = places * self._max_errors_per_place(depth_of(data))
        return errors <= MAX_LISTED_ERRORS and errors * (self._bytes + len(body)) <= MAX_LISTED_BYTES

    def _max_errors_per_place(self, depth: int) -> int:
        """Returns the most errors at one place, in data of this depth."""
        if self._error_counts is None:
            self._error_counts = self._errors_by_depth()
        # the first entry is for no data, the second for the root alone
        return self._error_counts[depth + 1] if depth + 1 < len(self._error_counts) else UNBOUNDED

    def _find_weight(self) -> int:
        """Returns the most schemas at one place; explores every combination of schemas that data can reach, each
        once."""
        if self._graph.root is None:
            return 1
        waiting = [Counter({self._graph.root: 1})]
        seen, incoming = set[VisitsKey](), set[VisitsKey]()
        heaviest = steps = 1
        while waiting:
            if (key := _key_of(waiting[-1])) in incoming:
                waiting.pop()
                continue
            incoming.add(key)
            visits = self._visits_at(waiting.pop(), verdict=True)
            steps += len(visits)
            if (key := _key_of(visits)) not in seen:
                seen.add(key)
                heaviest = max(heaviest, self._cost(visits))
                below = self._visits_below(visits)
                steps += sum(map(len, below))
                waiting += below
            if heaviest > MAX_SCHEMAS_PER_PLACE or steps > MAX_EXPLORATION_STEPS:
                raise Invalid.at("/json_schema", TOO_COMPLEX)
        return heaviest

    def _errors_by_depth(self) -> list[int]:
        """Returns the most errors at one place for each depth of data, as far as the number of ways stays small."""
        incoming = [] if self._graph.root is None else [Counter({self._graph.root: 1})]
        seen = set[VisitsKey]()
        steps, counts = 0, [1]
        while incoming and len(counts) <= MAX_DEPTH:
            level: dict[VisitsKey, Visits] = {}
            for visits in (self._visits_at(each, verdict=False) for each in incoming):
                steps += len(visits)
                if steps > MAX_LISTING_STEPS or visits.total() > MAX_WAYS_PER_PLACE:
                    return counts
                if (key := _key_of(visits)) not in seen:
                    level[key] = visits
            seen.update(level)
            counts.append(max([counts[-1], *map(self._error_count, level.values())]))
            belows: dict[VisitsKey, Visits] = {}
            for visits in level.values():
                found = self._visits_below(visits)
                steps += sum(map(len, found))
                if steps > MAX_LISTING_STEPS:
                    return counts
                belows |= {_key_of(below): below for below in found}
            incoming = list(belows.values())
        return counts + [counts[-1]] * (MAX_DEPTH + 2 - len(counts))

    def _error_count(self, visits: Visits) -> int:
        return sum(
            (self._graph.nodes[number].error_count + self._graph.nodes[number].cost) * ways
            for number, ways in visits.items()
        )

    def _visits_at(self, incoming: Visits, *, verdict: bool) -> Visits:
        """Returns all schemas that are checked at a place, given those that lead to it; outer schemas come first."""
        nodes, visits = self._graph.nodes, Counter(incoming)
        if not any(nodes[number].in_place for number in incoming):
            return visits
        waiting = [(-nodes[number].rank, number) for number in incoming]
        heapify(waiting)
        done = set[int]()
        while waiting:
            _, number = heappop(waiting)
            if number in done:
                continue
            done.add(number)
            if verdict and nodes[number].recursive and nodes[number].target:
                visits[number] = 1
            for child, times in nodes[number].in_place:
                visits[child] += visits[number] * (1 if verdict else times)
                heappush(waiting, (-nodes[child].rank, child))
        return visits

    def _visits_below(self, visits: Visits) -> list[Visits]:
        """Returns the schemas that lead to the places below: one entry for every name and index that makes a
        difference.

        A pattern counts as matching every name, which is an upper bound.
        """
        met = [(self._graph.nodes[number], ways) for number, ways in visits.items()]
        nodes = [(node, ways) for node, ways in met if any(node.targets_below())]
        other = _sum_visits((number, ways) for node, ways in nodes for number in (*node.additional, *node.below))
        rest = _sum_visits((number, ways) for node, ways in nodes for number in node.rest)
        by_name: dict[str, list[tuple[SubschemaNode, int]]] = {}
        by_place: dict[int, list[tuple[int, int]]] = {}
        for node, ways in nodes:
            for name in node.named:
                by_name.setdefault(name, []).append((node, ways))
            for place, number in enumerate(node.ordered):
                by_place.setdefault(place, []).append((number, ways))
        if len(by_name) * len(other) + len(by_place) * len(rest) > MAX_EXPLORATION_STEPS:
            raise Invalid.at("/json_schema", TOO_COMPLEX)
        found = [other, *(_property_visits(other, name, naming) for name, naming in by_name.items())]
        found += [rest, *(rest + _sum_visits(there) for there in by_place.values())]
        return [below for below in found if below]

    def _cost(self, visits: Visits) -> int:
        return sum(self._graph.nodes[number].cost * ways for number, ways in visits.items())


def _key_of(visits: Visits) -> VisitsKey:
    return frozenset(visits.items())


def _sum_visits(led: Iterable[tuple[int, int]]) -> Visits:
    below = Visits()
    for number, ways in led:
        below[number] += ways
    return below


def _property_visits(other: Visits, name: str, naming: Iterable[tuple[SubschemaNode, int]]) -> Visits:
    """Returns the schemas for a property of this name, given those for any `other` name and the nodes that list the
    name."""
    below = other.copy()
    for node, ways in naming:
        for number in node.additional:
            below[number] -= ways
        below[node.named[name]] += ways
    return +below


def depth_of(data: Any) -> int:
    """Returns the depth of data: 0 for a value without parts."""
    depth, level = 0, [data]
    while level := [part for value in level for part in _parts(value)]:
        depth += 1
    return depth


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
