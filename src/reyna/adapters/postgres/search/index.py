"""The SearchIndex on PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import asyncpg
from msgspec.structs import replace

from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search import passage_statements, statements
from reyna.adapters.postgres.search.candidates import candidate_of, filter_args, is_narrow
from reyna.adapters.postgres.search.connections import SearchConnections
from reyna.adapters.postgres.search.lexemes import TITLE, WORD, tag_of, tsquery_of, vector_of
from reyna.adapters.postgres.search.stemmer import Stemmer
from reyna.adapters.postgres.search.vocabulary import change_vocabulary, count_entries, find_near_words
from reyna.domain.search.entry import Candidates, Entry, EntryQuery, EntryText
from reyna.domain.search.matching import highlights_of
from reyna.domain.search.query import ParsedQuery
from reyna.domain.search.words import words_of
from reyna.ports.search import LoadEntries

P = ParamSpec("P")
T = TypeVar("T")
POOL_CONNECTIONS: Final = 4
# The plan of a search depends on how frequent its words are.
PLANNING: Final = {"plan_cache_mode": "force_custom_plan"}
MAX_REMEMBERED_LANGUAGES: Final = 100_000  # one takes about 150 bytes
EMPTY_COLUMNS: Final[list[list[Any]]] = [[] for _ in statements.COLUMNS]
MAX_INDEXED_ENTRIES: Final = 20_000  # that have a word, up to which its index is read
MAX_RANKED_ENTRIES: Final = 300  # of those that have words of such a frequency
MAX_LATEST_ENTRIES: Final = 5_000  # that are looked through for words that are in more
TYPO_SCORE_SHARE: Final = 0.3  # of what the same match without a typo would score
LONG_TEXT_CHARACTERS: Final = 20_000  # about 5 ms of work, for which the event loop is not blocked


async def open_search_pool(url: str) -> asyncpg.Pool:
    """Returns the pool of the search index. Raises Unavailable."""
    return await open_pool(url, size=POOL_CONNECTIONS, settings=PLANNING)


class PostgresSearchIndex:
    """The entries of all users, in the schema `search` of a database."""

    def __init__(self, pool: asyncpg.Pool, max_indexed: int = MAX_INDEXED_ENTRIES) -> None:
        """`max_indexed`: words that are in more entries are looked for in the latest ones."""
        self._max_indexed = max_indexed
        self._connections, self._stemmer = SearchConnections(pool), Stemmer()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._languages: set[tuple[str, str | None]] = set()  # of users, that are known to be stored

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        # In this process they wait for each other without a connection.
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        async with lock, self._connections.turn_of(user_id) as connection:
            await self._replace(connection, user_id, ids, await load(ids))

    async def search(self, user_id: str, query: EntryQuery) -> Candidates:
        async with self._connections.connect() as connection:
            return await self._search(connection, user_id, query)

    async def texts(self, user_id: str, ids: Sequence[str]) -> Mapping[str, EntryText]:
        async with self._connections.connect() as connection:
            rows = await connection.fetch(statements.TEXTS, user_id, list(ids))
        return {id: EntryText(title, text) for id, title, text in rows}

    async def list_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        async with self._connections.connect() as connection:
            return [id for (id,) in await connection.fetch(statements.IDS, user_id, after, limit)]

    async def clear(self, user_id: str) -> None:
        async with self._connections.turn_of(user_id) as connection:
            if await connection.fetchval(statements.HAS_PASSAGES):
                await connection.execute(passage_statements.CLEAR, user_id)
            for statement in statements.CLEAR:
                await connection.execute(statement, user_id)

    async def version_of(self, user_id: str) -> int:
        async with self._connections.connect() as connection:
            return await connection.fetchval(statements.VERSION, user_id) or 0

    async def set_version(self, user_id: str, version: int) -> None:
        async with self._connections.connect() as connection:
            await connection.execute(statements.SET_VERSION, user_id, version)

    async def check(self) -> None:
        async with self._connections.connect() as connection:
            await connection.execute("select 1")

    async def _replace(self, connection: Any, user_id: str, ids: Sequence[str], entries: Sequence[Entry]) -> None:
        tag = tag_of(user_id)
        kept = {entry.id for entry in entries}
        put = [await self._put(connection, tag, entry) for entry in entries]
        columns = [list(column) for column in zip(*(row for row, _ in put), strict=True)] or EMPTY_COLUMNS
        counts = Counter(word for _, words in put for word in words)
        gone = [id for id in ids if id not in kept]
        changes = await connection.fetch(
            *(statements.REPLACE, user_id, list(ids), gone, tag + WORD),
            *(list(counts), list(counts.values()), *columns),
        )
        await change_vocabulary(connection, user_id, changes)
        if gone and await connection.fetchval(statements.HAS_PASSAGES):
            await connection.execute(passage_statements.REMOVE, user_id, gone)
        await self._add_languages(connection, user_id, {entry.language for entry in entries} - {None})

    async def _add_languages(self, connection: Any, user_id: str, languages: set[str | None]) -> None:
        added = {(user_id, language) for language in languages}
        if added <= self._languages:
            return
        await connection.execute(
            statements.ADD_LANGUAGES, user_id, sorted(language for language in languages if language)
        )
        if len(self._languages) > MAX_REMEMBERED_LANGUAGES:
            self._languages.clear()
        self._languages |= added

    async def _put(self, connection: Any, tag: str, entry: Entry) -> tuple[tuple[Any, ...], set[str]]:
        """Returns the row of an entry and its words."""
        is_long = len(entry.text) > LONG_TEXT_CHARACTERS
        title, text = words_of(entry.title), await _compute(is_long, words_of, entry.text)
        words = {*title, *text}
        stems = await self._stemmer.stems_of(connection, entry.language, words)
        vector = await _compute(is_long, vector_of, tag, title, text, sorted(set(stems.values())))
        row = (
            *(entry.id, entry.kind, entry.revision, entry.data_since, entry.type, entry.schema_id, entry.processor_id),
            *(entry.parent_id, entry.parent_revision, " ".join(entry.bucket_ids), entry.language, entry.title),
            *(entry.text, entry.created_at, entry.updated_at, entry.is_trashed, vector),
        )
        return row, words

    async def _search(self, connection: Any, user_id: str, wanted: EntryQuery) -> Candidates:
        query, args = wanted.query, [user_id, *filter_args(wanted.filter), wanted.limit + 1]
        if not query.terms:
            rows = await connection.fetch(statements.LATEST, *args) if query.is_blank else []
            return _candidates(rows, wanted, by_time=True)
        tag, near = tag_of(user_id), await _near_words(connection, user_id, query)
        stems = await self._stems(connection, user_id, query)
        if wanted.sort == "time" or not query.required_terms:
            loose, strict = tsquery_of(tag, query, near=near, stems=stems), tsquery_of(tag, query, stems=stems)
            rows = await connection.fetch(statements.MATCHING_LATEST, *args, loose, strict)
            found = _candidates(rows, wanted, by_time=True)
        else:
            found = await self._find_best(connection, user_id, wanted, near, stems)
        return Candidates(
            items=found.items, is_complete=found.is_complete, highlights=highlights_of(query, near, stems)
        )

    async def _find_best(
        self,
        connection: Any,
        user_id: str,
        wanted: EntryQuery,
        near: Mapping[str, Sequence[str]],
        stems: Mapping[str, Sequence[str]],
    ) -> Candidates:
        """Returns the best candidates; of what is in very many entries, the best of the latest."""
        tag, query, args = tag_of(user_id), wanted.query, [user_id, *filter_args(wanted.filter), wanted.limit + 1]
        loose, strict = tsquery_of(tag, query, near=near, stems=stems), tsquery_of(tag, query, stems=stems)
        counts = await count_entries(connection, user_id, query.required_terms, near)
        if min(counts.values()) > self._max_indexed and not is_narrow(wanted.filter):
            args[-1] = min(args[-1], MAX_RANKED_ENTRIES)
            rows = await connection.fetch(statements.BEST_OF_LATEST, *args, loose, strict, MAX_LATEST_ENTRIES)
            return replace(_candidates(rows, wanted), is_complete=False)
        others = tuple(term for term in query.terms if not (term.prefix and counts[term] > self._max_indexed))
        if others == query.terms or not any(not term.negated for term in others):
            titles = tsquery_of(tag, query, near=near, kind=TITLE)
            return _candidates(await connection.fetch(statements.BEST, *args, loose, strict, titles), wanted)
        some = replace(query, terms=others)
        titles, words = tsquery_of(tag, some, near=near, kind=TITLE), tsquery_of(tag, some, near=near, stems=stems)
        rows = await connection.fetch(statements.BEST_OF_OTHER_WORDS, *args, loose, strict, titles, words)
        return _candidates(rows, wanted)

    async def _stems(self, connection: Any, user_id: str, query: ParsedQuery) -> dict[str, list[str]]:
        """Returns the stems of the words of the query in the languages of the user, by word."""
        words = {term.words[0] for term in query.required_terms if len(term.words) == 1 and not term.quoted}
        stems: dict[str, list[str]] = {word: [] for word in words}
        for language in await connection.fetchval(statements.LANGUAGES, user_id) or ():
            for word, stem in (await self._stemmer.stems_of(connection, language, words)).items():
                if stem not in stems[word]:
                    stems[word].append(stem)
        return stems


async def _compute(in_thread: bool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function, on request in a thread, so that the process answers others meanwhile."""
    if in_thread:
        return await asyncio.to_thread(function, *args, **kwargs)
    return function(*args, **kwargs)


async def _near_words(connection: Any, user_id: str, query: ParsedQuery) -> dict[str, list[str]]:
    correctable = [term for term in query.required_terms if len(term.words) == 1 and not term.quoted]
    last = next((term.words[0] for term in correctable if term.prefix), None)
    return await find_near_words(connection, user_id, [term.words[0] for term in correctable], last)


def _candidates(rows: Sequence[Any], wanted: EntryQuery, *, by_time: bool = False) -> Candidates:
    items = [
        candidate_of(
            facts,
            score=score if is_exact else score * TYPO_SCORE_SHARE,
            found_by=("text",) if is_exact else ("typo",),
        )
        for *facts, score, is_exact in rows
    ]
    if not by_time:
        items.sort(key=lambda item: (-item.score, item.id))
    return Candidates(items=tuple(items[: wanted.limit]), is_complete=len(rows) <= wanted.limit)
