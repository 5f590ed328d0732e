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

Meeting = Counter[int]  # schema (by its number) -> how many ways lead to it at this place


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
        waiting = [self._meeting(Counter({self._graph.root: 1}), verdict=True)]
        seen = set[frozenset[tuple[int, int]]]()
        heaviest = steps = 1
        while waiting:
            meeting = waiting.pop()
            if (key := _key(meeting)) in seen:
                continue
            seen.add(key)
            heaviest = max(heaviest, self._cost(meeting))
            below = self._below(meeting)
            steps += len(meeting) + sum(map(len, below))
            if heaviest > HEAVIEST or steps > MOST_STEPS:
                raise Invalid.at("/json_schema", "combines so many schemas that asking them all would take too long")
            waiting += [self._meeting(each, verdict=True) for each in below]
        return heaviest

    def _listable(self) -> int:
        """The depth of data down to which the ways to any place stay few enough to list every reason."""
        level = [] if self._graph.root is None else [self._meeting(Counter({self._graph.root: 1}), verdict=False)]
        seen = set[frozenset[tuple[int, int]]]()
        steps = 0
        for depth in range(DEPTH):
            level = [meeting for key, meeting in {_key(each): each for each in level}.items() if key not in seen]
            seen.update(map(_key, level))
            steps += sum(map(len, level))
            if steps > MOST_STEPS or any(meeting.total() > MOST_REASONS for meeting in level):
                return depth
            level = [self._meeting(below, verdict=False) for meeting in level for below in self._below(meeting)]
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
        """What is led to the places below: one meeting for every name and position that makes a difference."""
        met = [(self._graph.nodes[number], ways) for number, ways in meeting.items()]
        nodes = [(node, ways) for node, ways in met if any(node.below_all())]
        if not nodes:
            return []
        names = set[str | None]((None,)).union(*(node.named for node, _ in nodes))
        places = (None, *range(max((len(node.ordered) for node, _ in nodes), default=0)))
        if len(nodes) * (len(names) + len(places)) > MOST_STEPS:
            raise Invalid.at("/json_schema", "combines so many schemas that asking them all would take too long")
        found = [_led((_to_property(node, name), ways) for node, ways in nodes) for name in names]
        found += [_led((_to_item(node, place), ways) for node, ways in nodes) for place in places]
        return [below for below in found if below]

    def _cost(self, meeting: Meeting) -> int:
        return sum(self._graph.nodes[number].cost * ways for number, ways in meeting.items())


def _key(meeting: Meeting) -> frozenset[tuple[int, int]]:
    return frozenset(meeting.items())


def _led(led: Iterable[tuple[list[int], int]]) -> Meeting:
    below = Meeting()
    for numbers, ways in led:
        for number in numbers:
            below[number] += ways
    return below


def _to_property(node: Node, name: str | None) -> list[int]:
    """What a property of this name is led to; None is any name that no schema mentions.

    Patterns are taken to match; at worst that counts more than there is.
    """
    named = node.named.get(name) if name is not None else None
    return [*(node.additional if named is None else (named,)), *node.below]


def _to_item(node: Node, place: int | None) -> list[int]:
    return [*(node.ordered[place : place + 1] if place is not None else ()), *node.rest]


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
