"""The PassageIndex port in memory, beside a search index in memory: it compares every passage of the user."""

import math
from collections.abc import Sequence

from reyna.adapters.memory.search_index import KeptPassages, MemorySearchIndex
from reyna.domain.search.entry import Candidate, Entry, EntryFilter
from reyna.domain.search.passages import NearPassage, PassageVector, WaitingEntry


class MemoryPassageIndex:
    """The passages of all users."""

    def __init__(self, index: MemorySearchIndex) -> None:
        self._index = index
        self._model: tuple[str, int] | None = None
        self._postponed: set[tuple[str, str]] = set()  # entries, by user and id

    async def prepare(self, model: str, dimensions: int) -> None:
        if self._model != (model, dimensions):
            self._model = model, dimensions
            self._index.passages.clear()
            self._postponed.clear()

    async def take(self) -> WaitingEntry | None:
        waiting = (entry for entry in self._waiting() if (entry.user_id, entry.id) not in self._postponed)
        entry = next(waiting, None)
        if entry is None:
            return None
        return WaitingEntry(user_id=entry.user_id, id=entry.id, version=0, title=entry.title, text=entry.text)

    async def replace(self, entry: WaitingEntry, passages: Sequence[PassageVector]) -> None:
        if any((now.id, now.title, now.text) == (entry.id, entry.title, entry.text) for now in self._waiting()):
            self._index.passages[entry.user_id, entry.id] = KeptPassages(entry.title, entry.text, passages)

    async def postpone(self, entry: WaitingEntry, seconds: float) -> None:
        self._postponed.add((entry.user_id, entry.id))

    async def wait_again(self, user_id: str, ids: Sequence[str]) -> None:
        for id in ids:
            self._index.passages.pop((user_id, id), None)
            self._postponed.discard((user_id, id))

    async def find_near(
        self, user_id: str, vector: Sequence[float], filter: EntryFilter, limit: int
    ) -> Sequence[NearPassage]:
        entries = self._index.entries_of(user_id)
        near = [
            _nearest(entry, self._index.passages[user_id, entry.id].passages, vector)
            for entry in entries
            if filter.accepts(entry) and (user_id, entry.id) in self._index.passages
        ]
        found = [passage for passage in near if passage is not None]
        return sorted(found, key=lambda passage: (-passage.similarity, passage.candidate.id))[:limit]

    async def count_waiting(self) -> int:
        return len(self._waiting())

    def _waiting(self) -> list[Entry]:
        kept = self._index.passages
        return [
            entry
            for entry in self._index.all_entries()
            if (old := kept.get((entry.user_id, entry.id))) is None or old[:2] != (entry.title, entry.text)
        ]


def _nearest(entry: Entry, passages: Sequence[PassageVector], vector: Sequence[float]) -> NearPassage | None:
    measured = [(_cosine(passage.vector, vector), passage) for passage in passages]
    if not measured:
        return None
    similarity, passage = max(measured, key=lambda one: one[0])
    candidate = Candidate(
        id=entry.id,
        kind=entry.kind,
        type=entry.type,
        schema_id=entry.schema_id,
        processor_id=entry.processor_id,
        updated_at=entry.updated_at,
        score=similarity,
        found_by=("semantic",),
    )
    return NearPassage(candidate=candidate, start=passage.start, end=passage.end, similarity=similarity)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other) or 1.0)
