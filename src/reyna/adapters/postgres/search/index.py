"""The SearchIndex on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import asyncpg

from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search import statements
from reyna.adapters.postgres.search.lexemes import TITLE, tag_of, tsquery_of, vector_of, words_in
from reyna.adapters.postgres.search.stemmer import Stemmer
from reyna.adapters.postgres.search.vocabulary import count_words, find_near_words, word_changes
from reyna.adapters.postgres.store import ACQUIRE_TIMEOUT_SECONDS, UNAVAILABLE_ERRORS
from reyna.domain.errors import TimedOut, Unavailable
from reyna.domain.search.entry import Candidate, Candidates, Entry, EntryFilter, EntryQuery, EntryText
from reyna.domain.search.matching import highlights_of
from reyna.domain.search.query import ParsedQuery
from reyna.domain.search.words import words_of
from reyna.ports.search import LoadEntries

P = ParamSpec("P")
T = TypeVar("T")
POOL_CONNECTIONS: Final = 4
# The plan of a search depends on how frequent its words are.
PLANNING: Final = {"plan_cache_mode": "force_custom_plan"}
TYPO_SCORE_SHARE: Final = 0.3  # of what the same match without a typo would score
LONG_TEXT_CHARACTERS: Final = 20_000  # about 5 ms of work, for which the event loop is not blocked


async def open_search_pool(url: str) -> asyncpg.Pool:
    """Returns the pool of the search index. Raises Unavailable."""
    return await open_pool(url, size=POOL_CONNECTIONS, settings=PLANNING)


class PostgresSearchIndex:
    """The entries of all users, in the schema `search` of a database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool, self._stemmer = pool, Stemmer()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        # In this process they wait for each other without a connection.
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        async with lock, self._connect() as connection, connection.transaction():
            await connection.execute(statements.LOCK_USER, user_id)
            await self._replace(connection, user_id, ids, await load(ids))

    async def search(self, user_id: str, query: EntryQuery) -> Candidates:
        async with self._connect() as connection:
            return await self._search(connection, user_id, query)

    async def texts(self, user_id: str, ids: Sequence[str]) -> Mapping[str, EntryText]:
        async with self._connect() as connection:
            rows = await connection.fetch(statements.TEXTS, user_id, list(ids))
        return {id: EntryText(title, text) for id, title, text in rows}

    async def list_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        async with self._connect() as connection:
            return [id for (id,) in await connection.fetch(statements.IDS, user_id, after, limit)]

    async def clear(self, user_id: str) -> None:
        async with self._connect() as connection, connection.transaction():
            await connection.execute(statements.LOCK_USER, user_id)
            for statement in statements.CLEAR:
                await connection.execute(statement, user_id)

    async def version_of(self, user_id: str) -> int:
        async with self._connect() as connection:
            return await connection.fetchval(statements.VERSION, user_id) or 0

    async def set_version(self, user_id: str, version: int) -> None:
        async with self._connect() as connection:
            await connection.execute(statements.SET_VERSION, user_id, version)

    async def check(self) -> None:
        async with self._connect() as connection:
            await connection.execute("select 1")

    async def _replace(self, connection: Any, user_id: str, ids: Sequence[str], entries: Sequence[Entry]) -> None:
        tag = tag_of(user_id)
        rows = await connection.fetch(statements.OLD_WORDS, user_id, list(ids))
        before = {id: words_in(lexemes, tag) for id, lexemes in rows}
        kept = {entry.id for entry in entries}
        if gone := [id for id in before if id not in kept]:
            await connection.execute(statements.REMOVE, user_id, gone)
        after = [await self._put(connection, tag, entry) for entry in entries]
        if after:
            columns = [list(column) for column in zip(*(row for row, _ in after), strict=True)]
            await connection.execute(statements.PUT, user_id, *columns)
        await count_words(connection, user_id, word_changes([*before.values()], [words for _, words in after]))
        languages = sorted({entry.language for entry in entries if entry.language is not None})
        await connection.execute(statements.ADD_LANGUAGES, user_id, languages)

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
        query, args = wanted.query, [user_id, *_filter_args(wanted.filter), wanted.limit + 1]
        if not query.terms:
            rows = await connection.fetch(statements.LATEST, *args) if query.is_blank else []
            return _candidates(rows, wanted, by_time=True)
        tag, near = tag_of(user_id), await _near_words(connection, user_id, query)
        stems = await self._stems(connection, user_id, query)
        loose = tsquery_of(tag, query, near=near, stems=stems)
        strict = tsquery_of(tag, query, stems=stems)
        by_time = wanted.sort == "time" or not query.required_terms
        if by_time:
            rows = await connection.fetch(statements.MATCHING_LATEST, *args, loose, strict)
        else:
            titles = tsquery_of(tag, query, near=near, kind=TITLE)
            rows = await connection.fetch(statements.BEST, *args, loose, strict, titles)
        found = _candidates(rows, wanted, by_time=by_time)
        return Candidates(
            items=found.items, is_complete=found.is_complete, highlights=highlights_of(query, near, stems)
        )

    async def _stems(self, connection: Any, user_id: str, query: ParsedQuery) -> dict[str, list[str]]:
        """Returns the stems of the words of the query in the languages of the user, by word."""
        words = {term.words[0] for term in query.required_terms if len(term.words) == 1 and not term.quoted}
        stems: dict[str, list[str]] = {word: [] for word in words}
        for language in await connection.fetchval(statements.LANGUAGES, user_id) or ():
            for word, stem in (await self._stemmer.stems_of(connection, language, words)).items():
                if stem not in stems[word]:
                    stems[word].append(stem)
        return stems

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
                yield connection
        except TimeoutError as error:
            raise TimedOut("The search index did not answer in time.") from error
        except UNAVAILABLE_ERRORS as error:
            await self._pool.expire_connections()
            raise Unavailable("The search index cannot be reached.") from error


async def _compute(in_thread: bool, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls a function, on request in a thread, so that the process answers others meanwhile."""
    if in_thread:
        return await asyncio.to_thread(function, *args, **kwargs)
    return function(*args, **kwargs)


async def _near_words(connection: Any, user_id: str, query: ParsedQuery) -> dict[str, list[str]]:
    correctable = [term for term in query.required_terms if len(term.words) == 1 and not term.quoted]
    last = next((term.words[0] for term in correctable if term.prefix), None)
    return await find_near_words(connection, user_id, [term.words[0] for term in correctable], last)


def _filter_args(filter: EntryFilter) -> list[Any]:
    buckets = None if filter.bucket_ids is None else list(filter.bucket_ids)
    return [
        *(filter.is_trashed, filter.kind, filter.type, filter.schema_id, filter.processor_id),
        *(filter.since, filter.until, buckets, filter.is_stale),
    ]


def _candidates(rows: Sequence[Any], wanted: EntryQuery, *, by_time: bool) -> Candidates:
    items = [
        Candidate(
            id=id,
            kind=kind,
            type=type,
            schema_id=schema_id,
            processor_id=processor_id,
            updated_at=updated_at,
            score=score if is_exact else score * TYPO_SCORE_SHARE,
            found_by=("text",) if is_exact else ("typo",),
        )
        for id, kind, type, schema_id, processor_id, updated_at, score, is_exact in rows
    ]
    if not by_time:
        items.sort(key=lambda item: (-item.score, item.id))
    return Candidates(items=tuple(items[: wanted.limit]), is_complete=len(rows) <= wanted.limit)
