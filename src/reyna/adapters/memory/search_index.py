"""The SearchIndex port in memory: it compares every entry of the user, and knows no grammar."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from reyna.domain.search.entry import Candidates, Entry, EntryQuery, EntryText
from reyna.domain.search.matching import search_entries
from reyna.ports.search import LoadEntries


class MemorySearchIndex:
    """The entries of all users."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Entry]] = defaultdict(dict)
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._versions: dict[str, int] = {}

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        async with self._locks[user_id]:
            loaded = await load(ids)
            entries = self._entries[user_id]
            for id in ids:
                entries.pop(id, None)
            entries.update((entry.id, entry) for entry in loaded)

    async def search(self, user_id: str, query: EntryQuery) -> Candidates:
        return search_entries(self._entries[user_id], query)

    async def texts(self, user_id: str, ids: Sequence[str]) -> Mapping[str, EntryText]:
        entries = self._entries[user_id]
        return {id: EntryText(entries[id].title, entries[id].text) for id in ids if id in entries}

    async def list_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        return sorted(id for id in self._entries[user_id] if id > after)[:limit]

    async def clear(self, user_id: str) -> None:
        self._entries.pop(user_id, None)

    async def version_of(self, user_id: str) -> int:
        return self._versions.get(user_id, 0)

    async def set_version(self, user_id: str, version: int) -> None:
        self._versions[user_id] = version

    async def check(self) -> None:
        return
