"""Whatever is wrong with what a user has is found and named, and nothing is where all is well."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.blob import BlobChange
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Forbidden
from reyna.domain.placement import placement_id
from reyna.ports.store import Delete, Increment, Put, Store
from reyna.services.state.integrity import rules as examined
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS, TRASH
from reyna.services.state.service import State
from reyna.services.state.trash.purging import purge_all
from tests.services.state.conftest import ContentBuilder
from tests.services.state.test_quota import used

NOW = datetime.now(UTC)


@pytest.fixture
def examiner(ana: Caller) -> Caller:
    """The house, behind ana's wall."""
    return Caller(user_id=ana.user_id, kind="house")


async def broken(state: State, examiner: Caller) -> dict[str, tuple[str, ...]]:
    return {finding.rule: finding.ids for finding in await state.integrity.examine(examiner)}


async def put_back(store: Store, collection: Any, record: Any, **changes: Any) -> None:
    """As no verb would leave it."""
    await store.write(Put(collection, replace(record, **changes), expects=None))


async def stored(store: Store, id: str) -> Bucket:
    bucket = await store.get(BUCKETS, "user-ana", id)
    assert bucket is not None
    return bucket


async def test_all_is_well_with_what_was_made_moved_trashed_restored_undone_and_purged(
    state: State, anas: ContentBuilder, examiner: Caller
) -> None:
    caller = anas.caller
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    chapter = await anas.bucket("chapter", book.id)
    scene = await anas.bucket("scene", chapter.id)
    both = await anas.note("in both", chapter.id, shelf.id)
    note = await anas.note("in one", scene.id)
    await anas.note("derived", scene.id, parent_id=both.id)
    await state.trash.trash_bucket(caller, scene.id)
    await state.trash.trash_bucket(caller, book.id)
    await state.journal.undo(caller)
    await state.buckets.move(caller, chapter.id, under=shelf.id)
    await state.trash.trash_blob(caller, both.id)
    await state.trash.trash_bucket(caller, shelf.id)
    await state.trash.restore_blob(caller, both.id)
    assert await broken(state, examiner) == {}
    await state.trash.restore_bucket(caller, shelf.id)
    await state.copies.copy_bucket(caller, shelf.id, deep=True)
    await state.trash.trash_bucket(caller, chapter.id)
    await purge_all(state.purging, caller)
    assert await state.integrity.examine(examiner) == ()
    assert note.id not in [blob.id for blob in (await state.blobs.list(caller)).items]


async def test_a_sum_that_is_wrong_is_named_and_recounted(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    note = await anas.note()
    await anas.bucket()
    await store.write(
        Increment(ana.user_id, "blobs", 2), Increment(ana.user_id, "bytes", -1), Increment(ana.user_id, "buckets", 4)
    )
    size = f"bytes: {note.size - 1} instead of {note.size}"
    sums = ("blobs: 3 instead of 1", size, "buckets: 5 instead of 1")
    assert await broken(state, examiner) == {"sums": sums}
    assert await state.integrity.recount(examiner)
    assert await used(state, ana) == {"blobs": 1, "bytes": note.size, "buckets": 1}
    assert await broken(state, examiner) == {}
    assert not await state.integrity.recount(examiner)


async def test_places_without_their_blob_or_bucket_are_named(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    chapter, other = await anas.bucket(), await anas.bucket()
    note, gone = await anas.note("stays", chapter.id, other.id), await anas.note("goes", chapter.id)
    await store.write(Delete(BLOBS, ana.user_id, gone.id), Delete(BUCKETS, ana.user_id, other.id))
    await state.integrity.recount(examiner)
    assert await broken(state, examiner) == {
        "placed_nothing": (placement_id(chapter.id, gone.id),),
        "placed_nowhere": (placement_id(other.id, note.id),),
    }


async def test_a_bucket_without_its_parent_is_named(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    book = await anas.bucket("book")
    chapter = await anas.bucket("chapter", book.id)
    await store.write(Delete(BUCKETS, ana.user_id, book.id))
    await state.integrity.recount(examiner)
    assert await broken(state, examiner) == {"orphans": (chapter.id,)}


async def test_buckets_that_contain_each_other_are_named_once(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller
) -> None:
    book = await anas.bucket("book")
    part = await anas.bucket("part", book.id)
    chapter = await anas.bucket("chapter", part.id)
    await anas.bucket("scene", chapter.id)
    await put_back(store, BUCKETS, await stored(store, book.id), parent_bucket_id=chapter.id)
    (finding,) = await state.integrity.examine(examiner)
    assert (finding.rule, finding.count) == ("loops", 1)
    assert finding.ids[0] in {book.id, part.id, chapter.id}


async def test_what_is_out_of_the_trash_inside_what_is_in_it_is_named(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller
) -> None:
    book = await anas.bucket("book")
    chapter = await anas.bucket("chapter", book.id)
    note = await anas.note("note", chapter.id)
    place = await store.get(PLACEMENTS, anas.caller.user_id, placement_id(chapter.id, note.id))
    before = await stored(store, chapter.id)
    await state.trash.trash_bucket(anas.caller, book.id)
    await put_back(store, BUCKETS, before)
    await put_back(store, PLACEMENTS, place)
    assert await broken(state, examiner) == {
        "live_in_trash": (chapter.id,),
        "placed_in_trash": (placement_id(chapter.id, note.id),),
    }


async def test_acts_of_trashing_and_what_they_trashed_belong_together(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    left, emptied = await anas.note("left"), await anas.note("emptied")
    units = {note.id: (await state.trash.trash_blob(ana, note.id)).trash_id for note in (left, emptied)}
    blob = await store.get(BLOBS, ana.user_id, emptied.id)
    await put_back(store, BLOBS, blob, trash_id=None, trashed_at=None)
    await store.write(Delete(TRASH, ana.user_id, units[left.id] or ""))
    assert await broken(state, examiner) == {"no_unit": (left.id,), "empty_units": (units[emptied.id],)}


async def test_what_outlives_its_blob_is_named_and_does_no_harm(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    source = await anas.note("source")
    derived = await anas.note("derived", parent_id=source.id)
    await state.blobs.change(ana, source.id, BlobChange(data={"content": "changed"}, base_revision=1))
    await store.write(Delete(BLOBS, ana.user_id, source.id))
    await state.integrity.recount(examiner)
    assert await broken(state, examiner) == {"lost_revisions": (f"{source.id}:1",), "parents_gone": (derived.id,)}
    assert all(examined.RULES[rule].harmless for rule in await broken(state, examiner))


async def test_much_that_is_wrong_is_counted_whole_and_named_in_part(
    state: State, store: Store, anas: ContentBuilder, examiner: Caller, ana: Caller
) -> None:
    book = await anas.bucket("book")
    for number in range(examined.MAX_NAMED_IDS + 3):
        await anas.bucket(f"chapter {number}", book.id)
    await store.write(Delete(BUCKETS, ana.user_id, book.id))
    await state.integrity.recount(examiner)
    (finding,) = await state.integrity.examine(examiner)
    assert (finding.rule, finding.count, len(finding.ids)) == (
        "orphans",
        examined.MAX_NAMED_IDS + 3,
        examined.MAX_NAMED_IDS,
    )


async def test_nobody_but_the_house_may_look(
    state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller
) -> None:
    await anas.note()
    await bos.note()
    for ask in (state.integrity.examine, state.integrity.recount, state.integrity.list_users):
        with pytest.raises(Forbidden):
            await ask(ana)
    assert await state.integrity.list_users(system_caller()) == ["user-ana", "user-bo"]
    assert await state.integrity.list_users(system_caller(), after="user-ana") == ["user-bo"]


def test_loops_are_found_wherever_the_way_to_them_begins() -> None:
    parents = {"a": "b", "b": "c", "c": "a", "into": "a", "root": None, "child": "root", "self": "self", "lost": "gone"}
    found = list(examined.loops(parents))
    assert len(found) == 2
    assert "self" in found
    assert {"a", "b", "c"} & set(found)
    assert list(examined.loops(dict(reversed(parents.items())))) != []
