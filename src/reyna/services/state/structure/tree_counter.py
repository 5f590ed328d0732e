"""The optimistic counter that every change of a user's tree passes through, so that no two of them make a loop."""

from typing import Final

from reyna.ports.store import Put, Store
from reyna.services.state.records import TREES, Tree

MAX_TREE_CHANGE_ATTEMPTS: Final = 20  # at a change that races others for the counter; each round lets one through
TREE_BUSY: Final = "The tree is being changed by others without pause. Try again."


async def advance_tree_counter(store: Store, user_id: str) -> Put:
    """Returns the step that advances the user's counter. The write fails when another change did so since."""
    tree = await store.get(TREES, user_id, "tree")
    seen = 0 if tree is None else tree.revision
    return Put(TREES, Tree(user_id=user_id, revision=seen + 1), expects=seen)
