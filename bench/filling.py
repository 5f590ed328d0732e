"""A library for many, made up and put into a store as fast as it takes it."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Protocol

import msgspec

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.ids import new_id
from reyna.domain.placement import Placement, placement_id
from reyna.ports import Add, Collection, Store
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS

OWNER: Final = Caller(user_id="user-much")
OTHERS: Final = tuple(Caller(user_id=f"user-{number}") for number in range(2, 10))
SHELF: Final = 10_000  # blobs in one bucket
TREE: Final = 1_000  # buckets of the tree that is read
SUBTREE: Final = 10_000  # buckets of the one that moves
BRANCHES: Final = 10
CONTENT: Final = ("The ship sailed into the storm, and nobody on board had slept since the harbour. " * 8)[:300]
SCHEMAS: Final = ("text-input-v1",) * 9 + ("pitch-v1",)  # one in ten is rare enough to be looked for
BATCH: Final = 20_000  # records made before they are handed over


class Library(msgspec.Struct):
    """What the measures ask for, all of it the owner's."""

    shelf: str = ""
    tree: str = ""
    moving: str = ""
    places: tuple[str, str] = ("", "")  # between which the subtree moves
    blobs: list[str] = []  # a sample
    buckets: list[str] = []


class Keeps(Protocol):
    """Puts records into a store past its promises, which is what makes it fast."""

    async def __call__(self, collection: Collection[Any], records: list[Any]) -> None: ...


def a_bucket(caller: Caller, name: str, under: str | None) -> Bucket:
    now = datetime.now(UTC)
    return Bucket(
        id=new_id("bucket"),
        user_id=caller.user_id,
        name=name,
        type="box",
        parent_bucket_id=under,
        rank=rank.last(),
        created_at=now,
        updated_at=now,
    )


def a_blob(caller: Caller) -> Blob:
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


def a_place(blob: Blob, bucket_id: str) -> Placement:
    return Placement(
        id=placement_id(bucket_id, blob.id),
        user_id=blob.user_id,
        bucket_id=bucket_id,
        blob_id=blob.id,
        rank=rank.last(),
        created_at=blob.created_at,
    )


def grown(caller: Caller, name: str, count: int) -> list[Bucket]:
    """So many buckets as one tree, in which each has ten children until there are enough."""
    made = [a_bucket(caller, name, None)]
    while len(made) < count:
        made.append(a_bucket(caller, f"{name} {len(made)}", made[(len(made) - 1) // BRANCHES].id))
    return made


async def fill(store: Store, keep: Keeps, blobs: int, buckets: int, tell: Callable[[str], None]) -> Library:
    """Half of it is the owner's, the rest belongs to the others; each blob stands in one bucket."""
    library = Library()
    theirs = {OWNER: await _owner(keep, library, buckets // 2)}
    for caller in OTHERS:
        share = (buckets - buckets // 2) // len(OTHERS)
        theirs[caller] = await _kept(keep, BUCKETS, iter(grown(caller, "Box", max(share, 1))))
    tell(f"{SUBTREE + 3 + sum(map(len, theirs.values())):,} buckets are there")
    shelved = await _placed(keep, (library.shelf for _ in range(min(SHELF, blobs))), OWNER)
    library.blobs = random.sample(shelved, min(500, len(shelved)))
    done = dict.fromkeys(theirs, 0) | {OWNER: len(shelved)}
    for caller, ids in theirs.items():
        share = blobs // 2 if caller is OWNER else (blobs - blobs // 2) // len(OTHERS)
        more = await _placed(keep, (random.choice(ids) for _ in range(share - done[caller])), caller)
        done[caller] += len(more)
        if caller is OWNER:
            library.blobs += random.sample(more, min(500, len(more)))
        tell(f"{sum(done.values()):,} blobs are there")
    for caller, ids in theirs.items():
        await store.write(
            Add(caller.user_id, "blobs", done[caller]),
            Add(caller.user_id, "bytes", done[caller] * (len(CONTENT) + 14)),
            Add(caller.user_id, "buckets", len(ids)),
        )
    return library


async def _owner(keep: Keeps, library: Library, buckets: int) -> list[str]:
    """The owner's buckets; returned are those in which blobs may be put."""
    shelf, one, other = (a_bucket(OWNER, name, None) for name in ("Shelf", "One place", "Another place"))
    tree, moving = grown(OWNER, "Tree", TREE), grown(OWNER, "Moving", SUBTREE)
    moving[0] = msgspec.structs.replace(moving[0], parent_bucket_id=one.id)
    rest = grown(OWNER, "Box", max(1, buckets - len(tree) - len(moving) - 3))
    library.shelf, library.tree, library.moving, library.places = shelf.id, tree[0].id, moving[0].id, (one.id, other.id)
    await _kept(keep, BUCKETS, iter([shelf, one, other, *moving]))
    ids = await _kept(keep, BUCKETS, iter([*tree, *rest]))
    library.buckets = random.sample(ids, min(500, len(ids)))
    return ids


async def _placed(keep: Keeps, into: Iterable[str], caller: Caller) -> list[str]:
    """A new blob in each of these buckets; their ids."""
    ids: list[str] = []
    rest = iter(into)
    while some := [*islice(rest, BATCH)]:
        made = [a_blob(caller) for _ in some]
        await keep(BLOBS, made)
        await keep(PLACEMENTS, [a_place(blob, bucket_id) for blob, bucket_id in zip(made, some, strict=True)])
        ids += [blob.id for blob in made]
    return ids


async def _kept(keep: Keeps, collection: Collection[Any], records: Iterator[Any]) -> list[str]:
    ids: list[str] = []
    while some := [*islice(records, BATCH)]:
        await keep(collection, some)
        ids += [record.id for record in some]
    return ids
