"""How much work a schema can make: some tiny ones can keep a processor busy for years."""

from collections import Counter
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any, Final

import msgspec

from reyna.domain.data import DEPTH
from reyna.domain.errors import Invalid, TooLarge
from reyna.fit.graph import Graph, Node
from reyna.fit.keywords import Dialect

HEAVIEST: Final = 2_000  # schemas asked at one place of the data; an ordinary one asks fewer than 30
HEAVY: Final = 100  # from here on the size of the data counts too
MOST_WORK: Final = 50_000_000  # schemas asked in all; about a second
MOST_REASONS: Final = 20_000  # ways that lead to one place before we no longer list what is wrong there
MOST_STEPS: Final = 500_000  # from combination to combination, before a schema counts as too involved; half a second

TOO_MANY: Final = "combines so many schemas that asking them all would take too long"

Meeting = Counter[int]  # schema (by its number) -> how many ways lead to it at this place
Key = frozenset[tuple[int, int]]


class Burden:
    """The most schemas that can meet at one place of the data, and the depth of data at which reasons run away.

    The engine remembers its verdict on a recursive schema, so for the verdict each of these counts once per place.
    It does not when it lists errors, where every alternative is also asked twice.
    """

    def __init__(self, document: Any, dialect: Dialect) -> None:
        """Raises Invalid for a schema that is too involved to be asked at all."""
        self._graph = Graph(document, dialect)
        self._depth: int | None = None
        self.weight = self._heaviest()
        self.heavy = self.weight > HEAVY

    def bear(self, data: Any) -> None:
        """Raises TooLarge when data is too large for a schema as heavy as this one."""
        body = msgspec.json.encode(data)
        places = 1 + body.count(b",") + body.count(b"[") + body.count(b"{")  # never fewer than there are
        if places * self.weight > MOST_WORK:
            raise TooLarge(f"This schema asks so much of each place that data may have {MOST_WORK // self.weight:,}.")

    def endless(self, data: Any) -> bool:
        """Whether listing what is wrong could take for ever: in data that is deep where the schema is ambiguous."""
        if self._depth is None:
            self._depth = self._listable()
        return self._depth < DEPTH and _depth(data) > self._depth

    def _heaviest(self) -> int:
        """Follow every combination of schemas that data can lead to, each once."""
        if self._graph.root is None:
            return 1
        waiting = [Counter({self._graph.root: 1})]
        seen, arrived = set[Key](), set[Key]()
        heaviest = steps = 1
        while waiting:
            if (key := _key(waiting[-1])) in arrived:
                waiting.pop()
                continue
            arrived.add(key)
            meeting = self._meeting(waiting.pop(), verdict=True)
            steps += len(meeting)
            if (key := _key(meeting)) not in seen:
                seen.add(key)
                heaviest = max(heaviest, self._cost(meeting))
                below = self._below(meeting)
                steps += sum(map(len, below))
                waiting += below
            if heaviest > HEAVIEST or steps > MOST_STEPS:
                raise Invalid.at("/json_schema", TOO_MANY)
        return heaviest

    def _listable(self) -> int:
        """The depth of data down to which the ways to any place stay few enough to list every reason."""
        arrived = [] if self._graph.root is None else [Counter({self._graph.root: 1})]
        seen = set[Key]()
        steps = 0
        for depth in range(DEPTH):
            level: dict[Key, Meeting] = {}
            for meeting in (self._meeting(each, verdict=False) for each in arrived):
                steps += len(meeting)
                if steps > MOST_STEPS or meeting.total() > MOST_REASONS:
                    return depth
                if (key := _key(meeting)) not in seen:
                    level[key] = meeting
            seen.update(level)
            belows: dict[Key, Meeting] = {}
            for meeting in level.values():
                found = self._below(meeting)
                steps += sum(map(len, found))
                if steps > MOST_STEPS:
                    return depth + 1
                belows |= {_key(below): below for below in found}
            arrived = list(belows.values())
        return DEPTH

    def _meeting(self, arrived: Meeting, *, verdict: bool) -> Meeting:
        """Everything that is asked at a place, given what was led to it: outer schemas before those they ask."""
        nodes, meeting = self._graph.nodes, Counter(arrived)
        if not any(nodes[number].here for number in arrived):
            return meeting
        waiting = [(-nodes[number].rank, number) for number in arrived]
        heapify(waiting)
        done = set[int]()
        while waiting:
            _, number = heappop(waiting)
            if number in done:
                continue
            done.add(number)
            if verdict and nodes[number].recursive and nodes[number].target:
                meeting[number] = 1
            for child, times in nodes[number].here:
                meeting[child] += meeting[number] * (1 if verdict else times)
                heappush(waiting, (-nodes[child].rank, child))
        return meeting

    def _below(self, meeting: Meeting) -> list[Meeting]:
        """What is led to the places below: one meeting for every name and position that makes a difference.

        Patterns are taken to match every name; at worst that counts more than there is.
        """
        met = [(self._graph.nodes[number], ways) for number, ways in meeting.items()]
        nodes = [(node, ways) for node, ways in met if any(node.below_all())]
        other = _led((number, ways) for node, ways in nodes for number in (*node.additional, *node.below))
        rest = _led((number, ways) for node, ways in nodes for number in node.rest)
        by_name: dict[str, list[tuple[Node, int]]] = {}
        by_place: dict[int, list[tuple[int, int]]] = {}
        for node, ways in nodes:
            for name in node.named:
                by_name.setdefault(name, []).append((node, ways))
            for place, number in enumerate(node.ordered):
                by_place.setdefault(place, []).append((number, ways))
        if len(by_name) * len(other) + len(by_place) * len(rest) > MOST_STEPS:
            raise Invalid.at("/json_schema", TOO_MANY)
        found = [other, *(_named(other, name, naming) for name, naming in by_name.items())]
        found += [rest, *(rest + _led(there) for there in by_place.values())]
        return [below for below in found if below]

    def _cost(self, meeting: Meeting) -> int:
        return sum(self._graph.nodes[number].cost * ways for number, ways in meeting.items())


def _key(meeting: Meeting) -> Key:
    return frozenset(meeting.items())


def _led(led: Iterable[tuple[int, int]]) -> Meeting:
    below = Meeting()
    for number, ways in led:
        below[number] += ways
    return below


def _named(other: Meeting, name: str, naming: Iterable[tuple[Node, int]]) -> Meeting:
    """What a property of this name is led to, where any `other` name is led there, and these nodes mention it."""
    below = other.copy()
    for node, ways in naming:
        for number in node.additional:
            below[number] -= ways
        below[node.named[name]] += ways
    return +below


def _depth(data: Any) -> int:
    """How deep data nests: 0 for what has no parts."""
    depth, level = 0, [data]
    while level := [part for value in level for part in _parts(value)]:
        depth += 1
    return depth


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
