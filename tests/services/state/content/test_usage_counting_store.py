"""What counts as a stored blob in the use of a schema: each new one that is really there, once."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound, TooMuch
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS
from reyna.services.state.service import State
from tests.services.state.bulk.test_bulk import NOTE, bulk
from tests.services.state.conftest import ContentBuilder
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.legacy_import.test_legacy_import import a_line, brought_in
from tests.services.state.upgrades.test_upgrades import asked, letter, letters, worked_off

__all__ = ["letters"]
NEW = NewBlob(schema_id="text-input-v1", data={"content": "note"})
NOWHERE = NOTE | {"bucket_ids": ["bucket-nowhere"]}


def stored(state: State) -> dict[str, int]:
    """How many blobs were counted since this was last asked, by schema."""
    return {use.schema_id: use.counted.blobs for use in state.schema_cache.counts.take() if use.counted.blobs}


async def test_a_bulk_that_is_refused_counts_nothing(store: Store, state: State, ana: Caller) -> None:
    with pytest.raises(NotFound):
        await state.bulk.apply(ana, bulk(NOTE, NOTE, NOWHERE))
    assert (stored(state), await store.count(BLOBS, ana.user_id)) == ({}, 0)


async def test_a_bulk_counts_what_it_stores_and_nothing_that_it_leaves_out(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    await anas.note("one", shelf.id)
    stored(state)
    change = {"action": "update_blob", "blob_id": "$note", "data": {"content": "better"}, "base_revision": 1}
    copy = {"action": "copy_bucket", "bucket_id": shelf.id, "deep": True}
    trash = {"action": "trash_blob", "blob_id": "$note"}
    await state.bulk.apply(ana, bulk(NOTE | {"as": "note"}, NOWHERE, change, copy, trash, NOTE, atomic=False))
    assert stored(state) == {"text-input-v1": 3}
    assert await store.count(BLOBS, ana.user_id) == 4


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_bulk_that_somebody_came_in_between_counts_what_it_stores_in_the_end(
    schemas: Schemas, ana: Caller, atomic: bool
) -> None:
    store = InterleavedStore()
    state, other = State(store, schemas), State(store, schemas)
    shelf = await other.buckets.create(ana, NewBucket(name="shelf", type="scene"))
    store.meanwhile(BLOBS.name, lambda: other.trash.trash_bucket(ana, shelf.id))
    many = bulk(NOTE, NOTE | {"bucket_ids": [shelf.id]}, atomic=atomic)
    if atomic:
        with pytest.raises(NotFound):
            await state.bulk.apply(ana, many)
    else:
        await state.bulk.apply(ana, many)
    assert await store.count(BLOBS, ana.user_id) == (0 if atomic else 1)
    assert stored(state) == ({} if atomic else {"text-input-v1": 1})


async def test_the_same_bulk_sent_again_counts_once(store: Store, state: State, ana: Caller) -> None:
    for _ in range(2):
        await state.bulk.apply(ana, bulk(NOTE, NOTE), key="many")
    assert stored(state) == {"text-input-v1": await store.count(BLOBS, ana.user_id)} == {"text-input-v1": 2}


async def test_what_is_created_by_the_same_key_or_for_the_same_run_counts_once(
    store: Store, state: State, ana: Caller
) -> None:
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="p", run_id="run-1")
    for _ in range(3):
        await state.blobs.create(ana, NEW, key="once")
    made = replace(NEW, processor_id="p")
    await asyncio.gather(*(state.blobs.create(worker, made, id="blob-derived") for _ in range(3)))
    assert stored(state) == {"text-input-v1": await store.count(BLOBS, ana.user_id)} == {"text-input-v1": 2}


async def test_what_is_refused_counts_nothing(store: Store, schemas: Schemas, ana: Caller) -> None:
    state = State(store, schemas, allowed={"blobs": 1})
    with pytest.raises(Invalid):
        await state.blobs.create(ana, replace(NEW, data={"content": 3}))
    for missing in ({"bucket_ids": ("bucket-nowhere",)}, {"parent_id": "blob-nowhere"}):
        with pytest.raises(NotFound):
            await state.blobs.create(ana, replace(NEW, **missing))
    await state.blobs.create(ana, NEW)
    with pytest.raises(TooMuch):
        await state.blobs.create(ana, NEW)
    assert stored(state) == {"text-input-v1": 1}


async def test_a_deep_copy_counts_its_new_blobs_and_a_shallow_one_none(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    for text in ("one", "two"):
        await anas.note(text, shelf.id)
    assert stored(state) == {"text-input-v1": 2}
    await state.copies.copy_bucket(ana, shelf.id)
    assert stored(state) == {}
    for _ in range(2):
        await state.copies.copy_bucket(ana, shelf.id, deep=True, key="one copy")
    assert stored(state) == {"text-input-v1": 2}
    await state.journal.undo(ana)
    await state.journal.redo(ana)
    assert stored(state) == {}


async def test_what_is_brought_in_counts_once_and_a_dry_run_not_at_all(store: Store, state: State, ana: Caller) -> None:
    lines: list[Any] = [a_line(str(number), book_id="1") for number in range(3)]
    await brought_in(state, ana, *lines, dry=True)
    assert stored(state) == {}
    await asyncio.gather(*(brought_in(state, ana, *lines) for _ in range(2)))
    assert stored(state) == {"text-input-v1": await store.count(BLOBS, ana.user_id)} == {"text-input-v1": 3}


async def test_later_revisions_of_a_blob_count_no_more(letters: Schemas, store: Store, ana: Caller) -> None:
    state = State(store, letters)
    one, two = [await letter(state, ana) for _ in range(2)]
    assert stored(state) == {"letter-v1": 2}
    await state.blobs.change(ana, one.id, BlobChange(data={"text": "Dear all"}, base_revision=1))
    await state.trash.restore_blob(ana, one.id, revision=1)
    await state.trash.trash_blob(ana, two.id)
    await state.trash.restore_blob(ana, two.id)
    await state.upgrades.upgrade_blob(ana, two.id, 2)
    await worked_off(state, ana, await asked(state, ana))
    assert stored(state) == {}
    await state.blobs.create(ana, NewBlob(schema_id="letter-v2", data={"body": "Dear Bo"}))
    assert stored(state) == {"letter-v2": 1}
