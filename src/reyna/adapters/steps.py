"""What every store does alike: refuse what makes no sense before its engine is asked, and count a walk's distances."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from reyna.ports import Collection, Need, Put, Step

ALWAYS: Final = ("id", "user_id", "revision")


def key_of(step: Step) -> tuple[str, str, str]:
    """Collection, user and id of the record that a step is about."""
    if isinstance(step, Put):
        return step.collection.name, step.record.user_id, step.record.id
    return step.collection.name, step.user_id, step.id


def written(steps: Sequence[Step]) -> set[tuple[str, str, str]]:
    """The keys of the records that are put or dropped; raises ValueError when one is named twice: which would stay?"""
    keys: set[tuple[str, str, str]] = set()
    for step in steps:
        if not isinstance(step, Need):
            key = key_of(step)
            if key in keys:
                raise ValueError(f"{key[2]} is written twice in one write to {key[0]}")
            keys.add(key)
    return keys


def must_know(known: Mapping[str, Collection[Any]], collection: Collection[Any]) -> None:
    if known.get(collection.name) != collection:
        raise ValueError(f"this store was not told of the collection {collection.name}")


def must_be_askable(collection: Collection[Any], fields: Iterable[str]) -> None:
    for field in fields:
        if field not in ALWAYS and field not in collection.columns:
            raise ValueError(f"{collection.name} cannot be asked for {field}")


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
