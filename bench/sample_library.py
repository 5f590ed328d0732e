"""A sample library of many users, written to a store as fast as it takes it."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any, Final, Protocol

import msgspec

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement, placement_id
from reyna.ports.store import Collection, Increment, Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS

OWNER: Final = Caller(user_id="user-much")
OTHERS: Final = tuple(Caller(user_id=f"user-{number}") for number in range(2, 10))
NUMBERS: Final = count(1_700_000_000_000_000)  # the order in which all of it was made
LARGE_BUCKET_BLOBS: Final = 10_000  # blobs in one bucket
TREE_BUCKETS: Final = 1_000  # buckets of the tree that is read
SUBTREE_BUCKETS: Final = 10_000  # buckets of the one that moves
BRANCHES: Final = 10
CONTENT: Final = ("The ship sailed into the storm, and nobody on board had slept since the harbour. " * 8)[:300]
SCHEMAS: Final = ("text-input-v1",) * 9 + ("pitch-v1",)  # one in ten is rare enough to be looked for
BATCH_RECORDS: Final = 20_000  # records made before they are handed over


class SampleLibrary(msgspec.Struct):
    """The ids that the measures use, all of them the owner's."""

    shelf: str = ""
    tree: str = ""
    moving: str = ""
    places: tuple[str, str] = ("", "")  # between which the subtree moves
    blobs: list[str] = []  # a sample
    buckets: list[str] = []


class BulkWriter(Protocol):
    """Writes records below the port of the store, without its guarantees, which makes it fast."""

    async def __call__(self, collection: Collection[Any], records: list[Any]) -> None: ...


def make_bucket(caller: Caller, name: str, under: str | None) -> Bucket:
    now, id = datetime.now(UTC), new_id("bucket")
    return Bucket(
        id=id,
        user_id=caller.user_id,
        name=name,
        type="box",
        parent_bucket_id=under,
        rank=rank.last(next(NUMBERS), id),
        created_at=now,
        updated_at=now,
    )


def make_blob(caller: Caller) -> Blob:
    now, user = datetime.now(UTC), caller.user_id
    return Blob(
        id=new_id("blob"),
        user_id=user,
        processor_id="user-input",
        schema_id=random.choice(SCHEMAS),
        schema_version="1.0.0",
        data={"content": CONTENT},
        size=len(CONTENT) + 14,
        created_by=user,
        changed_by=user,
        created_at=now,
        updated_at=now,
    )


def make_placement(blob: Blob, bucket_id: str) -> Placement:
    return Placement(
        id=placement_id(bucket_id, blob.id),
        user_id=blob.user_id,
        bucket_id=bucket_id,
        blob_id=blob.id,
        rank=rank.last(next(NUMBERS), blob.id),
        created_at=blob.created_at,
    )


def build_tree(caller: Caller, name: str, count: int) -> list[Bucket]:
    """Returns so many buckets as one tree with ten children for each."""
    made = [make_bucket(caller, name, None)]
    while len(made) < count:
        made.append(make_bucket(caller, f"{name} {len(made)}", made[(len(made) - 1) // BRANCHES].id))
    return made


async def fill(store: Store, keep: BulkWriter, blobs: int, buckets: int, tell: Callable[[str], None]) -> SampleLibrary:
    """Fills the store: half is the owner's, the rest belongs to the others, and each blob is in one bucket."""
    library = SampleLibrary()
    theirs = {OWNER: await _owner(keep, library, buckets // 2)}
    for caller in OTHERS:
        share = (buckets - buckets // 2) // len(OTHERS)
        theirs[caller] = await _write_all(keep, BUCKETS, iter(build_tree(caller, "Box", max(share, 1))))
    tell(f"{SUBTREE_BUCKETS + 3 + sum(map(len, theirs.values())):,} buckets are there")
    shelved = await _write_blobs(keep, (library.shelf for _ in range(min(LARGE_BUCKET_BLOBS, blobs))), OWNER)
    library.blobs = random.sample(shelved, min(500, len(shelved)))
    done = dict.fromkeys(theirs, 0) | {OWNER: len(shelved)}
    for caller, ids in theirs.items():
        share = blobs // 2 if caller is OWNER else (blobs - blobs // 2) // len(OTHERS)
        more = await _write_blobs(keep, (random.choice(ids) for _ in range(share - done[caller])), caller)
        done[caller] += len(more)
        if caller is OWNER:
            library.blobs += random.sample(more, min(500, len(more)))
        tell(f"{sum(done.values()):,} blobs are there")
    for caller, ids in theirs.items():
        await store.write(
            Increment(caller.user_id, "blobs", done[caller]),
            Increment(caller.user_id, "bytes", done[caller] * (len(CONTENT) + 14)),
            Increment(caller.user_id, "buckets", len(ids)),
        )
    return library


async def _owner(keep: BulkWriter, library: SampleLibrary, buckets: int) -> list[str]:
    """Writes the owner's buckets. Returns the ids of those that blobs may be placed in."""
    shelf, one, other = (make_bucket(OWNER, name, None) for name in ("Shelf", "One place", "Another place"))
    tree, moving = build_tree(OWNER, "Tree", TREE_BUCKETS), build_tree(OWNER, "Moving", SUBTREE_BUCKETS)
    moving[0] = msgspec.structs.replace(moving[0], parent_bucket_id=one.id)
    rest = build_tree(OWNER, "Box", max(1, buckets - len(tree) - len(moving) - 3))
    library.shelf, library.tree, library.moving, library.places = shelf.id, tree[0].id, moving[0].id, (one.id, other.id)
    await _write_all(keep, BUCKETS, iter([shelf, one, other, *moving]))
    ids = await _write_all(keep, BUCKETS, iter([*tree, *rest]))
    library.buckets = random.sample(ids, min(500, len(ids)))
    return ids


async def _write_blobs(keep: BulkWriter, into: Iterable[str], caller: Caller) -> list[str]:
    """Writes a new blob into each of these buckets. Returns their ids."""
    ids: list[str] = []
    rest = iter(into)
    while some := [*islice(rest, BATCH_RECORDS)]:
        made = [make_blob(caller) for _ in some]
        await keep(BLOBS, made)
        await keep(PLACEMENTS, [make_placement(blob, bucket_id) for blob, bucket_id in zip(made, some, strict=True)])
        ids += [blob.id for blob in made]
    return ids


async def _write_all(keep: BulkWriter, collection: Collection[Any], records: Iterator[Any]) -> list[str]:
    ids: list[str] = []
    while some := [*islice(records, BATCH_RECORDS)]:
        await keep(collection, some)
        ids += [record.id for record in some]
    return ids
