"""The rank for a place behind a given neighbour."""

from typing import Any

from reyna.domain import rank
from reyna.ports import Collection, Store, Where


async def place_after(store: Store, collection: Collection[Any], user_id: str, among: Where, behind: Any | None) -> str:
    """A rank directly behind a record of this list, or in front of all when there is none to stand behind."""
    if behind is None:
        first = await store.find(collection, user_id, among, order=("rank",), limit=1)
        return rank.before(first[0].rank) if first else rank.last()
    following = await store.find(collection, user_id, among, order=("rank",), after=(behind.rank, behind.id), limit=1)
    return rank.between(behind.rank, following[0].rank) if following else rank.last()
