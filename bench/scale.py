"""`python -m bench.scale`: finding, paging, moving and trashing in a library of a million blobs."""

import argparse
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from bench.percentiles import Spread
from bench.sample_library import LARGE_BUCKET_BLOBS, OWNER, SUBTREE_BUCKETS, TREE_BUCKETS, SampleLibrary, fill
from bench.stores import MeasuredStore, on_mongo, on_postgres, temporary_folder
from reyna.adapters.memory.store import MemoryStore
from reyna.app import log
from reyna.domain.blob import NewBlob
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.ports.store import Store
from reyna.services.schemas import records as schema_records
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.services.state.records import BUCKETS
from reyna.services.state.service import State

PAGE_SIZE: Final = 50
MAX_MEASURE_SECONDS: Final = 5.0  # seconds for one measure
STORES: Final = {"postgres": on_postgres, "mongo": on_mongo}
SIZES: Final = {"full": (1_000_000, 100_000), "quick": (30_000, 15_000)}
Verb = Callable[[State], Awaitable[object]]


class Measure(msgspec.Struct, frozen=True):
    """A verb to measure: `wanted` is its limit in milliseconds, None for none; `times` is the number of repetitions."""

    name: str
    verb: Verb
    wanted: float | None = None
    times: int = 200


async def main(kind: str, blobs: int, buckets: int) -> None:
    log.configure("error", "console")
    schemas = Schemas(MemoryStore(schema_records.COLLECTIONS))
    await install(schemas)
    with temporary_folder() as folder:
        async with STORES[kind](Path(folder)) as measured:
            if measured.substitute:
                print(f"{measured.substitute} stands in for MongoDB: look at the plans, not at the times.")
            began = time.perf_counter()
            library = await fill(
                measured.store, measured.keep, blobs, buckets, lambda progress: print(f"  {progress}", flush=True)
            )
            await measured.settle()
            print(f"filled in {time.perf_counter() - began:.0f} s\n")
            await _print_measures(measured, library, schemas)


async def _print_measures(measured: MeasuredStore, library: SampleLibrary, schemas: Schemas) -> None:
    floor = await _spread(partial(_get_random_bucket, measured.store, library), 500)
    print(f"{'milliseconds':<52}{'p50':>8} {'p95':>8} {'p99':>8}   wanted   of the floor (p50)")
    print(f"{'the floor: a read by primary key':<52}{floor}")
    missed = []
    for measure in await _measures(State(measured.store, schemas), library):
        spread = await _spread(partial(measure.verb, State(measured.store, schemas)), measure.times)
        wanted = "      - " if measure.wanted is None else f"{measure.wanted:6.0f} ms"
        print(f"{measure.name:<52}{spread}   {wanted} {spread.p50 / floor.p50:7.1f}x", flush=True)
        if measure.wanted is not None and spread.p99 > measure.wanted:
            missed.append(measure)
    for measure in missed:
        print(f"\n{measure.name}: more than {measure.wanted:.0f} ms (p99). How its questions were answered:")
        plans = await measured.plans(partial(_run_on, measure.verb, schemas))
        print("\n".join(f"  {line}" for line in plans))


async def _run_on(verb: Verb, schemas: Schemas, store: Store) -> object:
    return await verb(State(store, schemas))


async def _measures(state: State, library: SampleLibrary) -> list[Measure]:
    cursors = await _cursors(state, library)
    there = itertools.cycle(reversed(library.places))

    async def trash_and_restore(state: State) -> None:
        await state.trash.trash_bucket(OWNER, library.moving)
        await state.trash.restore_bucket(OWNER, library.moving)

    def items(cursor: str | None) -> Verb:
        return lambda state: state.placements.list_items(OWNER, library.shelf, limit=PAGE_SIZE, cursor=cursor)

    in_shelf = f"{PAGE_SIZE} of {LARGE_BUCKET_BLOBS:,} in a bucket"
    return [
        Measure(f"items, {in_shelf}: first page", items(None), 10),
        Measure(f"items, {in_shelf}: middle", items(cursors[len(cursors) // 2]), 10),
        Measure(f"items, {in_shelf}: last page", items(cursors[-1]), 10),
        Measure(
            f"blobs, {in_shelf}", lambda state: state.blobs.list(OWNER, bucket_id=library.shelf, limit=PAGE_SIZE), 10
        ),
        Measure("a bucket", lambda state: state.buckets.get(OWNER, random.choice(library.buckets))),
        Measure(
            f"the bucket of {LARGE_BUCKET_BLOBS:,}", lambda state: state.buckets.get(OWNER, library.shelf), times=50
        ),
        Measure(f"tree of {TREE_BUCKETS:,} buckets", lambda state: state.buckets.tree(OWNER, library.tree), 20, 100),
        Measure(
            f"move of a subtree of {SUBTREE_BUCKETS:,}",
            lambda state: state.buckets.move(OWNER, library.moving, under=next(there)),
            10,
        ),
        Measure("places of a blob", lambda state: state.lineage.paths(OWNER, random.choice(library.blobs)), 10),
        Measure("a blob", lambda state: state.blobs.get(OWNER, random.choice(library.blobs))),
        Measure("blobs by a common schema", partial(_by_schema, "text-input-v1"), 10),
        Measure("blobs by a rare schema", partial(_by_schema, "pitch-v1"), 10),
        Measure("buckets by type", lambda state: state.buckets.list(OWNER, type="box", limit=PAGE_SIZE), 10),
        Measure("create a blob in a bucket", partial(_create, library)),
        Measure(f"trash and restore of a subtree of {SUBTREE_BUCKETS:,}", trash_and_restore, times=3),
    ]


async def _cursors(state: State, library: SampleLibrary) -> list[str]:
    """Returns cursors in the large bucket, in order; the last one is that of its last page."""
    found: list[str] = []
    cursor, limit = None, MAX_PAGE_SIZE
    while True:
        page = await state.placements.list_items(OWNER, library.shelf, limit=limit, cursor=cursor)
        if page.next_cursor is not None:
            cursor = page.next_cursor
            found.append(cursor)
        elif limit == PAGE_SIZE:
            return found
        else:
            limit = PAGE_SIZE


async def _get_random_bucket(store: Store, library: SampleLibrary) -> Any:
    return await store.get(BUCKETS, OWNER.user_id, random.choice(library.buckets))


async def _by_schema(schema_id: str, state: State) -> Any:
    return await state.blobs.list(OWNER, schema_id=schema_id, limit=PAGE_SIZE)


async def _create(library: SampleLibrary, state: State) -> Any:
    bucket_id = random.choice(library.buckets)
    new = NewBlob(schema_id="text-input-v1", data={"content": "one more"}, bucket_ids=(bucket_id,))
    return await state.blobs.create(OWNER, new)


async def _spread(verb: Callable[[], Awaitable[object]], times: int) -> Spread:
    """Runs a verb so many times, or as often as there is time for. Returns its latencies."""
    await verb()
    taken: list[float] = []
    until = time.perf_counter() + MAX_MEASURE_SECONDS
    while len(taken) < times and time.perf_counter() < until:
        began = time.perf_counter()
        await verb()
        taken.append((time.perf_counter() - began) * 1000)
    return Spread.of(taken)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--store", choices=[*STORES], default="postgres")
    options.add_argument(
        "--blobs", type=int, help="1,000,000 if not said; 30,000 where SecantusDB stands in for MongoDB"
    )
    options.add_argument("--buckets", type=int, help="100,000 if not said, or 15,000")
    options.add_argument("--quick", action="store_true", help="30,000 blobs and 15,000 buckets")
    chosen = options.parse_args()
    # What stands in for MongoDB would be filled for an hour.
    substitute = chosen.store == "mongo" and "REYNA_TEST_MONGO_URL" not in os.environ
    size = SIZES["quick" if chosen.quick or substitute else "full"]
    uvloop.run(main(chosen.store, chosen.blobs or size[0], chosen.buckets or size[1]))
