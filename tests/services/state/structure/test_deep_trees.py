"""Buckets nested ten thousand deep, and ten thousand side by side, on every store: every verb still does its work."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Final

import pytest

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket, Node
from reyna.domain.caller import Caller
from reyna.domain.errors import WouldContainItself
from reyna.domain.ids import new_id
from reyna.ports.store import Put, Store
from reyna.services.state.records import BUCKETS
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder

TOGETHER: Final = 500  # records in one write
LEVELS: Final = 100  # of a tree, in one answer
DEEP: Final = {
    "memory": 10_000,
    "postgres": 10_000,
    # A write of 10,000 records takes half a minute on the server that stands in for MongoDB.
    "mongo": 10_000 if os.environ.get("REYNA_TEST_MONGO_URL") else 500,
}


@pytest.fixture(params=DEEP)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def store(request: pytest.FixtureRequest, kind: str) -> Store:
    found: Store = request.getfixturevalue(f"{kind}_store")
    return found


@pytest.fixture
def many(kind: str) -> int:
    return DEEP[kind]


NUMBERS: Final = count(1_700_000_000_000_000)


def a_bucket(number: int, under: str | None) -> Bucket:
    now = datetime.now(UTC)
    return Bucket(
        id=new_id("bucket"),
        user_id="user-ana",
        name=str(number),
        type="box",
        parent_bucket_id=under,
        rank=rank.last(next(NUMBERS), "bucket-x"),
        created_at=now,
        updated_at=now,
    )


async def kept(store: Store, buckets: list[Bucket]) -> list[Bucket]:
    for at in range(0, len(buckets), TOGETHER):
        await store.write(*(Put(BUCKETS, bucket) for bucket in buckets[at : at + TOGETHER]))
    return buckets


@pytest.fixture
async def chain(store: Store, many: int) -> list[Bucket]:
    """Each in the one before it."""
    buckets = [a_bucket(0, None)]
    while len(buckets) < many:
        buckets.append(a_bucket(len(buckets), buckets[-1].id))
    return await kept(store, buckets)


@pytest.fixture
async def note(anas: ContentBuilder, chain: list[Bucket]) -> Blob:
    """In the deepest bucket."""
    return await anas.note("at the bottom", chain[-1].id)


def downward(tree: Node) -> Iterator[Node]:
    """A tree without branches, from its root to where its answer ends."""
    yield tree
    while tree.children:
        (tree,) = tree.children
        yield tree


async def all_of(state: State, caller: Caller, id: str) -> list[str]:
    """The names in a tree without branches, as a client reads it that goes on where an answer ends."""
    names: list[str] = []
    while True:
        *above, last = downward(await state.buckets.tree(caller, id))
        names += [node.name for node in above]
        if not last.child_count:
            return [*names, last.name]
        assert len(above) == LEVELS
        id = last.id


def names(buckets: list[Bucket]) -> list[str]:
    return [bucket.name for bucket in buckets]


async def test_a_tree_is_read_to_its_end_a_hundred_levels_at_a_time(
    state: State, ana: Caller, chain: list[Bucket]
) -> None:
    assert await all_of(state, ana, chain[0].id) == names(chain)


async def test_the_place_of_a_note_names_every_bucket_above_it(
    state: State, ana: Caller, chain: list[Bucket], note: Blob
) -> None:
    (path,) = (await state.lineage.paths(ana, note.id)).items
    assert [bucket.name for bucket in path] == names(chain)
    assert set(await state.buckets.containing(ana, [chain[-1].id])) == {bucket.id for bucket in chain}


async def test_the_lower_half_moves_and_comes_back_by_undo(
    state: State, ana: Caller, anas: ContentBuilder, chain: list[Bucket], note: Blob
) -> None:
    shelf, middle = await anas.bucket("shelf"), len(chain) // 2
    await state.buckets.move(ana, chain[middle].id, under=shelf.id)
    (path,) = (await state.lineage.paths(ana, note.id)).items
    assert [bucket.name for bucket in path] == ["shelf", *names(chain[middle:])]
    await state.journal.undo(ana)
    (path,) = (await state.lineage.paths(ana, note.id)).items
    assert [bucket.name for bucket in path] == names(chain)


async def test_the_highest_does_not_go_into_the_deepest(state: State, ana: Caller, chain: list[Bucket]) -> None:
    with pytest.raises(WouldContainItself):
        await state.buckets.move(ana, chain[0].id, under=chain[-1].id)


async def test_all_of_it_goes_to_the_trash_as_one_and_comes_back(
    state: State, ana: Caller, chain: list[Bucket], note: Blob
) -> None:
    await state.trash.trash_bucket(ana, chain[0].id)
    (trashed,) = (await state.trash.list(ana)).items
    assert (trashed.bucket_count, trashed.blob_count) == (len(chain), 1)
    await state.trash.restore_bucket(ana, chain[0].id)
    assert (await state.trash.list(ana)).items == ()
    (path,) = (await state.lineage.paths(ana, note.id)).items
    assert [bucket.name for bucket in path] == names(chain)


async def test_trashing_all_of_it_is_undone_and_done_again(
    state: State, ana: Caller, chain: list[Bucket], note: Blob
) -> None:
    await state.trash.trash_bucket(ana, chain[0].id)
    await state.journal.undo(ana)
    assert len((await state.lineage.paths(ana, note.id)).items[0]) == len(chain)
    await state.journal.redo(ana)
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None


async def test_ten_thousand_side_by_side_are_counted_listed_and_paged_in_order(
    state: State, store: Store, anas: ContentBuilder, ana: Caller, many: int
) -> None:
    shelf = await anas.bucket("shelf")
    side_by_side = await kept(store, [a_bucket(number, shelf.id) for number in range(many)])
    described = await state.buckets.get(ana, shelf.id)
    assert described.child_count == many
    assert described.child_bucket_ids == tuple(bucket.id for bucket in side_by_side[:1000])
    assert [child.name for child in (await state.buckets.tree(ana, shelf.id)).children] == names(side_by_side)
    page = await state.placements.list_items(ana, shelf.id, limit=200)
    middle = await state.placements.list_items(ana, shelf.id, limit=200, cursor=page.next_cursor)
    assert [item.bucket.name for item in middle.items if item.bucket] == names(side_by_side[200:400])
