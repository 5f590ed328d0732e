"""Semantics that all adapters of the Store port share: checks before a write, filters, sort positions and distances."""

# What every write runs through compares `type(step)`: for structs of msgspec, `isinstance` takes ten times as long
# where the answer is no.

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from reyna.ports.store import NOT_NULL, AdvanceClock, Collection, Contains, Delete, Increment, Put, Require, Step, Where

BASE_COLUMNS: Final = ("id", "user_id", "revision")


def key_of(step: Put | Delete | Require) -> tuple[str, str, str]:
    """Returns the collection, user and id of the record of a step."""
    if type(step) is Put:
        return step.collection.name, step.record.user_id, step.record.id
    return step.collection.name, step.user_id, step.id


def check_written_once(steps: Sequence[Step]) -> None:
    """Raises ValueError when a write puts or deletes the same record twice."""
    keys: set[tuple[str, str, str]] = set()
    for step in steps:
        if type(step) is Put or type(step) is Delete:
            key = key_of(step)
            if key in keys:
                raise ValueError(f"{key[2]} is written twice in one write to {key[0]}")
            keys.add(key)


Additions = dict[tuple[str, str], tuple[int, int | None]]
"""(user, sum) -> the increment, and the bound of the sum after it."""


def additions_of(steps: Iterable[Step]) -> Additions:
    """Returns the increments of a write by sum; a sum that does not grow has no bound, one that stays is left out."""
    additions: Additions = {}
    for step in steps:
        if type(step) is Increment:
            bound = step.at_most if step.by > 0 else None
            merge_addition(additions, (step.user_id, step.sum), step.by, bound)
    return {key: (by, at_most if by > 0 else None) for key, (by, at_most) in additions.items() if by}


def merge_addition(additions: Additions, key: tuple[str, str], by: int, at_most: int | None) -> None:
    """Adds an increment to the others of its sum, under the smallest bound.

    When the total keeps the smallest bound, there is an order in which every part keeps its own: decrements first.
    """
    so_far = additions.get(key)
    if so_far is not None:
        by += so_far[0]
        at_most = so_far[1] if at_most is None else at_most if so_far[1] is None else min(so_far[1], at_most)
    additions[key] = by, at_most


def advances_of(steps: Iterable[Step]) -> dict[str, AdvanceClock]:
    """Returns the clock steps of a write, merged by user. Raises ValueError when two processes step in one write."""
    advances: dict[str, AdvanceClock] = {}
    for step in steps:
        if type(step) is AdvanceClock:
            so_far = advances.setdefault(step.user_id, step)
            if so_far is not step:
                advances[step.user_id] = _merge_advances(so_far, step)
    return advances


def _merge_advances(so_far: AdvanceClock, step: AdvanceClock) -> AdvanceClock:
    if so_far.by != step.by:
        raise ValueError("two processes advance the clock of one user in one write")
    return AdvanceClock(step.user_id, step.by, max(so_far.number, step.number), min(so_far.limit, step.limit))


def check_collection(known: Mapping[str, Collection[Any]], collection: Collection[Any]) -> None:
    """Raises ValueError when the store was created without this collection."""
    if known.get(collection.name) != collection:
        raise ValueError(f"this store does not know the collection {collection.name}")


def check_queryable(collection: Collection[Any], fields: Iterable[str]) -> None:
    """Raises ValueError for a field that is not a column of the collection."""
    for field in fields:
        if field not in BASE_COLUMNS and field not in collection.columns:
            raise ValueError(f"{collection.name} cannot be queried by {field}")


def matches_where(record: Any, where: Where) -> bool:
    """Returns whether the record matches every field of `where`, as the port defines it."""
    for field, wanted in where.items():
        value = getattr(record, field)
        if value is not wanted and not _matches(value, wanted):
            return False
    return True


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple | list | set | frozenset):
        return value in wanted
    if isinstance(wanted, Contains):
        return value is not None and all(word in value for word in wanted.words)
    return value is not None if wanted is NOT_NULL else bool(value == wanted)


def position_in(order: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Returns the function from a record to its position in this order: its values of these fields, then its id."""
    return lambda record: (*(getattr(record, field) for field in order), record.id)


def distances_from(
    start: Sequence[str],
    parents: Mapping[str, str | None],
    toward: Literal["children", "parents"],
    depth: int | None,
) -> list[tuple[int, str]]:
    """Returns the ids in `parents` (id -> parent id) that a walk from `start` reaches, with their least distances."""
    children: dict[str | None, list[str]] = {}
    for id, parent in parents.items():
        children.setdefault(parent, []).append(id)
    reached: dict[str, int] = {}
    frontier: Iterable[str | None] = start
    distance = 0
    while depth is None or distance <= depth:
        level = [id for id in dict.fromkeys(frontier) if id in parents and id is not None and id not in reached]
        if not level:
            break
        reached |= dict.fromkeys(level, distance)
        distance += 1
        if toward == "children":
            frontier = [child for id in level for child in children.get(id, ())]
        else:
            frontier = [parents[id] for id in level]
    return sorted((distance, id) for id, distance in reached.items())
