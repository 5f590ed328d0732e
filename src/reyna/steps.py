"""What every store does alike: refuse what makes no sense before its engine is asked, and count a walk's distances."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from reyna.ports import PRESENT, Add, Collection, Drop, Need, Put, Step, Where

ALWAYS: Final = ("id", "user_id", "revision")


def key_of(step: Put | Drop | Need) -> tuple[str, str, str]:
    """Collection, user and id of the record that a step is about."""
    if isinstance(step, Put):
        return step.collection.name, step.record.user_id, step.record.id
    return step.collection.name, step.user_id, step.id


def written(steps: Sequence[Step]) -> set[tuple[str, str, str]]:
    """The keys of the records that are put or dropped; raises ValueError when one is named twice: which would stay?"""
    keys: set[tuple[str, str, str]] = set()
    for step in steps:
        if not isinstance(step, Need | Add):
            key = key_of(step)
            if key in keys:
                raise ValueError(f"{key[2]} is written twice in one write to {key[0]}")
            keys.add(key)
    return keys


Additions = dict[tuple[str, str], tuple[int, int | None]]
"""(user, sum) -> what is added, and what the sum must then not exceed."""


def added(steps: Iterable[Step]) -> Additions:
    """What a write adds to each sum; one that does not grow has no bound, and one that stays is left out."""
    additions: Additions = {}
    for step in steps:
        if isinstance(step, Add):
            bound = step.at_most if step.by > 0 else None
            together(additions, (step.user_id, step.sum), step.by, bound)
    return {key: (by, at_most if by > 0 else None) for key, (by, at_most) in additions.items() if by}


def together(additions: Additions, key: tuple[str, str], by: int, at_most: int | None) -> None:
    """Add to what is added. When the whole keeps to the smallest bound, so do its parts: those that lessen go first."""
    so_far = additions.get(key)
    if so_far is not None:
        by += so_far[0]
        at_most = so_far[1] if at_most is None else at_most if so_far[1] is None else min(so_far[1], at_most)
    additions[key] = by, at_most


def must_know(known: Mapping[str, Collection[Any]], collection: Collection[Any]) -> None:
    if known.get(collection.name) != collection:
        raise ValueError(f"this store was not told of the collection {collection.name}")


def must_be_askable(collection: Collection[Any], fields: Iterable[str]) -> None:
    for field in fields:
        if field not in ALWAYS and field not in collection.columns:
            raise ValueError(f"{collection.name} cannot be asked for {field}")


def fits(record: Any, where: Where) -> bool:
    """Whether the record matches all of it, as the port defines it."""
    for field, wanted in where.items():
        value = getattr(record, field)
        if value is not wanted and not _is(value, wanted):
            return False
    return True


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple | list | set | frozenset):
        return value in wanted
    return value is not None if wanted is PRESENT else bool(value == wanted)


def place_in(order: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The place of a record in this order: its values of these fields, then its id."""
    return lambda record: (*(getattr(record, field) for field in order), record.id)


def nearest(
    start: Sequence[str],
    parents: Mapping[str, str | None],
    toward: Literal["children", "parents"],
    depth: int | None,
) -> list[tuple[int, str]]:
    """The ids in `parents` (id -> its parent's id) that a walk from `start` reaches, each with its least distance."""
    children: dict[str | None, list[str]] = {}
    for id, parent in parents.items():
        children.setdefault(parent, []).append(id)
    reached: dict[str, int] = {}
    frontier: Iterable[str | None] = start
    distance = 0
    while depth is None or distance <= depth:
        here = [id for id in dict.fromkeys(frontier) if id in parents and id is not None and id not in reached]
        if not here:
            break
        reached |= dict.fromkeys(here, distance)
        distance += 1
        if toward == "children":
            frontier = [child for id in here for child in children.get(id, ())]
        else:
            frontier = [parents[id] for id in here]
    return sorted((far, id) for id, far in reached.items())
