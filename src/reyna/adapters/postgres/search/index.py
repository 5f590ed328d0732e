"""The SearchIndex on PostgreSQL."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import asyncpg

from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search import statements
from reyna.adapters.postgres.search.lexemes import TITLE, WORD, tag_of, tsquery_of, vector_of
from reyna.adapters.postgres.search.stemmer import Stemmer
from reyna.adapters.postgres.search.vocabulary import change_vocabulary, find_near_words
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
MAX_REMEMBERED_LANGUAGES: Final = 100_000  # one takes about 150 bytes
EMPTY_COLUMNS: Final[list[list[Any]]] = [[] for _ in statements.COLUMNS]
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
        self._languages: set[tuple[str, str | None]] = set()  # of users, that are known to be stored

    async def refresh(self, user_id: str, ids: Sequence[str], load: LoadEntries) -> None:
        # In this process they wait for each other without a connection.
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        async with lock, self._turn_of(user_id) as connection:
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
        async with self._turn_of(user_id) as connection:
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
        kept = {entry.id for entry in entries}
        put = [await self._put(connection, tag, entry) for entry in entries]
        columns = [list(column) for column in zip(*(row for row, _ in put), strict=True)] or EMPTY_COLUMNS
        counts = Counter(word for _, words in put for word in words)
        changes = await connection.fetch(
            *(statements.REPLACE, user_id, list(ids), [id for id in ids if id not in kept], tag + WORD),
            *(list(counts), list(counts.values()), *columns),
        )
        await change_vocabulary(connection, user_id, changes)
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
    async def _turn_of(self, user_id: str) -> AsyncIterator[Any]:
        """Yields a connection in a transaction that follows the others of this user."""
        number = int.from_bytes(hashlib.blake2b(user_id.encode(), digest_size=8).digest(), signed=True)
        async with self._connect() as connection:
            try:
                await connection.execute(statements.BEGIN_TURN.format(number=number))
                yield connection
            except BaseException:
                await connection.execute("rollback")
                raise
            await connection.execute("commit")

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
