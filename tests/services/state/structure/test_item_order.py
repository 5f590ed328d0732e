"""What a user makes is ordered by what is stored, whatever the clocks say and however many hosts there are."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest

from reyna.domain.blob import Blob, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import CameInSince, Conflict
from reyna.domain.requests.operation import MakeBlob, NewBulk
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import PLACEMENTS
from reyna.services.state.service import State
from reyna.storage.logical_clock import ClockBehind, retry_when_clock_is_behind
from tests.services.state.conftest import ContentBuilder

NOON: Final = 1_800_000_000_000_000_000  # nanoseconds since 1970
HOUR: Final = 3_600_000_000_000


class Wall:
    """The clock on the wall of a host: it goes on with every look, and can be set."""

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def __call__(self) -> int:
        self.at += 1_000
        return self.at


@pytest.fixture(params=["memory", "postgres", "mongo"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


Starts = Callable[..., State]


@pytest.fixture
def started(store: Store, schemas: Schemas) -> Starts:
    """Starts the service anew on what is stored, by a clock that says so."""

    def start(at: int = NOON) -> State:
        return State(store, schemas, clock=Wall(at))

    return start


def contents(blobs: Any) -> list[str]:
    return [blob.data["content"] for blob in blobs]


async def order_in(state: State, caller: Caller, bucket_id: str) -> list[str]:
    """The texts and the names in a bucket, in its order."""
    items = (await state.placements.list_items(caller, bucket_id, limit=200)).items
    return [item.blob.data["content"] if item.blob else item.bucket.name if item.bucket else "" for item in items]


async def test_what_comes_after_a_restart_by_an_earlier_clock_comes_last(started: Starts, ana: Caller) -> None:
    before = ContentBuilder(started(), ana)
    book = await before.bucket("book")
    await before.note("one", book.id)
    await before.bucket("two", book.id)
    after = ContentBuilder(started(NOON - HOUR), ana)
    await after.note("three", book.id)
    four = await after.bucket("four", book.id)
    placed = await after.note("five")
    await after.state.placements.place(ana, book.id, placed.id)
    assert await order_in(after.state, ana, book.id) == ["one", "two", "three", "four", "five"]
    await after.state.buckets.move(ana, four.id, under=book.id)
    assert await order_in(after.state, ana, book.id) == ["one", "two", "three", "five", "four"]
    bulk = NewBulk(operations=(MakeBlob(schema_id="text-input-v1", data={"content": "six"}, bucket_ids=(book.id,)),))
    await started(NOON - 2 * HOUR).bulk.apply(ana, bulk)
    assert (await order_in(after.state, ana, book.id))[-1] == "six"


async def test_undo_and_redo_follow_what_was_done_and_not_the_clock(started: Starts, ana: Caller) -> None:
    before = ContentBuilder(started(), ana)
    book = await before.bucket("book")
    after = started(NOON - HOUR)
    await after.buckets.create(ana, NewBucket(name="late", type="scene"))
    assert [entry.name for entry in (await after.journal.list(ana)).items] == ["late", "book"]
    assert (await after.journal.undo(ana)).name == "late"
    again = started(NOON - 2 * HOUR)
    assert (await again.journal.redo(ana)).name == "late"
    assert (await again.journal.undo(ana)).name == "late"
    assert (await again.journal.undo(ana)).name == "book"
    assert (await started(NOON - 3 * HOUR).journal.redo(ana)).name == "book"
    assert (await after.buckets.get(ana, book.id)).trashed_at is None


async def test_what_came_into_a_bucket_since_is_seen_by_undo_whatever_the_clock(started: Starts, ana: Caller) -> None:
    before = ContentBuilder(started(), ana)
    book = await before.bucket("book")
    after = ContentBuilder(started(NOON - HOUR), ana)
    await after.note("since", book.id)
    with pytest.raises(CameInSince):
        await after.state.journal.undo(ana)


async def test_newest_first_is_newest_first_whatever_the_clock(started: Starts, ana: Caller) -> None:
    notes: list[Blob] = []
    for number in range(3):
        made = ContentBuilder(started(NOON - number * HOUR), ana)
        notes += [await made.note(f"{number} {one}") for one in "ab"]
    state = started(NOON - 4 * HOUR)
    found = (await state.blobs.list(ana)).items
    assert contents(found) == ["2 b", "2 a", "1 b", "1 a", "0 b", "0 a"]
    first = await state.blobs.list(ana, limit=4)
    rest = await state.blobs.list(ana, limit=4, cursor=first.next_cursor)
    assert (*first.items, *rest.items) == found
    assert [blob.id for blob in found] == sorted((note.id for note in notes), reverse=True)
    for number, note in enumerate(notes):
        await started(NOON - 5 * HOUR - number * HOUR).trash.trash_blob(ana, note.id)
    assert [item.id for item in (await state.trash.list(ana)).items] == [note.id for note in reversed(notes)]


async def test_two_hosts_an_hour_apart_take_turns(started: Starts, ana: Caller) -> None:
    hosts = [ContentBuilder(started(NOON), ana), ContentBuilder(started(NOON - HOUR), ana)]
    book = await hosts[0].bucket("book")
    for number in range(10):
        await hosts[number % 2].note(str(number), book.id)
        await hosts[number % 2].bucket(f"{number}b", book.id)
    expected = [text for number in range(10) for text in (str(number), f"{number}b")]
    assert await order_in(hosts[1].state, ana, book.id) == expected
    assert contents((await hosts[0].state.blobs.list(ana)).items) == [str(number) for number in reversed(range(10))]
    for text in reversed(expected[1::2]):
        assert (await hosts[len(text) % 2].state.journal.undo(ana)).name == text


async def test_hosts_an_hour_apart_at_once_lose_nothing_and_give_nothing_the_same_place(
    store: Store, started: Starts, ana: Caller
) -> None:
    hosts = [ContentBuilder(started(NOON + number * HOUR), ana) for number in range(3)]
    book = await hosts[0].bucket("book")
    await asyncio.gather(*(hosts[number % 3].note(str(number), book.id) for number in range(30)))
    ranks = [place.rank for place in await store.find(PLACEMENTS, ana.user_id)]
    assert len(set(ranks)) == 30
    last = await hosts[0].note("last", book.id)
    assert (await order_in(hosts[0].state, ana, book.id))[-1] == last.data["content"]


async def test_the_place_of_what_is_in_the_trash_is_kept_for_it(started: Starts, ana: Caller) -> None:
    made = ContentBuilder(started(), ana)
    book = await made.bucket("book")
    a, c, b, d, e = [await made.note(text, *([book.id] if text in "AC" else [])) for text in "ACBDE"]
    await made.state.placements.place(ana, book.id, b.id, after=a.id)
    await made.state.trash.trash_blob(ana, b.id)
    await made.state.placements.place(ana, book.id, d.id, after=a.id)
    await made.state.trash.restore_blob(ana, b.id)
    assert await order_in(made.state, ana, book.id) == ["A", "D", "B", "C"]
    await made.state.placements.place(ana, book.id, e.id, after=b.id)
    assert await order_in(made.state, ana, book.id) == ["A", "D", "B", "E", "C"]
    await made.state.placements.place(ana, book.id, c.id, after=a.id)
    assert await order_in(made.state, ana, book.id) == ["A", "C", "D", "B", "E"]


async def test_a_bucket_in_the_trash_keeps_its_place_among_its_siblings(started: Starts, ana: Caller) -> None:
    made = ContentBuilder(started(), ana)
    book = await made.bucket("book")
    a, b, c = [await made.bucket(name, book.id) for name in "ABC"]
    await made.state.trash.trash_bucket(ana, b.id)
    d = await made.bucket("D", book.id, after=a.id)
    await made.state.buckets.move(ana, c.id, under=book.id, after=a.id)
    await made.state.trash.restore_bucket(ana, b.id)
    assert await order_in(made.state, ana, book.id) == ["A", "C", "D", "B"]
    await made.bucket("E", book.id, after=b.id)
    await made.bucket("F", book.id, after=d.id)
    await made.bucket("G", book.id, after=None)
    assert await order_in(made.state, ana, book.id) == ["G", "A", "C", "D", "F", "B", "E"]


@pytest.mark.parametrize("where", ["behind one", "in front"])
async def test_thirty_at_once_from_two_hosts_are_all_where_they_were_asked_to_be(
    store: Store, started: Starts, ana: Caller, where: str
) -> None:
    hosts = [started(NOON), started(NOON - HOUR)]
    made = ContentBuilder(hosts[0], ana)
    book = await made.bucket("book")
    first, last = [await made.note(text, book.id) for text in ("first", "last")]
    new = [await made.note(str(number)) for number in range(30)]
    after = first.id if where == "behind one" else None
    await asyncio.gather(
        *(hosts[number % 2].placements.place(ana, book.id, note.id, after=after) for number, note in enumerate(new))
    )
    ranks = [place.rank for place in await store.find(PLACEMENTS, ana.user_id)]
    assert len(ranks) == len(set(ranks)) == 32
    order = await order_in(hosts[0], ana, book.id)
    between = order[1:-1] if where == "behind one" else order[:-2]
    assert sorted(between) == sorted(contents(new))
    assert order[-1] == last.data["content"]
    behind = await made.note("behind")
    for number in (0, 15, 29):
        neighbour = next(note for note in new if note.data["content"] == between[number])
        await hosts[1].placements.place(ana, book.id, behind.id, after=neighbour.id)
        now = await order_in(hosts[0], ana, book.id)
        assert now.index("behind") == now.index(between[number]) + 1


async def test_a_copy_keeps_the_order_of_what_it_copies(started: Starts, ana: Caller) -> None:
    made = ContentBuilder(started(), ana)
    book = await made.bucket("book")
    for number in range(5):
        await made.note(str(number), book.id)
    state = started(NOON - HOUR)
    copy = await state.copies.copy_bucket(ana, book.id, deep=True)
    assert await order_in(state, ana, copy.id) == [str(number) for number in range(5)]
    newest = (await state.blobs.list(ana)).items[:5]
    assert contents(newest) == [str(number) for number in reversed(range(5))]
    assert {blob.bucket_ids for blob in newest} == {(copy.id,)}


async def test_what_a_run_makes_is_newer_than_what_was_there(started: Starts, ana: Caller) -> None:
    await ContentBuilder(started(), ana).note("note")
    worker = Caller(user_id=ana.user_id, kind="processor", processor_id="p", run_id="run-1")
    state = started(NOON - HOUR)
    new = NewBlob(processor_id="p", schema_id="text-input-v1", data={"content": "made"})
    await state.blobs.create(worker, new, id="blob-00000000000000000000000000")
    assert contents((await state.blobs.list(ana)).items) == ["made", "note"]


async def test_a_verb_that_is_behind_again_and_again_is_given_up(ana: Caller) -> None:
    class Late:
        tries = 0

        @retry_when_clock_is_behind
        async def verb(self, caller: Caller) -> None:
            self.tries += 1
            raise ClockBehind

    late = Late()
    with pytest.raises(Conflict):
        await late.verb(ana)
    assert late.tries > 1
