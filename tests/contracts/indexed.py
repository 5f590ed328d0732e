"""Entries for the tests of search indexes, with a default for everything but what a test is about."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from reyna.domain.search.entry import Candidates, Entry, EntryFilter, EntryQuery, SortOrder
from reyna.domain.search.query import parse_query
from reyna.ports.search import SearchIndex

ANA, BO = "user-ana", "user-bo"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def an_entry(id: str, text: str = "", **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "id": id,
        "user_id": ANA,
        "kind": "blob",
        "revision": 1,
        "title": "",
        "text": text,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Entry(**(given | fields))


async def put(index: SearchIndex, *entries: Entry) -> None:
    """Puts entries of one user into the index."""

    async def load(ids: Sequence[str]) -> list[Entry]:
        await asyncio.sleep(0)
        return [entry for entry in entries if entry.id in ids]

    await index.refresh(entries[0].user_id, [entry.id for entry in entries], load)


async def remove(index: SearchIndex, user_id: str, *ids: str) -> None:
    async def load(ids: Sequence[str]) -> list[Entry]:
        return []

    await index.refresh(user_id, ids, load)


async def look_up(
    index: SearchIndex,
    q: str,
    user_id: str = ANA,
    *,
    sort: SortOrder = "relevance",
    limit: int = 100,
    **conditions: Any,
) -> Candidates:
    query = EntryQuery(query=parse_query(q), filter=EntryFilter(**conditions), sort=sort, limit=limit)
    return await index.search(user_id, query)


async def find(index: SearchIndex, q: str, user_id: str = ANA, **more: Any) -> list[str]:
    """Returns the ids of what is found, in its order."""
    return [item.id for item in (await look_up(index, q, user_id, **more)).items]


def later(entry: Entry, hours: int) -> Entry:
    return replace(entry, updated_at=entry.updated_at + timedelta(hours=hours))
