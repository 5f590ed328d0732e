"""Loops: switched-on processors whose output comes back to them as input."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec

from reyna.domain.errors import Conflict
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.schema_patterns import takes_schema


class ProcessorLoop(Conflict):
    """The output of a switched-on processor would come back to it as input."""


class SwitchedOn(msgspec.Struct, frozen=True):
    """An enabled instance with its processor. `containing` are its bucket and the buckets around that; it is empty for
    an instance for everywhere."""

    instance: Instance
    processor: Processor
    containing: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.instance.id


Feeds = Callable[[SwitchedOn, SwitchedOn], bool]


def feeds(source: SwitchedOn, target: SwitchedOn) -> bool:
    """Returns True when a new blob of the source triggers the target by its schema, wherever it is placed."""
    if target.processor.trigger != "event":
        return False
    return any(takes_schema(target.processor.input_schemas, made) for made in source.processor.made_schemas)


def feeds_within_scope(source: SwitchedOn, target: SwitchedOn) -> bool:
    """Returns True when a new blob of the source triggers the target, by its schema and where it is placed.

    An output is placed beside its source. So it does not reach an instance for a bucket that neither contains the
    source's bucket nor is inside it. (It does so for a blob that is placed in both; the depth of its runs ends that.)
    """
    return feeds(source, target) and _scopes_meet(source, target)


def find_loop(start: SwitchedOn, others: Iterable[SwitchedOn], feeds: Feeds) -> list[str] | None:
    """Returns the processors of a loop that begins and ends at `start`; None when there is none that must be refused.

    A loop is accepted when each of its processors states a `max_depth`.
    """
    if start.processor.trigger != "event":
        return None
    nodes = [start, *(other for other in others if other.id != start.id and other.processor.trigger == "event")]
    onward = _shortest_paths(start, nodes, feeds)
    if start.id not in onward:
        return None
    if start.processor.max_depth is None:
        return _names(start, *onward[start.id])
    backward = _shortest_paths(start, nodes, lambda source, target: feeds(target, source))
    for id, path in onward.items():
        if path[-1].processor.max_depth is None and id in backward:
            return _names(start, *path, *reversed(backward[id][:-1]), start)
    return None


def _shortest_paths(start: SwitchedOn, nodes: Sequence[SwitchedOn], feeds: Feeds) -> dict[str, list[SwitchedOn]]:
    """Returns the shortest path to each instance that the output of `start` reaches, without `start` at its
    beginning."""
    paths: dict[str, list[SwitchedOn]] = {}
    waiting: deque[tuple[SwitchedOn, list[SwitchedOn]]] = deque([(start, [])])
    while waiting:
        node, path = waiting.popleft()
        for target in nodes:
            if target.id not in paths and feeds(node, target):
                paths[target.id] = [*path, target]
                waiting.append((target, paths[target.id]))
    return paths


def _scopes_meet(one: SwitchedOn, other: SwitchedOn) -> bool:
    if not one.containing or not other.containing:
        return True
    return one.instance.bucket_id in other.containing or other.instance.bucket_id in one.containing


def _names(*nodes: SwitchedOn) -> list[str]:
    return [node.processor.id for node in nodes]
