"""Reading all records of a user, a page at a time."""

from collections.abc import AsyncIterator
from typing import Any, Final

from reyna.ports.store import Collection, Store

PAGE_RECORDS: Final = 1_000  # records that are looked at together; a user may have a million


async def read_pages(
    store: Store, collection: Collection[Any], user_id: str, fields: tuple[str, ...], where: dict[str, Any] = {}
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yields all matching records by id, a page at a time; the first of the `fields` is the id."""
    after: str | None = None
    while page := await store.select(collection, user_id, fields, where, after=after, limit=PAGE_RECORDS):
        yield page
        after = page[-1][0]
