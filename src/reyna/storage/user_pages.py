"""The users of a store, page by page, for work that is done for each of them."""

from collections.abc import AsyncIterator
from typing import Final

from reyna.ports.store import Store

USERS_PER_PAGE: Final = 500


async def user_pages(store: Store) -> AsyncIterator[list[str]]:
    """Yields the ids of all users in their order. Raises Fault."""
    last: str | None = None
    while users := await store.list_users(last, USERS_PER_PAGE):
        yield users
        last = users[-1]
