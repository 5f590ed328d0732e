"""`python -m bench.scale`: how long it takes to find, page, move and trash in a library of a million blobs."""

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

from bench.filling import OWNER, SHELF, SUBTREE, TREE, Library, fill
from bench.stores import Filled, a_folder, on_mongo, on_postgres
from bench.times import Spread
from reyna import log
from reyna.adapters.memory import MemoryStore
from reyna.domain.blob import NewBlob
from reyna.domain.page import MOST
from reyna.ports import Store
from reyna.schemas import records as schema_records
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from reyna.state.records import BUCKETS
from reyna.state.service import State

PAGE: Final = 50
LONGEST: Final = 5.0  # seconds for one measure
STORES: Final = {"postgres": on_postgres, "mongo": on_mongo}
SIZES: Final = {"full": (1_000_000, 100_000), "quick": (30_000, 15_000)}
Verb = Callable[[State], Awaitable[object]]


class Measure(msgspec.Struct, frozen=True):
    """`wanted` is milliseconds at most, None where nothing was promised; `times` it is taken."""

    name: str
    verb: Verb
    wanted: float | None = None
    times: int = 200


async def main(kind: str, blobs: int, buckets: int) -> None:
    log.configure("error", "console")
    schemas = Schemas(MemoryStore(schema_records.COLLECTIONS))
    await install(schemas)
    with a_folder() as folder:
        async with STORES[kind](Path(folder)) as filled:
            if filled.stands_in:
                print(
                    f"{filled.stands_in} stands in for MongoDB: its times are its own; the plans are what to look at."
                )
            began = time.perf_counter()
            library = await fill(filled.store, filled.keep, blobs, buckets, lambda told: print(f"  {told}", flush=True))
            await filled.settle()
            print(f"filled in {time.perf_counter() - began:.0f} s\n")
            await _measured(filled, library, schemas)


async def _measured(filled: Filled, library: Library, schemas: Schemas) -> None:
    floor = await _spread(partial(_a_get, filled.store, library), 500)
    print(f"{'milliseconds':<52}{'p50':>8} {'p95':>8} {'p99':>8}   wanted   of the floor (p50)")
    print(f"{'the floor: a read by primary key':<52}{floor}")
    missed = []
    for measure in await _measures(State(filled.store, schemas), library):
        spread = await _spread(partial(measure.verb, State(filled.store, schemas)), measure.times)
        wanted = "      - " if measure.wanted is None else f"{measure.wanted:6.0f} ms"
        print(f"{measure.name:<52}{spread}   {wanted} {spread.p50 / floor.p50:7.1f}x", flush=True)
        if measure.wanted is not None and spread.p99 > measure.wanted:
            missed.append(measure)
    for measure in missed:
        print(f"\n{measure.name}: more than {measure.wanted:.0f} ms (p99). How its questions were answered:")
        plans = await filled.plans(partial(_through, measure.verb, schemas))
        print("\n".join(f"  {line}" for line in plans))


async def _through(verb: Verb, schemas: Schemas, store: Store) -> object:
    return await verb(State(store, schemas))


async def _measures(state: State, library: Library) -> list[Measure]:
    cursors = await _cursors(state, library)
    there = itertools.cycle(reversed(library.places))

    async def trash_and_restore(state: State) -> None:
        await state.trash_bucket(OWNER, library.moving)
        await state.restore_bucket(OWNER, library.moving)

    def items(cursor: str | None) -> Verb:
        return lambda state: state.items(OWNER, library.shelf, limit=PAGE, cursor=cursor)

    in_shelf = f"{PAGE} of {SHELF:,} in a bucket"
    return [
        Measure(f"items, {in_shelf}: first page", items(None), 10),
        Measure(f"items, {in_shelf}: middle", items(cursors[len(cursors) // 2]), 10),
        Measure(f"items, {in_shelf}: last page", items(cursors[-1]), 10),
        Measure(f"blobs, {in_shelf}", lambda state: state.blobs(OWNER, bucket_id=library.shelf, limit=PAGE), 10),
        Measure("a bucket", lambda state: state.bucket(OWNER, random.choice(library.buckets))),
        Measure(f"the bucket of {SHELF:,}", lambda state: state.bucket(OWNER, library.shelf), times=50),
        Measure(f"tree of {TREE:,} buckets", lambda state: state.tree(OWNER, library.tree), 20, 100),
        Measure(
            f"move of a subtree of {SUBTREE:,}",
            lambda state: state.move_bucket(OWNER, library.moving, under=next(there)),
            10,
        ),
        Measure("places of a blob", lambda state: state.places(OWNER, random.choice(library.blobs)), 10),
        Measure("a blob", lambda state: state.blob(OWNER, random.choice(library.blobs))),
        Measure("blobs by a common schema", partial(_by_schema, "text-input-v1"), 10),
        Measure("blobs by a rare schema", partial(_by_schema, "pitch-v1"), 10),
        Measure("buckets by type", lambda state: state.buckets(OWNER, type="box", limit=PAGE), 10),
        Measure("create a blob in a bucket", partial(_create, library)),
        Measure(f"trash and restore of a subtree of {SUBTREE:,}", trash_and_restore, times=3),
    ]


async def _cursors(state: State, library: Library) -> list[str]:
    """Places in the bucket with much in it, in order; behind the last of them stands its last page."""
    found: list[str] = []
    cursor, limit = None, MOST
    while True:
        page = await state.items(OWNER, library.shelf, limit=limit, cursor=cursor)
        if page.next_cursor is not None:
            cursor = page.next_cursor
            found.append(cursor)
        elif limit == PAGE:
            return found
        else:
            limit = PAGE


async def _a_get(store: Store, library: Library) -> Any:
    return await store.get(BUCKETS, OWNER.user_id, random.choice(library.buckets))


async def _by_schema(schema_id: str, state: State) -> Any:
    return await state.blobs(OWNER, schema_id=schema_id, limit=PAGE)


async def _create(library: Library, state: State) -> Any:
    bucket_id = random.choice(library.buckets)
    new = NewBlob(schema_id="text-input-v1", data={"content": "one more"}, bucket_ids=(bucket_id,))
    return await state.create_blob(OWNER, new)


async def _spread(verb: Callable[[], Awaitable[object]], times: int) -> Spread:
    """So many times, or as often as there is time for."""
    await verb()
    taken: list[float] = []
    until = time.perf_counter() + LONGEST
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
    stands_in = chosen.store == "mongo" and "REYNA_TEST_MONGO_URL" not in os.environ
    size = SIZES["quick" if chosen.quick or stands_in else "full"]
    uvloop.run(main(chosen.store, chosen.blobs or size[0], chosen.buckets or size[1]))
