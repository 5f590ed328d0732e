"""The SearchIndex port in memory: it compares every entry of the user, and knows no grammar."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reyna.domain.search.entry import Candidates, Entry, EntryQuery, EntryText
from reyna.domain.search.matching import search_entries
from reyna.domain.search.passages import PassageVector
from reyna.ports.search import LoadEntries


class KeptPassages(NamedTuple):
    """The passages of an entry, and the title and text that they were made of."""

    title: str
    text: str
    passages: Sequence[PassageVector]


class MemorySearchIndex:
    """The entries of all users."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Entry]] = defaultdict(dict)
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._versions: dict[str, int] = {}
        self.passages: dict[tuple[str, str], KeptPassages] = {}  # by user and entry, which they leave with

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        async with self._locks[user_id]:
            loaded = await load(ids)
            entries = self._entries[user_id]
            for id in ids:
                entries.pop(id, None)
            entries.update((entry.id, entry) for entry in loaded)
            for id in set(ids) - entries.keys():
                self.passages.pop((user_id, id), None)

    async def search(self, user_id: str, query: EntryQuery) -> Candidates:
        return search_entries(self._entries[user_id], query)

    def entries_of(self, user_id: str) -> list[Entry]:
        return [*self._entries[user_id].values()]

    def all_entries(self) -> list[Entry]:
        return [entry for entries in self._entries.values() for entry in entries.values()]

    async def texts(self, user_id: str, ids: Sequence[str]) -> Mapping[str, EntryText]:
        entries = self._entries[user_id]
        return {id: EntryText(entries[id].title, entries[id].text) for id in ids if id in entries}

    async def list_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        return sorted(id for id in self._entries[user_id] if id > after)[:limit]

    async def clear(self, user_id: str) -> None:
        self._entries.pop(user_id, None)
        self.passages = {address: kept for address, kept in self.passages.items() if address[0] != user_id}

    async def version_of(self, user_id: str) -> int:
        return self._versions.get(user_id, 0)

    async def set_version(self, user_id: str, version: int) -> None:
        self._versions[user_id] = version

    async def check(self) -> None:
        return
