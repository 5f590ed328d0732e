"""A walk over a link: one query for each level, and where it goes deep, one for all links of the user."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, TypeVar

from reyna.adapters.mongo.documents import split_where
from reyna.ports.store import Record, Where
from reyna.storage.semantics import distances_from

R = TypeVar("R", bound=Record)

MAX_LEVELS: Final = 128  # one query each; a deeper walk reads all links of the user, which is one query


async def walk_levels(
    find: Callable[[Where], Awaitable[list[R]]],
    find_links: Callable[[], Awaitable[dict[str, str | None]]],
    start: Sequence[str],
    link: str,
    toward: Literal["children", "parents"],
    depth: int | None,
) -> list[tuple[int, R]]:
    """Returns the records that are reachable from `start`, with their distances, nearest first.

    Unlike `$graphLookup` it is limited neither to 100 MB nor to one shard. `find` returns the records that match,
    `find_links` the id of every record and that of its parent. Trees are wide, not deep: then it costs least to read
    only what is reached, however much else the user has.
    """
    reached: dict[str, tuple[int, R]] = {}
    field, frontier, distance = "id", list(start), 0
    while frontier and distance < MAX_LEVELS and (depth is None or distance <= depth):
        level = [record for part in split_where({field: frontier}) for record in await find(part)]
        fresh = [record for record in level if record.id not in reached]
        reached |= {record.id: (distance, record) for record in fresh}
        distance += 1
        if toward == "children":
            field, frontier = link, [record.id for record in fresh]
        else:
            parents = {getattr(record, link) for record in fresh}
            frontier = sorted(parents - reached.keys() - {None})
    if frontier and (depth is None or distance <= depth):
        distances = {
            id: distance
            for distance, id in distances_from(start, await find_links(), toward, depth)
            if id not in reached
        }
        for part in split_where({"id": [*distances]}):
            reached |= {record.id: (distances[record.id], record) for record in await find(part)}
    return sorted(reached.values(), key=lambda found: (found[0], found[1].id))
