"""`python -m bench.search`: searches with one misspelt word among 500,000 blobs, with snippets and paths."""

import argparse
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import uvloop

from bench.percentiles import Spread
from bench.sample_library import OWNER, make_bucket
from bench.stores import OnPostgres, temporary_folder
from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search.index import PostgresSearchIndex, open_search_pool
from reyna.app import log
from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement, placement_id
from reyna.embedded.home import Home
from reyna.embedded.postgres import Postgres
from reyna.services.schemas import records as schema_records
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.service import State

MAX_P95_MILLISECONDS: Final = 50.0
VOCABULARY_WORDS: Final = 30_000
WORDS_PER_BLOB: Final = 60
BUCKET_COUNT: Final = 500
BRANCHES: Final = 8  # child buckets of one bucket
BATCH_BLOBS: Final = 10_000
SEARCHES: Final = 300
WARM_UP_SEARCHES: Final = 20
HITS_PER_PAGE: Final = 20
SYLLABLES: Final = [
    first + vowel + last for first in "bcdfghjklmnprstvwz" for vowel in "aeiou" for last in ("", "n", "r")
]
ENGLISH: Final = "the and of to was with that from"  # by which the language of each text is detected
START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Corpus:
    """Random texts whose words are as frequent as in natural language (Zipf's law)."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.words = sorted({self._make_word() for _ in range(VOCABULARY_WORDS)}, key=lambda _: self.random.random())
        self.weights = [1 / (number + 10) for number in range(len(self.words))]

    def texts(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield f"{ENGLISH} {' '.join(self.random.choices(self.words, self.weights, k=WORDS_PER_BLOB))}"

    def pair(self) -> tuple[str, str]:
        """Returns a rather frequent word and one of any frequency."""
        return self.random.choices(self.words, self.weights)[0], self.random.choice(self.words)

    def misspell(self, word: str) -> str:
        at = self.random.randrange(len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def _make_word(self) -> str:
        return "".join(self.random.choices(SYLLABLES, k=self.random.choice((2, 2, 3, 3, 4))))


async def main(blobs: int) -> None:
    log.configure("error", "console")
    with temporary_folder() as folder:
        async with running_state(Path(folder)) as (state, measured, pool):
            corpus = Corpus()
            await _fill(measured, corpus, blobs)
            await measured.settle()
            await _index(state, blobs)
            await measured.settle()
            await _print_measures(state, pool, corpus)
            for table in ("entries", "words", "spellings"):
                size = await pool.fetchval("select pg_total_relation_size($1::text::regclass)", f"search.{table}")
                print(f"search.{table:<12} {size / 1024**2:8,.0f} MiB")


@asynccontextmanager
async def running_state(folder: Path) -> AsyncIterator[tuple[State, OnPostgres, asyncpg.Pool]]:
    """Yields a state service on an embedded PostgreSQL, its store, and the pool of its search index."""
    server = Postgres(Home(folder / "home"))
    await server.start()
    try:
        await migrate(server.url)
        pool, search_pool = await open_pool(server.url), await open_search_pool(server.url)
        measured = OnPostgres(server.url, pool)
        schemas = Schemas(MemoryStore(schema_records.COLLECTIONS))
        yield State(measured.store, schemas, search_index=PostgresSearchIndex(search_pool)), measured, search_pool
        await search_pool.close()
        await pool.close()
    finally:
        await server.stop()


async def _fill(measured: OnPostgres, corpus: Corpus, blobs: int) -> None:
    buckets: list[Bucket] = []
    for number in range(BUCKET_COUNT):
        under = buckets[(number - 1) // BRANCHES].id if number else None
        buckets.append(make_bucket(OWNER, f"Bucket {number}", under))
    await measured.keep(BUCKETS, buckets)
    number = 0
    for start in range(0, blobs, BATCH_BLOBS):
        made = []
        for text in corpus.texts(min(BATCH_BLOBS, blobs - start)):
            number += 1
            made.append(_make_blob(text, START + timedelta(seconds=number)))
        await measured.keep(BLOBS, made)
        places = [_place(blob, bucket, number) for blob in made for bucket in corpus.random.sample(buckets, 2)]
        await measured.keep(PLACEMENTS, places)


def _make_blob(text: str, at: datetime) -> Blob:
    return Blob(
        id=new_id("blob"),
        user_id=OWNER.user_id,
        processor_id="user-input",
        schema_id="text-input-v1",
        schema_version="1.0.0",
        data={"title": text[len(ENGLISH) : len(ENGLISH) + 20].strip(), "content": text},
        size=len(text) + 40,
        created_by=OWNER.user_id,
        changed_by=OWNER.user_id,
        created_at=at,
        updated_at=at,
    )


def _place(blob: Blob, bucket: Bucket, number: int) -> Placement:
    return Placement(
        id=placement_id(bucket.id, blob.id),
        user_id=blob.user_id,
        bucket_id=bucket.id,
        blob_id=blob.id,
        rank=rank.last(number, blob.id),
        created_at=blob.created_at,
    )


async def _index(state: State, blobs: int) -> None:
    assert state.indexer is not None
    began = time.perf_counter()
    step = await state.indexer.build_step(OWNER.user_id)
    while step.next_cursor is not None:
        step = await state.indexer.build_step(OWNER.user_id, step.next_cursor)
    seconds = time.perf_counter() - began
    print(f"{blobs:,} blobs indexed in {seconds:.0f} s, {blobs / seconds:,.0f}/s\n", flush=True)


async def _print_measures(state: State, pool: asyncpg.Pool, corpus: Corpus) -> None:
    pairs = [corpus.pair() for _ in range(SEARCHES + WARM_UP_SEARCHES)]
    measures: dict[str, tuple[list[str], dict[str, Any]]] = {
        "a word that is in few texts": ([f"{rare} " for _, rare in pairs], {}),
        "one misspelt word": ([f"{corpus.misspell(rare)} " for _, rare in pairs], {}),
        "a word and a misspelt one": ([f"{word} {corpus.misspell(rare)} " for word, rare in pairs], {}),
        "a frequent word": ([f"{word} " for word, _ in pairs], {}),
        "a phrase and a word that must not be there": ([f'"{word}" -{rare}' for word, rare in pairs], {}),
        "the first three letters of a word": ([word[:3] for word, _ in pairs], {}),
        "a frequent word, by time": ([f"{word} " for word, _ in pairs], {"sort": "time"}),
        "no words: the latest": ([""] * len(pairs), {}),
    }
    floor = await _spread(lambda _: pool.fetchval("select 1"), [""] * len(pairs))
    print(f"{'milliseconds':<52}{'p50':>8} {'p95':>8} {'p99':>8}   of the floor (p50)")
    print(f"{'the floor: select 1':<52}{floor}")
    for name, (queries, more) in measures.items():
        spread = await _spread(partial(_search, state, more), queries)
        wanted = "  TOO SLOW" if "misspelt" in name and spread.p95 > MAX_P95_MILLISECONDS else ""
        print(f"{name:<52}{spread}   {spread.p50 / floor.p50:7.1f}x{wanted}", flush=True)


async def _search(state: State, more: dict[str, Any], q: str) -> object:
    return await state.search.find(OWNER, q, limit=HITS_PER_PAGE, **more)


async def _spread(ask: Callable[[str], Awaitable[object]], queries: Sequence[str]) -> Spread:
    took = []
    for number, q in enumerate(queries):
        began = time.perf_counter()
        await ask(q)
        if number >= WARM_UP_SEARCHES:
            took.append((time.perf_counter() - began) * 1000)
    return Spread.of(took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blobs", type=int, default=500_000)
    uvloop.run(main(parser.parse_args().blobs))
