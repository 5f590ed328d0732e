"""What a writer may rely on about undo and redo."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.event import DECODER
from reyna.ports.store import Collection, Put, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BUCKETS, JOURNAL, PLACEMENTS, REVISIONS, TRASH, TREES
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.structure.test_buckets import names_in
from tests.support.times import FAR_FUTURE


async def shape_of(state: State, caller: Caller) -> object:
    """All the user sees of the structure, without the traces of how it came about."""
    buckets = (await state.buckets.list(caller, limit=200)).items
    return [(b.id, b.name, b.type, b.metadata, b.parent_bucket_id, [await _item(state, caller, b.id)]) for b in buckets]


async def _item(state: State, caller: Caller, bucket_id: str) -> list[tuple[str, str | None]]:
    items = (await state.placements.list_items(caller, bucket_id, limit=200)).items
    stands = [(item.bucket.id, None) if item.bucket else None for item in items]
    places = [(item.placement.blob_id, item.placement.label) if item.placement else None for item in items]
    return [known for one, other in zip(stands, places, strict=True) if (known := one or other)]


Acts = dict[str, Callable[[State, Caller, dict[str, str]], Awaitable[object]]]
ACTS: Acts = {
    "move_bucket": lambda state, ana, made: state.buckets.move(ana, made["one"], under=made["shelf"], after=None),
    "reorder": lambda state, ana, made: state.buckets.move(ana, made["two"], under=made["book"], after=None),
    "change_bucket": lambda state, ana, made: state.buckets.change(
        ana, made["one"], BucketChange(name="Uno", type="part", metadata={"a": [1, None]}, base_revision=1)
    ),
    "place_blob": lambda state, ana, made: state.placements.place(ana, made["two"], made["b"], label="x"),
    "place_again": lambda state, ana, made: state.placements.place(ana, made["one"], made["b"], after=None, label="y"),
    "take_out": lambda state, ana, made: state.placements.take_out(ana, made["one"], made["a"]),
    "trash_blob": lambda state, ana, made: state.trash.trash_blob(ana, made["a"]),
    "trash_bucket": lambda state, ana, made: state.trash.trash_bucket(ana, made["book"]),
    "restore_blob": lambda state, ana, made: state.trash.restore_blob(ana, made["gone"]),
    "restore_bucket": lambda state, ana, made: state.trash.restore_bucket(ana, made["old"]),
    "restore_elsewhere": lambda state, ana, made: state.trash.restore_bucket(ana, made["old"], under=made["two"]),
}


@pytest.fixture
async def made(state: State, anas: ContentBuilder, ana: Caller) -> dict[str, str]:
    """A shelf, and a book with two chapters and notes, and something in the trash: by name."""
    shelf, book = await anas.bucket("shelf"), await anas.bucket("book")
    one, two, old = [await anas.bucket(name, book.id) for name in ("one", "two", "old")]
    a, b, gone = [await anas.note(name, one.id) for name in ("a", "b", "gone")]
    await anas.note("within", old.id)
    await state.trash.trash_blob(ana, gone.id)
    await state.trash.trash_bucket(ana, old.id)
    ids = (shelf.id, book.id, one.id, two.id, old.id, a.id, b.id, gone.id)
    return dict(zip(("shelf", "book", "one", "two", "old", "a", "b", "gone"), ids, strict=True))


@pytest.mark.parametrize("act", ACTS)
async def test_every_change_of_structure_is_undone_and_done_again(
    state: State, ana: Caller, made: dict[str, str], act: str
) -> None:
    before = await shape_of(state, ana)
    await ACTS[act](state, ana, made)
    after = await shape_of(state, ana)
    assert after != before
    for _ in range(2):
        assert (await state.journal.undo(ana)).undone
        assert await shape_of(state, ana) == before
        assert not (await state.journal.redo(ana)).undone
        assert await shape_of(state, ana) == after
    with pytest.raises(Conflict):
        await state.journal.redo(ana)


async def test_a_new_bucket_goes_to_the_trash_when_it_is_undone_and_comes_back(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    bucket = await anas.bucket("new", metadata={"a": 1})
    entry = await state.journal.undo(ana)
    assert (entry.act, entry.bucket_id, entry.name) == ("create_bucket", bucket.id, "new")
    assert await shape_of(state, ana) == []
    assert [item.id for item in (await state.trash.list(ana)).items] == [bucket.id]
    await state.journal.redo(ana)
    assert (await state.buckets.get(ana, bucket.id)).metadata == {"a": 1}


async def test_everything_is_undone_one_by_one_and_done_again_in_the_same_order(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("note")
    shapes = [await shape_of(state, ana)]

    async def did(act: Awaitable[object]) -> None:
        await act
        shapes.append(await shape_of(state, ana))

    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    shapes = [await shape_of(state, ana)]
    await did(state.placements.place(ana, book.id, note.id))
    await did(state.buckets.move(ana, book.id, under=shelf.id))
    await did(state.trash.trash_bucket(ana, shelf.id))
    await did(state.trash.restore_blob(ana, note.id))
    await did(state.trash.restore_bucket(ana, shelf.id))
    await did(state.placements.take_out(ana, book.id, note.id))
    for shape in reversed(shapes[:-1]):
        await state.journal.undo(ana)
        assert await shape_of(state, ana) == shape
    for shape in shapes[1:]:
        await state.journal.redo(ana)
        assert await shape_of(state, ana) == shape


async def test_what_one_device_did_another_undoes_even_after_a_restart(
    store: Store, schemas: Schemas, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    await anas.state.buckets.change(ana, book.id, BucketChange(name="novel", base_revision=1))
    after_the_restart = State(store, schemas)
    await after_the_restart.journal.undo(ana)
    assert (await after_the_restart.buckets.get(ana, book.id)).name == "book"


async def test_something_new_ends_what_could_be_done_again(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("one")
    await state.buckets.change(ana, book.id, BucketChange(name="two", base_revision=1))
    await state.journal.undo(ana)
    shelf = await anas.bucket("shelf")
    with pytest.raises(Conflict):
        await state.journal.redo(ana)
    assert (await state.journal.undo(ana)).bucket_id == shelf.id
    assert (await state.journal.redo(ana)).bucket_id == shelf.id
    with pytest.raises(Conflict):
        await state.journal.redo(ana)
    assert (await state.buckets.get(ana, book.id)).name == "one"


async def test_there_is_nothing_to_undo_at_the_beginning(
    state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    await anas.bucket()
    for nothing in (state.journal.undo(bo), state.journal.redo(bo), state.journal.redo(ana)):
        with pytest.raises(Conflict):
            await nothing
    assert (await state.journal.list(bo)).items == ()


async def test_a_new_bucket_that_holds_a_note_by_now_is_not_taken_away(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note = await anas.note("written at once", book.id)
    with pytest.raises(Conflict) as refused:
        await state.journal.undo(ana)
    assert (refused.value.facts["blob_id"], refused.value.facts["bucket_id"]) == (note.id, book.id)
    assert await names_in(state, ana, book.id) == ["written at once"]
    assert not (await state.journal.list(ana)).items[0].undone
    assert await store.count(TRASH, ana.user_id) == 0


async def test_a_bucket_is_not_trashed_again_once_something_new_was_written_in_it(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    await anas.note("old", book.id)
    await state.trash.trash_bucket(ana, book.id)
    await state.journal.undo(ana)
    note = await anas.note("new", book.id)
    with pytest.raises(Conflict) as refused:
        await state.journal.redo(ana)
    assert refused.value.facts["blob_id"] == note.id
    assert await names_in(state, ana, book.id) == ["old", "new"]


async def test_undo_is_refused_with_what_stands_in_the_way(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    await state.buckets.change(ana, book.id, BucketChange(name="novel", base_revision=1))
    acts = await store.find(JOURNAL, ana.user_id, order=("number",))
    await state.buckets.change(ana, book.id, BucketChange(name="saga", base_revision=2))
    newest = (await store.find(JOURNAL, ana.user_id, order=("number",)))[-1]
    await _renumbered(store, newest.id, acts[0].number - 1)  # as if a slower clock had counted it
    with pytest.raises(Conflict) as refused:
        await state.journal.undo(ana)
    assert refused.value.facts["current"].name == "saga"


async def _renumbered(store: Store, id: str, number: int) -> None:
    act = await store.get(JOURNAL, "user-ana", id)
    assert act is not None
    await store.write(Put(JOURNAL, replace(act, number=number), expects=None))


async def test_the_journal_tells_newest_first_what_was_done_and_by_whom(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, note = await anas.bucket("book"), await anas.note("note")
    await state.placements.place(ana, book.id, note.id)
    await state.buckets.change(ana, book.id, BucketChange(name="novel", base_revision=1))
    await state.journal.undo(ana)
    first = await state.journal.list(ana, limit=2)
    second = await state.journal.list(ana, limit=2, cursor=first.next_cursor)
    assert [(entry.act, entry.undone) for entry in (*first.items, *second.items)] == [
        ("change_bucket", True),
        ("place_blob", False),
        ("create_bucket", False),
    ]
    placed = first.items[1]
    assert (placed.bucket_id, placed.blob_id, placed.by) == (book.id, note.id, ana.user_id)
    assert second.next_cursor is None


async def test_creating_a_note_writes_nothing_into_the_journal(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket()
    collections: list[Collection[Any]] = [JOURNAL, TREES, REVISIONS, TRASH]
    before = [await store.count(collection, ana.user_id) for collection in collections]
    await anas.note("note", book.id)
    assert [await store.count(collection, ana.user_id) for collection in collections] == before


async def test_undo_is_announced_like_the_act_it_does(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book, note = await anas.bucket("book"), await anas.note("note")
    await state.placements.place(ana, book.id, note.id)
    await state.buckets.change(ana, book.id, BucketChange(name="novel", base_revision=1))
    told = len(await store.list_unsent(before=FAR_FUTURE, limit=1000))
    for _ in range(3):
        await state.journal.undo(ana)
    for _ in range(3):
        await state.journal.redo(ana)
    messages = (await store.list_unsent(before=FAR_FUTURE, limit=1000))[told:]
    assert [DECODER.decode(message.body).type for message in messages] == [
        "bucket.updated",
        "bucket.blob.removed",
        "bucket.trashed",
        "bucket.restored",
        "bucket.blob.added",
        "bucket.updated",
    ]
    assert await store.count(BUCKETS, ana.user_id) == await store.count(PLACEMENTS, ana.user_id) == 1


async def test_what_changes_nothing_is_nothing_to_undo(state: State, anas: ContentBuilder, ana: Caller) -> None:
    book, note = await anas.bucket("book"), await anas.note("note")
    await state.placements.place(ana, book.id, note.id, label="x")
    await state.placements.place(ana, book.id, note.id, label="x")
    await state.buckets.change(ana, book.id, BucketChange(name="book", base_revision=1))
    assert (await state.journal.undo(ana)).act == "place_blob"
    assert (await state.buckets.get(ana, book.id)).blob_count == 0
