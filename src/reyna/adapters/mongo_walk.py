"""A walk over a link, asked of MongoDB level by level, and where it goes deep, of all links of the user at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, TypeVar

from reyna.adapters.mongo_documents import pieces
from reyna.ports import Record, Where
from reyna.steps import nearest

R = TypeVar("R", bound=Record)

LEVELS: Final = 128  # one question each; a deeper walk asks for all links of the user, which is one question


async def walked(
    ask: Callable[[Where], Awaitable[list[R]]],
    links: Callable[[], Awaitable[dict[str, str | None]]],
    start: Sequence[str],
    link: str,
    toward: Literal["children", "parents"],
    depth: int | None,
) -> list[tuple[int, R]]:
    """Unlike `$graphLookup` this is bound neither to 100 MB nor to one shard.

    `ask` gives the records that match, `links` the id of every record and that of its parent. Trees are wide, not
    deep: then reading only what is reached costs least, however much else the user has.
    """
    reached: dict[str, tuple[int, R]] = {}
    asked, frontier, distance = "id", list(start), 0
    while frontier and distance < LEVELS and (depth is None or distance <= depth):
        level = [record for piece in pieces({asked: frontier}) for record in await ask(piece)]
        fresh = [record for record in level if record.id not in reached]
        reached |= {record.id: (distance, record) for record in fresh}
        distance += 1
        if toward == "children":
            asked, frontier = link, [record.id for record in fresh]
        else:
            parents = {getattr(record, link) for record in fresh}
            frontier = sorted(parents - reached.keys() - {None})
    if frontier and (depth is None or distance <= depth):
        far = {id: far for far, id in nearest(start, await links(), toward, depth) if id not in reached}
        for piece in pieces({"id": [*far]}):
            reached |= {record.id: (far[record.id], record) for record in await ask(piece)}
    return sorted(reached.values(), key=lambda found: (found[0], found[1].id))
