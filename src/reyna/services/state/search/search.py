"""The search part: finds blobs and buckets by their words, with every path to them and the passage that was found."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from reyna.domain.bucket import PathBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Forbidden, Invalid
from reyna.domain.requests.page import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from reyna.domain.search.entry import Candidate, Candidates, EntryFilter, EntryKind, EntryQuery, EntryText, SortOrder
from reyna.domain.search.hit import Facets, FacetValue, SearchHit, SearchMode, SearchPage
from reyna.domain.search.passages import NearPassage, fuse
from reyna.domain.search.query import parse_query
from reyna.domain.search.snippets import build_snippet
from reyna.ports.search import SearchIndex
from reyna.ports.store import Store
from reyna.services.state.records import PLACEMENTS
from reyna.services.state.search.indexer import BuildStep, Indexer
from reyna.services.state.search.meaning import SemanticSearch
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.paths import paths_to
from reyna.services.state.structure.subtree import LIVE, live_buckets_below
from reyna.transport.rpc import long_running

MAX_CANDIDATES: Final = 1_000  # of a search, over all of its pages
MAX_FACET_VALUES: Final = 50
Paths = tuple[tuple[PathBucket, ...], ...]


class Search:
    """The verbs of search."""

    def __init__(
        self,
        store: Store,
        index: SearchIndex | None,
        indexer: Indexer | None,
        buckets: BucketReader,
        semantic: SemanticSearch | None = None,
    ) -> None:
        self._store, self._optional_index, self._indexer, self._buckets = store, index, indexer, buckets
        self._semantic = semantic

    async def find(
        self,
        caller: Caller,
        q: str = "",
        *,
        mode: SearchMode = "hybrid",
        kind: EntryKind | None = None,
        bucket_id: str | None = None,
        type: str | None = None,
        schema_id: str | None = None,
        processor_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        stale: bool | None = None,
        trashed: bool = False,
        sort: SortOrder = "relevance",
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> SearchPage:
        """Returns a page of what has all the words of `q`, the best or the latest first; the latest without words.

        `mode` semantic: what means the same as `q` instead; hybrid: both, where `q` is several words.
        `bucket_id`: only what is in this bucket or below it. `type`: only buckets of this type. `trashed`: only what is
        in the trash, which is left out otherwise. Raises Invalid, and NotFound for a bucket that is not there.
        """
        check_limit(limit)
        if mode == "semantic" and self._semantic is None:
            raise Invalid.at("/mode", "is not available in this installation", expected="text or hybrid")
        wanted = EntryFilter(
            kind=kind,
            bucket_ids=await self._subtree(caller, bucket_id),
            type=type,
            schema_id=schema_id,
            processor_id=processor_id,
            since=_aware(since),
            until=_aware(until),
            is_stale=stale,
            is_trashed=trashed,
        )
        request = EntryQuery(query=parse_query(q), filter=wanted, sort=sort, limit=MAX_CANDIDATES)
        offset = _offset_of(cursor)
        near, found = await asyncio.gather(
            self._find_near(caller, q, request, mode), self._find_by_words(caller, request, mode)
        )
        if near:
            found = _merge(found, near, sort)
        return await self._page(caller, found, near, offset, limit)

    @long_running
    async def reindex(self, caller: Caller, cursor: str | None = None) -> BuildStep:
        """Makes some entries of the user's search index anew, and returns the cursor of the next ones.

        Raises Forbidden for everybody but the application itself.
        """
        if caller.kind != "house":
            raise Forbidden("Only the application builds a search index anew.")
        if self._indexer is None:
            raise Fault("There is no search index.")
        return await self._indexer.build_step(caller.user_id, cursor)

    @property
    def _index(self) -> SearchIndex:
        if self._optional_index is None:
            raise Fault("There is no search index.")
        return self._optional_index

    async def _find_by_words(self, caller: Caller, request: EntryQuery, mode: SearchMode) -> Candidates:
        return Candidates() if mode == "semantic" else await self._index.search(caller.user_id, request)

    async def _find_near(self, caller: Caller, q: str, request: EntryQuery, mode: SearchMode) -> Sequence[NearPassage]:
        if self._semantic is None or mode == "text":
            return ()
        if mode == "semantic":
            return await self._semantic.find(caller.user_id, q, request.filter)
        if request.sort == "time":
            return ()
        return await self._semantic.find_beside(caller.user_id, q, request.query, request.filter)

    async def _page(
        self, caller: Caller, found: Candidates, near: Sequence[NearPassage], offset: int, limit: int
    ) -> SearchPage:
        more = offset + limit < len(found.items)
        return SearchPage(
            items=await self._hits(caller, found.items[offset : offset + limit], found, near),
            next_cursor=encode_cursor(offset + limit) if more else None,
            facets=_facets_of(found.items),
            total=len(found.items),
            complete=found.is_complete,
        )

    async def _subtree(self, caller: Caller, bucket_id: str | None) -> tuple[str, ...] | None:
        """Returns the bucket and all below it; without one, all that the caller's key reaches, None for everything."""
        if bucket_id is not None:
            await self._buckets.load(caller, bucket_id)
        roots = caller.bucket_ids if bucket_id is None else (bucket_id,)
        if roots is None:
            return None
        return tuple(bucket.id for bucket in await live_buckets_below(self._store, caller.user_id, roots))

    async def _hits(
        self, caller: Caller, shown: Sequence[Candidate], found: Candidates, near: Sequence[NearPassage]
    ) -> tuple[SearchHit, ...]:
        if not shown:
            return ()
        passages = {passage.candidate.id: passage for passage in near}
        texts, paths = await asyncio.gather(
            self._index.texts(caller.user_id, [candidate.id for candidate in shown]), self._paths(caller, shown)
        )
        return tuple(
            _hit(candidate, _shown_text(candidate, texts[candidate.id], passages), paths[candidate.id], found)
            for candidate in shown
            if candidate.id in texts  # it may be purged by now
        )

    async def _paths(self, caller: Caller, shown: Sequence[Candidate]) -> dict[str, Paths]:
        """Returns all paths to each of the candidates, by two queries for all of them and one for buckets."""
        blob_ids = [candidate.id for candidate in shown if candidate.kind == "blob"]
        bucket_ids = [candidate.id for candidate in shown if candidate.kind == "bucket"]
        places: dict[str, list[str]] = defaultdict(list)
        if blob_ids:
            held = await self._store.select(
                PLACEMENTS, caller.user_id, ("blob_id", "bucket_id"), LIVE | {"blob_id": blob_ids}
            )
            for blob_id, bucket_id in held:
                places[blob_id].append(bucket_id)
        starts = [*bucket_ids, *(bucket_id for held_in in places.values() for bucket_id in held_in)]
        paths = await paths_to(self._store, caller.user_id, starts)
        found: dict[str, Paths] = {id: tuple(paths[bucket_id] for bucket_id in places[id]) for id in blob_ids}
        return found | {id: (paths[id][:-1],) for id in bucket_ids}


def _hit(candidate: Candidate, text: EntryText, paths: Paths, found: Candidates) -> SearchHit:
    return SearchHit(
        kind=candidate.kind,
        id=candidate.id,
        title=text.title,
        snippet=build_snippet(text.text, found.highlights),
        paths=paths,
        score=round(candidate.score, 6),
        found_by=candidate.found_by,
        type=candidate.type,
        schema_id=candidate.schema_id,
        processor_id=candidate.processor_id,
        updated_at=candidate.updated_at,
    )


def _merge(found: Candidates, near: Sequence[NearPassage], sort: SortOrder) -> Candidates:
    items = fuse(found.items, [passage.candidate for passage in near])
    if sort == "time":
        items.sort(key=lambda item: (-item.updated_at.timestamp(), item.id))
    return replace(found, items=tuple(items))


def _shown_text(candidate: Candidate, text: EntryText, passages: Mapping[str, NearPassage]) -> EntryText:
    """Returns the text from which the snippet is taken: the passage alone, where only its meaning was found."""
    passage = passages.get(candidate.id)
    if passage is None or candidate.found_by != ("semantic",):
        return text
    return EntryText(text.title, text.text[passage.start : passage.end].strip())


def _facets_of(items: Sequence[Candidate]) -> Facets:
    return Facets(
        schema_id=_counted(item.schema_id for item in items),
        processor_id=_counted(item.processor_id for item in items),
        type=_counted(item.type for item in items),
    )


def _counted(values: Iterable[str | None]) -> tuple[FacetValue, ...]:
    counts = Counter(value for value in values if value is not None)
    return tuple(FacetValue(value=value, count=count) for value, count in counts.most_common(MAX_FACET_VALUES))


def _offset_of(cursor: str | None) -> int:
    (offset,) = decode_cursor(cursor, int) or (0,)
    if not 0 <= offset <= MAX_CANDIDATES:
        raise Invalid.at("/cursor", "is not a cursor of this list")
    return int(offset)


def _aware(moment: datetime | None) -> datetime | None:
    """Returns the moment with its time zone, which is UTC when it has none."""
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
