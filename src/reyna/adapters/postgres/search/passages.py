"""The PassageIndex on PostgreSQL with the extension `vector`: exact for most users, by an HNSW index for large ones."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from reyna.adapters.postgres.search import passage_statements as statements
from reyna.adapters.postgres.search.candidates import candidate_of, filter_args, is_narrow
from reyna.adapters.postgres.search.connections import SearchConnections
from reyna.domain.search.entry import EntryFilter
from reyna.domain.search.passages import NearPassage, PassageVector, WaitingEntry

MAX_EXACT_PASSAGES: Final = 10_000  # of a user, that are all compared: some 10 ms
MAX_INDEXED_DIMENSIONS: Final = 4_000  # of a half-precision vector in an HNSW index


async def has_vectors(pool: asyncpg.Pool) -> bool:
    """Creates the extension `vector` if need be, and tells whether the database has it."""
    try:
        await pool.execute(statements.CREATE_EXTENSION)
    except asyncpg.PostgresError:
        return bool(await pool.fetchval(statements.HAS_EXTENSION))
    return True


class PostgresPassageIndex:
    """The passages of all users, beside their entries in the schema `search` of a database."""

    def __init__(self, pool: asyncpg.Pool, max_exact: int = MAX_EXACT_PASSAGES) -> None:
        """`max_exact`: of a user with more passages, the HNSW index finds the nearest."""
        self._connections, self._max_exact = SearchConnections(pool), max_exact
        self._last_user = ""
        self._dimensions = 0  # of the vectors that are kept, 0 while that is not known

    async def prepare(self, model: str, dimensions: int) -> None:
        async with self._connections.begin(statements.BEGIN_PREPARATION) as connection:
            if await connection.fetchval(statements.MODEL, model, dimensions) is None:
                for statement in statements.create_tables(dimensions, has_index=dimensions <= MAX_INDEXED_DIMENSIONS):
                    await connection.execute(statement)
                await connection.execute(statements.SET_MODEL, model, dimensions)
                await connection.execute(statements.ALL_WAIT)
        self._dimensions = dimensions

    async def take(self) -> WaitingEntry | None:
        async with self._connections.connect() as connection:
            row = await connection.fetchrow(statements.TAKE, self._last_user)
            if row is None and self._last_user:
                row = await connection.fetchrow(statements.TAKE, "")
        self._last_user = "" if row is None else row["user_id"]
        return None if row is None else WaitingEntry(**row)

    async def replace(self, entry: WaitingEntry, passages: Sequence[PassageVector]) -> None:
        columns = [
            [passage.start for passage in passages],
            [passage.end for passage in passages],
            [_literal(passage.vector) for passage in passages],
        ]
        async with self._connections.turn_of(entry.user_id) as connection:
            if await connection.fetchval(statements.ARRIVE, entry.user_id, entry.id, entry.version):
                await connection.execute(statements.REMOVE, entry.user_id, [entry.id])
                await connection.execute(statements.ADD, entry.user_id, entry.id, *columns)

    async def postpone(self, entry: WaitingEntry, seconds: float) -> None:
        async with self._connections.connect() as connection:
            await connection.execute(statements.POSTPONE, entry.user_id, entry.id, entry.version, seconds)

    async def wait_again(self, user_id: str, ids: Sequence[str]) -> None:
        async with self._connections.connect() as connection:
            await connection.execute(statements.WAIT_AGAIN, user_id, list(ids))

    async def find_near(
        self, user_id: str, vector: Sequence[float], filter: EntryFilter, limit: int
    ) -> Sequence[NearPassage]:
        if not await self._keeps(len(vector)):
            return ()
        args = [user_id, *filter_args(filter), _literal(vector), limit]
        async with self._connections.connect() as connection:
            count = await connection.fetchval(statements.COUNT, user_id, self._max_exact + 1)
            if count <= self._max_exact:
                statement = statements.NARROW_EXACT if is_narrow(filter) else statements.EXACT
                rows = await connection.fetch(statement, *args)
        if count > self._max_exact:
            async with self._connections.begin(statements.BEGIN_INDEXED) as connection:
                rows = await connection.fetch(statements.NARROW_INDEXED, *args)
        return _nearest_of_each(rows)

    async def count_waiting(self) -> int:
        async with self._connections.connect() as connection:
            return int(await connection.fetchval(statements.COUNT_WAITING))

    async def _keeps(self, dimensions: int) -> bool:
        if self._dimensions != dimensions:  # another process may have prepared it
            async with self._connections.connect() as connection:
                self._dimensions = await connection.fetchval(statements.DIMENSIONS) or 0
        return self._dimensions == dimensions


def _nearest_of_each(rows: Sequence[Any]) -> list[NearPassage]:
    """Returns the nearest passage of each entry; `rows` are sorted, or nearly so."""
    nearest: dict[str, NearPassage] = {}
    for *facts, similarity, start, end in rows:
        candidate = candidate_of(facts, score=similarity, found_by=("semantic",))
        known = nearest.get(candidate.id)
        if known is None or known.similarity < similarity:
            nearest[candidate.id] = NearPassage(candidate=candidate, start=start, end=end, similarity=similarity)
    return sorted(nearest.values(), key=lambda near: (-near.similarity, near.candidate.id))


def _literal(vector: Sequence[float]) -> str:
    return f"[{','.join(f'{number:.6g}' for number in vector)}]"
