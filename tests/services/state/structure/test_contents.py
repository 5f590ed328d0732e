"""A bucket and all below it in reading order, page by page."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.tree_item import TreeItem
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder


def described(item: TreeItem) -> tuple[int, str]:
    return item.depth, item.bucket.name if item.bucket else item.blob.data["content"] if item.blob else "nothing"


async def read(state: State, caller: Caller, id: str, limit: int = 200, kind: str | None = None) -> list[TreeItem]:
    found, cursor = list[TreeItem](), None
    while True:
        page = await state.contents.list(caller, id, limit=limit, cursor=cursor, kind=kind)  # type: ignore[arg-type]
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


async def a_book(anas: ContentBuilder) -> str:
    book = await anas.bucket("Book", type="book")
    await anas.note("Motto.", book.id)
    one = await anas.bucket("One", under=book.id)
    await anas.note("It rained.", one.id)
    scene = await anas.bucket("Scene", under=one.id)
    await anas.note("Mara came.", scene.id)
    await anas.note("She left.", one.id)
    await anas.bucket("Empty", under=book.id)
    await anas.note("The end.", book.id)
    return book.id


WHOLE_BOOK = [
    (0, "Book"),
    (1, "Motto."),
    (1, "One"),
    (2, "It rained."),
    (2, "Scene"),
    (3, "Mara came."),
    (2, "She left."),
    (1, "Empty"),
    (1, "The end."),
]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 200])
async def test_a_book_is_read_in_its_order_however_small_the_pages_are(
    state: State, anas: ContentBuilder, limit: int
) -> None:
    book = await a_book(anas)
    assert [described(item) for item in await read(state, anas.caller, book, limit)] == WHOLE_BOOK


async def test_the_buckets_or_the_blobs_can_be_read_alone(state: State, anas: ContentBuilder) -> None:
    book = await a_book(anas)
    buckets = [described(item) for item in await read(state, anas.caller, book, 2, "bucket")]
    assert buckets == [(0, "Book"), (1, "One"), (2, "Scene"), (1, "Empty")]
    blobs = [described(item) for item in await read(state, anas.caller, book, 2, "blob")]
    assert blobs == [one for one in WHOLE_BOOK if one not in buckets]


async def test_a_page_goes_on_where_the_last_item_stood_although_it_is_gone(state: State, anas: ContentBuilder) -> None:
    book = await a_book(anas)
    page = await state.contents.list(anas.caller, book, limit=4)
    last = page.items[-1].blob
    assert last
    await state.trash.trash_blob(anas.caller, last.id)
    rest = await state.contents.list(anas.caller, book, cursor=page.next_cursor)
    assert [described(item) for item in rest.items] == WHOLE_BOOK[4:]


async def test_a_page_that_ended_in_a_bucket_that_is_gone_says_so(state: State, anas: ContentBuilder) -> None:
    book = await a_book(anas)
    page = await state.contents.list(anas.caller, book, limit=6)
    scene = page.items[4].bucket
    assert scene
    await state.trash.trash_bucket(anas.caller, scene.id)
    with pytest.raises(Conflict, match="Begin again"):
        await state.contents.list(anas.caller, book, cursor=page.next_cursor)


async def test_labels_and_parents_are_told(state: State, anas: ContentBuilder) -> None:
    book = await anas.bucket("Book")
    note = await anas.note("Motto.", book.id)
    await state.placements.place(anas.caller, book.id, note.id, label="front")
    item = (await read(state, anas.caller, book.id))[1]
    assert (item.label, item.parent_bucket_id) == ("front", book.id)


async def test_what_is_in_the_trash_is_left_out_and_a_trashed_top_is_refused(
    state: State, anas: ContentBuilder
) -> None:
    book = await a_book(anas)
    one = (await read(state, anas.caller, book, kind="bucket"))[1].bucket
    assert one
    await state.trash.trash_bucket(anas.caller, one.id)
    assert [described(item)[1] for item in await read(state, anas.caller, book)] == [
        *("Book", "Motto.", "Empty", "The end.")
    ]
    with pytest.raises(Conflict, match="trash"):
        await state.contents.list(anas.caller, one.id)


async def test_nobody_reads_the_buckets_of_others(state: State, anas: ContentBuilder, bo: Caller) -> None:
    book = await a_book(anas)
    with pytest.raises(NotFound):
        await state.contents.list(bo, book)


async def test_more_buckets_than_are_read_together(state: State, anas: ContentBuilder) -> None:
    book = await anas.bucket("Book")
    for number in range(210):
        await anas.bucket(f"{number}", under=book.id)
    last = await anas.bucket("last", under=book.id)
    await anas.note("There.", last.id)
    found = await read(state, anas.caller, book.id)
    assert [described(item) for item in found[-2:]] == [(1, "last"), (2, "There.")]
    assert len(found) == 213
