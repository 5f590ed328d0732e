"""Search by meaning: the vector of a query, and the passages that are near to it."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from reyna.domain.errors import Fault, Refusal
from reyna.domain.search.entry import EntryFilter
from reyna.domain.search.passages import NearPassage
from reyna.domain.search.query import ParsedQuery
from reyna.ports.embeddings import Embeddings
from reyna.ports.passages import PassageIndex

MAX_REMEMBERED_QUERIES: Final = 256  # with their vectors, for the next page and the next letter that is taken back
MAX_QUERY_CHARACTERS: Final = 1_000  # of a query whose meaning is looked for
MAX_PASSAGES: Final = 200  # that are looked at for a query
MIN_WORDS: Final = 3  # of a query whose meaning is worth comparing beside its words
HYBRID_SECONDS: Final = 1.0  # after which a search by words does not wait for the model


class SemanticSearch:
    """Finds the passages of a user that mean what a query says."""

    def __init__(self, passages: PassageIndex, embeddings: Embeddings) -> None:
        self._passages, self._embeddings = passages, embeddings
        self._vectors: OrderedDict[str, tuple[float, ...]] = OrderedDict()

    async def find(self, user_id: str, q: str, filter: EntryFilter) -> Sequence[NearPassage]:
        """Returns the nearest passage of each of the nearest entries, the nearest first. Raises Fault."""
        wanted = q.strip()[:MAX_QUERY_CHARACTERS]
        if not wanted:
            return ()
        try:
            vector = await self._vector_of(wanted)
        except Refusal as refusal:
            raise Fault(f"The model for embeddings refuses: {refusal.detail}") from refusal
        return await self._passages.find_near(user_id, vector, filter, MAX_PASSAGES)

    async def find_beside(self, user_id: str, q: str, query: ParsedQuery, filter: EntryFilter) -> Sequence[NearPassage]:
        """Returns of that what has to do with the query, if it is several words without quotes and minus; nothing for
        others, and when the model does not answer soon."""
        words = sum(len(term.words) for term in query.terms)
        if words < MIN_WORDS or any(term.quoted or term.negated for term in query.terms):
            return ()
        try:
            async with asyncio.timeout(HYBRID_SECONDS):
                near = await self.find(user_id, q, filter)
        except (TimeoutError, Fault):
            return ()
        return [passage for passage in near if passage.similarity >= self._embeddings.min_similarity]

    async def _vector_of(self, q: str) -> tuple[float, ...]:
        vector = self._vectors.pop(q, None)
        if vector is None:
            (vector,) = (await self._embeddings.embed([q], "query")).vectors
            if len(self._vectors) >= MAX_REMEMBERED_QUERIES:
                self._vectors.popitem(last=False)
        self._vectors[q] = vector
        return vector
