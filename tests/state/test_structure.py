"""What a writer may rely on about buckets and places."""

import asyncio
import random
from collections.abc import Iterable

import pytest

from reyna.domain.bucket import BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound, StaleRevision, WouldContainItself
from reyna.state.placements import Item
from reyna.state.service import State
from tests.state.conftest import Made


async def names_in(state: State, caller: Caller, bucket_id: str) -> list[str]:
    return named((await state.items(caller, bucket_id, limit=200)).items)


def named(items: Iterable[Item]) -> list[str]:
    """Buckets by their name, notes by what is in them."""
    return [_name(item) for item in items]


def _name(item: Item) -> str:
    if item.bucket is not None:
        return item.bucket.name
    assert item.blob is not None
    return str(item.blob.data["content"])


async def test_buckets_nest_and_know_what_stands_in_them(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("My Novel")
    part = await anas.bucket("Part 1", book.id)
    note = await anas.note("x", part.id, book.id)
    read = await state.bucket(ana, book.id)
    assert (read.child_bucket_ids, read.blob_ids) == ((part.id,), (note.id,))
    assert (read.child_count, read.blob_count) == (1, 1)


@pytest.mark.parametrize(
    ("name", "type", "path"),
    [
        ("", "book", "/name"),
        ("   ", "book", "/name"),
        ("x" * 201, "book", "/name"),
        ("a\nb", "book", "/name"),
        ("ok", "a book", "/type"),
        ("ok", "book.*", "/type"),
        ("ok", "book>", "/type"),
        ("ok", "Book", "/type"),
        ("ok", "", "/type"),
        ("ok", "x" * 65, "/type"),
    ],
)
async def test_bad_names_and_types_are_refused_by_field(
    state: State, ana: Caller, name: str, type: str, path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await state.create_bucket(ana, NewBucket(name=name, type=type))
    assert refused.value.errors[0].path == path


async def test_metadata_is_checked_where_the_type_has_a_schema(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await state.create_bucket(ana, NewBucket(name="B", type="book", metadata={"target_words": "many"}))
    assert refused.value.errors[0].path == "/metadata/target_words"
    await state.create_bucket(ana, NewBucket(name="B", type="dream", metadata={"target_words": "many"}))


async def test_a_tree_holds_everything_below_in_order(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    one, two = await anas.bucket("one", book.id), await anas.bucket("two", book.id)
    zero = await anas.bucket("zero", book.id, after=None)
    middle = await anas.bucket("middle", book.id, after=one.id)
    await anas.bucket("deep", two.id)
    tree = await state.tree(ana, book.id)
    assert [child.name for child in tree.children] == ["zero", "one", "middle", "two"]
    assert [child.name for child in tree.children[3].children] == ["deep"]
    shallow = await state.tree(ana, book.id, depth=1)
    assert [(child.child_count, child.children) for child in shallow.children][3] == (1, ())
    assert {zero.parent_bucket_id, middle.parent_bucket_id} == {book.id}
    assert [root.id for root in (await state.forest(ana)).items] == [book.id]


async def test_a_chapter_takes_its_blobs_along_when_it_moves(state: State, anas: Made, ana: Caller) -> None:
    one, two = await anas.bucket("Part 1"), await anas.bucket("Part 2")
    chapter = await anas.bucket("Chapter", one.id)
    note = await anas.note("x", chapter.id)
    moved = await state.move_bucket(ana, chapter.id, under=two.id)
    assert (moved.parent_bucket_id, moved.blob_ids) == (two.id, (note.id,))
    assert await state.containing(ana, [chapter.id]) == [chapter.id, two.id]


async def test_a_bucket_never_moves_into_itself_or_below_itself(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    part = await anas.bucket("part", book.id)
    chapter = await anas.bucket("chapter", part.id)
    for target in (book.id, part.id, chapter.id):
        with pytest.raises(WouldContainItself):
            await state.move_bucket(ana, book.id, under=target)
    assert (await state.bucket(ana, book.id)).parent_bucket_id is None


async def test_buckets_move_among_their_siblings(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    one, two, three = [await anas.bucket(name, book.id) for name in ("1", "2", "3")]
    await state.move_bucket(ana, three.id, under=book.id, after=None)
    assert await names_in(state, ana, book.id) == ["3", "1", "2"]
    await state.move_bucket(ana, three.id, under=book.id, after=one.id)
    assert await names_in(state, ana, book.id) == ["1", "3", "2"]
    await state.move_bucket(ana, one.id, under=book.id)
    assert await names_in(state, ana, book.id) == ["3", "2", "1"]
    with pytest.raises(NotFound):
        await state.move_bucket(ana, two.id, under=None, after=one.id)


async def test_many_moves_at_once_never_make_a_loop(state: State, anas: Made, ana: Caller) -> None:
    buckets = [await anas.bucket(str(number)) for number in range(6)]
    dice = random.Random(7)

    async def move() -> None:
        child, parent = dice.sample(buckets, 2)
        try:
            await state.move_bucket(ana, child.id, under=parent.id)
        except WouldContainItself:
            return

    for _ in range(10):
        await asyncio.gather(*(move() for _ in range(8)))
    for bucket in buckets:
        above = await state.containing(ana, [bucket.id])
        top = await state.bucket(ana, above[-1])
        assert top.parent_bucket_id is None


async def test_a_rename_on_an_old_revision_is_a_conflict_that_shows_the_present(
    state: State, anas: Made, ana: Caller
) -> None:
    bucket = await anas.bucket("one")
    await state.change_bucket(ana, bucket.id, BucketChange(name="two", base_revision=1))
    with pytest.raises(StaleRevision) as refused:
        await state.change_bucket(ana, bucket.id, BucketChange(name="three", base_revision=1))
    assert refused.value.facts["current"].name == "two"


async def test_a_blob_stands_in_several_buckets_with_its_own_place_in_each(
    state: State, anas: Made, ana: Caller
) -> None:
    left, right = await anas.bucket("left"), await anas.bucket("right")
    notes = [await anas.note(name, left.id) for name in ("a", "b", "c")]
    await state.place_blob(ana, right.id, notes[2].id)
    await state.place_blob(ana, right.id, notes[0].id, label="opening")
    await state.place_blob(ana, left.id, notes[2].id, after=None)
    assert await names_in(state, ana, left.id) == ["c", "a", "b"]
    assert await names_in(state, ana, right.id) == ["c", "a"]
    await state.place_blob(ana, left.id, notes[2].id, after=notes[0].id)
    assert await names_in(state, ana, left.id) == ["a", "c", "b"]
    await state.take_out(ana, left.id, notes[2].id)
    assert await names_in(state, ana, left.id) == ["a", "b"]
    assert (await state.blob(ana, notes[2].id)).bucket_ids == (right.id,)
    labels = [item.placement.label for item in (await state.items(ana, right.id)).items if item.placement]
    assert labels == [None, "opening"]


async def test_placing_asks_for_a_blob_and_a_bucket_of_ones_own(
    state: State, anas: Made, bos: Made, ana: Caller
) -> None:
    mine, note = await anas.bucket(), await anas.note()
    foreign_bucket, foreign_note = await bos.bucket(), await bos.note()
    for bucket_id, blob_id in ((foreign_bucket.id, note.id), (mine.id, foreign_note.id), (mine.id, "blob-x")):
        with pytest.raises(NotFound):
            await state.place_blob(ana, bucket_id, blob_id)
    with pytest.raises(NotFound):
        await state.take_out(ana, mine.id, note.id)


async def test_items_come_page_by_page_with_buckets_and_blobs_in_one_order(
    state: State, anas: Made, ana: Caller
) -> None:
    book = await anas.bucket("book")
    for number in range(4):
        await anas.bucket(f"bucket {number}", book.id)
        await anas.note(f"note {number}", book.id)
    names, cursor = [], None
    while True:
        page = await state.items(ana, book.id, limit=3, cursor=cursor)
        names += named(page.items)
        if (cursor := page.next_cursor) is None:
            break
    assert names == [f"{kind} {number}" for number in range(4) for kind in ("bucket", "note")]


async def test_bo_never_sees_a_bucket_of_ana(state: State, anas: Made, bo: Caller) -> None:
    book = await anas.bucket()
    change = BucketChange(name="mine now", base_revision=1)
    for attempt in (
        state.bucket(bo, book.id),
        state.tree(bo, book.id),
        state.items(bo, book.id),
        state.blobs(bo, bucket_id=book.id),
        state.change_bucket(bo, book.id, change),
        state.move_bucket(bo, book.id, under=None),
        state.create_bucket(bo, NewBucket(name="x", type="x", parent_bucket_id=book.id)),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert (await state.buckets(bo)).items == ()
    assert (await state.forest(bo)).items == ()
    assert await state.containing(bo, [book.id]) == []


async def test_a_cursor_of_another_list_is_refused(state: State, ana: Caller) -> None:
    for cursor in ("nonsense", "", "WzFd"):
        with pytest.raises(Invalid):
            await state.buckets(ana, cursor=cursor)


async def test_the_depth_of_an_answer_and_the_size_of_a_page_have_limits(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket()
    for attempt in (state.tree(ana, book.id, depth=-1), state.buckets(ana, limit=0), state.buckets(ana, limit=201)):
        with pytest.raises(Invalid):
            await attempt


async def test_buckets_and_notes_stand_in_one_order(state: State, anas: Made, ana: Caller) -> None:
    book = await anas.bucket("book")
    one = await anas.bucket("one", book.id)
    a = await anas.note("a", book.id)
    two = await anas.bucket("two", book.id)
    b = await anas.note("b")
    await state.place_blob(ana, book.id, b.id, after=one.id)
    assert await names_in(state, ana, book.id) == ["one", "b", "a", "two"]
    await state.move_bucket(ana, two.id, under=book.id, after=b.id)
    assert await names_in(state, ana, book.id) == ["one", "b", "two", "a"]
    await anas.bucket("zero", book.id, after=None)
    await anas.bucket("between", book.id, after=a.id)
    await state.place_blob(ana, book.id, a.id, after=None)
    assert await names_in(state, ana, book.id) == ["a", "zero", "one", "b", "two", "between"]
    with pytest.raises(NotFound):
        await anas.bucket("x", after=a.id)


async def test_a_note_has_a_label_of_its_own_in_each_bucket(state: State, anas: Made, ana: Caller) -> None:
    one, two = await anas.bucket("one"), await anas.bucket("two")
    note = await anas.note("note")
    for bucket, label in ((one, "draft"), (two, "final")):
        await state.place_blob(ana, bucket.id, note.id, label=label)
    await state.place_blob(ana, one.id, note.id, after=None)
    assert [(await state.items(ana, id)).items[0].placement.label for id in (one.id, two.id)] == ["draft", "final"]  # type: ignore[union-attr]
    await state.place_blob(ana, one.id, note.id, label=None)
    assert (await state.items(ana, one.id)).items[0].placement.label is None  # type: ignore[union-attr]


async def test_whoever_was_too_late_is_shown_the_bucket_with_what_stands_in_it(
    state: State, anas: Made, ana: Caller
) -> None:
    book = await anas.bucket("book")
    note = await anas.note("note", book.id)
    await state.change_bucket(ana, book.id, BucketChange(name="Book", base_revision=1))
    with pytest.raises(StaleRevision) as refused:
        await state.change_bucket(ana, book.id, BucketChange(name="My book", base_revision=1))
    current = refused.value.facts["current"]
    assert (current.name, current.blob_ids, current.blob_count) == ("Book", (note.id,), 1)
