"""How a writer goes on when something stands in the way of undo."""

import pytest

from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Conflict
from reyna.ports.store import Store
from reyna.services.state.records import JOURNAL
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.history.test_journal import shape_of
from tests.services.state.structure.test_buckets import names_in


async def refused_for(state: State, caller: Caller) -> str:
    """The entry that cannot be undone as it is."""
    with pytest.raises(Conflict) as refused:
        await state.journal.undo(caller)
    entry: str = refused.value.facts["entry_id"]
    return entry


async def test_undone_anyway_a_bucket_takes_along_what_came_into_it(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    book = await anas.bucket("book", shelf.id)
    note, elsewhere = await anas.note("since", book.id), await anas.note("elsewhere", shelf.id, book.id)
    before = await shape_of(state, ana)
    with pytest.raises(CameInSince):
        await state.journal.undo(ana)
    entry = await state.journal.undo(ana, anyway=await refused_for(state, ana))
    assert (entry.bucket_id, entry.undone) == (book.id, True)
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None
    assert (await state.blobs.get(ana, elsewhere.id)).bucket_ids == (shelf.id,)
    assert [(item.id, item.blob_count) for item in (await state.trash.list(ana)).items] == [(book.id, 1)]
    await state.journal.redo(ana)
    assert await shape_of(state, ana) == before
    assert (await state.blobs.get(ana, note.id)).bucket_ids == (book.id,)


async def test_a_bucket_that_came_back_goes_again_with_what_came_into_it(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    old = await anas.note("old", book.id)
    await state.trash.trash_bucket(ana, book.id)
    await state.trash.restore_bucket(ana, book.id)
    new = await anas.note("new", book.id)
    await state.journal.undo(ana, anyway=await refused_for(state, ana))
    assert [(await state.blobs.get(ana, id)).trashed_at is not None for id in (old.id, new.id)] == [True, True]


async def test_what_is_passed_over_stays_and_what_is_older_can_be_undone(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    shelf = await anas.bucket("shelf")
    await state.buckets.change(ana, shelf.id, BucketChange(name="old shelf", base_revision=1))
    book = await anas.bucket("book", shelf.id)
    await anas.note("since", book.id)
    passed = await state.journal.undo(ana, skip=await refused_for(state, ana))
    assert (passed.bucket_id, passed.undone, passed.passed) == (book.id, False, True)
    assert await names_in(state, ana, book.id) == ["since"]
    await state.journal.undo(ana)
    assert (await state.buckets.get(ana, shelf.id)).name == "shelf"
    await state.journal.redo(ana)
    assert (await state.buckets.get(ana, shelf.id)).name == "old shelf"
    with pytest.raises(Conflict):
        await state.journal.redo(ana)
    assert await store.count(JOURNAL, ana.user_id, {"undone": 0}) == 1
    entries = (await state.journal.list(ana)).items
    assert [(entry.act, entry.undone, entry.passed) for entry in entries] == [
        ("create_bucket", False, True),
        ("change_bucket", False, False),
        ("create_bucket", False, False),
    ]


async def test_what_cannot_be_done_again_is_passed_over_too(state: State, anas: ContentBuilder, ana: Caller) -> None:
    one, two = await anas.bucket("one"), await anas.bucket("two")
    note = await anas.note("note", one.id)
    await state.placements.place(ana, two.id, note.id)
    await state.buckets.change(ana, one.id, BucketChange(name="uno", base_revision=1))
    await state.journal.undo(ana)
    await state.journal.undo(ana)
    with pytest.raises(Conflict, match="last one"):
        await state.journal.redo(ana, skip="act-nothing")
    first = (await state.journal.list(ana)).items[1]
    passed = await state.journal.redo(ana, skip=first.id)
    assert (passed.act, passed.undone, passed.passed) == ("place_blob", True, True)
    assert (await state.journal.redo(ana)).act == "change_bucket"
    assert (await state.buckets.get(ana, two.id)).blob_count == 0


async def test_only_the_act_that_was_named_is_passed_over(
    state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    book = await anas.bucket("book")
    await bos.bucket("his")
    (first,) = (await state.journal.list(ana)).items
    await state.buckets.change(ana, book.id, BucketChange(name="novel", base_revision=1))
    for who, id in ((ana, first.id), (ana, "act-nothing"), (bo, first.id)):
        for way in ("skip", "anyway"):
            with pytest.raises(Conflict):
                await state.journal.undo(who, **{way: id})
    assert [entry.passed or entry.undone for entry in (await state.journal.list(ana)).items] == [False, False]
