"""What a program may rely on that sends many operations at once."""

from typing import Any

import msgspec
import pytest

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, NotFound, StaleRevision, TooMuch, WouldContainItself
from reyna.domain.event import DECODER
from reyna.domain.requests.idempotency import KeyReused
from reyna.domain.requests.operation import NewBulk
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.bulk.bulk import Outcomes
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS, JOURNAL
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder
from tests.services.state.history.test_journal import shape_of
from tests.services.state.interleaved_store import InterleavedStore
from tests.services.state.structure.test_buckets import names_in
from tests.support.times import FAR_FUTURE

NOTE = {"action": "create_blob", "schema_id": "text-input-v1", "data": {"content": "note"}}


def bulk(*operations: dict[str, Any], atomic: bool = True) -> NewBulk:
    return msgspec.convert({"atomic": atomic, "operations": operations}, NewBulk)


def bucket(name: str, **more: Any) -> dict[str, Any]:
    return {"action": "create_bucket", "name": name, "type": "scene"} | more


def id_in(outcomes: Outcomes, index: int) -> str:
    result = outcomes.results[index].result
    assert isinstance(result, dict)
    ((_, made),) = result.items()
    return made.id


async def everything(store: Store, caller: Caller) -> list[Any]:
    return [await store.find(collection, caller.user_id) for collection in COLLECTIONS]


async def types_told(store: Store, skip: int = 0) -> list[str]:
    return [
        DECODER.decode(message.body).type for message in (await store.list_unsent(before=FAR_FUTURE, limit=5000))[skip:]
    ]


async def test_a_book_is_built_in_one_go(store: Store, state: State, ana: Caller) -> None:
    done = await state.bulk.apply(
        ana,
        bulk(
            bucket("Book", **{"as": "book"}),
            bucket("One", parent_bucket_id="$book", **{"as": "one"}),
            bucket("Zero", parent_bucket_id="$book", after=None),
            NOTE | {"bucket_ids": ["$one", "$book"], "as": "note"},
            {"action": "update_blob", "blob_id": "$note", "data": {"content": "better"}, "base_revision": 1},
            {"action": "take_out_blob", "bucket_id": "$book", "blob_id": "$note"},
            NOTE | {"bucket_ids": ["$one"], "parent_id": "$note", "as": "next"},
            {"action": "place_blob", "bucket_id": "$one", "blob_id": "$note", "after": "$next", "label": "last"},
            {"action": "update_bucket", "bucket_id": "$one", "name": "Chapter 1", "base_revision": 1},
            {"action": "copy_bucket", "bucket_id": "$one", "deep": True, "as": "copy"},
            {"action": "move_bucket", "bucket_id": "$copy", "parent_bucket_id": "$book", "after": "$one"},
        ),
    )
    assert [outcome.ok for outcome in done.results] == [True] * 11
    assert done.results[5].result == {}
    book, one = id_in(done, 0), id_in(done, 1)
    assert await names_in(state, ana, book) == ["Zero", "Chapter 1", "Chapter 1 (copy)"]
    assert await names_in(state, ana, one) == ["note", "better"]
    note = await state.blobs.get(ana, id_in(done, 3))
    assert (note.revision, note.bucket_ids, note.derived_ids) == (2, (one,), (id_in(done, 6),))
    assert [revision.data["content"] for revision in (await state.revisions.list(ana, note.id)).items] == [
        "better",
        "note",
    ]
    assert (await state.quota.usage(ana)).used["blobs"] == await store.count(BLOBS, ana.user_id) == 4
    assert (await state.quota.usage(ana)).used["buckets"] == await store.count(BUCKETS, ana.user_id) == 4


ONE_BY_ONE: list[dict[str, Any]] = [
    bucket("new"),
    {"action": "move_bucket", "bucket_id": "{one}", "parent_bucket_id": None},
    {"action": "place_blob", "bucket_id": "{book}", "blob_id": "{note}"},
    {"action": "trash_bucket", "bucket_id": "{one}"},
    {"action": "restore_bucket", "bucket_id": "{one}", "parent_bucket_id": "{book}"},
    {"action": "trash_blob", "blob_id": "{note}"},
    {"action": "restore_blob", "blob_id": "{note}"},
    {"action": "update_blob", "blob_id": "{note}", "merge_patch": {"title": "x"}, "base_revision": 3},
]


def about(operation: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {field: ids.get(str(value), value) for field, value in operation.items()}


async def test_a_bulk_is_told_and_leaves_things_as_if_it_had_been_done_one_by_one(
    store: Store, state: State, anas: ContentBuilder, bos: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    told: list[list[str]] = []
    shapes: list[Any] = []
    for made, caller, at_once in ((anas, ana, True), (bos, bo, False)):
        book = await made.bucket("book")
        chapter = await made.bucket("one", book.id)
        note = await made.note("note", chapter.id)
        before = len(await store.list_unsent(before=FAR_FUTURE, limit=5000))
        operations = [about(one, {"{book}": book.id, "{one}": chapter.id, "{note}": note.id}) for one in ONE_BY_ONE]
        for some in [operations] if at_once else [[operation] for operation in operations]:
            await state.bulk.apply(caller, bulk(*some))
        told.append(await types_told(store, before))
        items = (await state.placements.list_items(caller, book.id)).items
        shapes.append([(item.kind, item.blob and item.blob.revision, item.blob and item.blob.data) for item in items])
    assert told[0] == told[1]
    assert shapes[0] == shapes[1]
    assert told[0][:3] == ["bucket.created", "bucket.moved", "bucket.blob.added"]


REFUSED: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"action": "trash_bucket", "bucket_id": "bucket-nowhere"}, NotFound),
    ({"action": "move_bucket", "bucket_id": "$book", "parent_bucket_id": "$one"}, WouldContainItself),
    (NOTE | {"data": {"content": 7}}, Invalid),
    ({"action": "update_bucket", "bucket_id": "$book", "name": "x", "base_revision": 7}, StaleRevision),
    ({"action": "place_blob", "bucket_id": "$one", "blob_id": "$nothing"}, Invalid),
    (bucket("x", parent_bucket_id="$book", after="bucket-nowhere"), NotFound),
]


KINDS = [f"{wrong['action']}-{number}" for number, (wrong, _) in enumerate(REFUSED)]


@pytest.mark.parametrize(("wrong", "refusal"), REFUSED, ids=KINDS)
async def test_all_or_none_is_none_when_one_is_refused(
    store: Store, state: State, anas: ContentBuilder, ana: Caller, wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    await anas.bucket("before")
    before, told = await everything(store, ana), await types_told(store)
    operations = [bucket("Book", **{"as": "book"}), bucket("One", parent_bucket_id="$book", **{"as": "one"}), NOTE]
    with pytest.raises(refusal) as refused:
        await state.bulk.apply(ana, bulk(*operations, wrong, NOTE))
    facts = getattr(refused.value, "facts")  # noqa: B009 - every refusal has them
    assert facts["index"] == 3
    assert str(refused.value).startswith("Operation 3: ")
    assert await everything(store, ana) == before
    assert await types_told(store) == told


@pytest.mark.parametrize(("wrong", "refusal"), REFUSED, ids=KINDS)
async def test_one_by_one_the_rest_is_done_when_one_is_refused(
    state: State, ana: Caller, wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    operations = [bucket("Book", **{"as": "book"}), bucket("One", parent_bucket_id="$book", **{"as": "one"}), NOTE]
    done = await state.bulk.apply(ana, bulk(*operations, wrong, NOTE | {"bucket_ids": ["$one"]}, atomic=False))
    assert [outcome.ok for outcome in done.results] == [True, True, True, False, True]
    said = done.results[3]
    assert (said.index, said.result) == (3, msgspec.UNSET)
    assert said.code == getattr(refusal, "code")  # noqa: B009 - every refusal has one
    assert said.detail
    assert await names_in(state, ana, id_in(done, 1)) == ["note"]
    assert len((await state.buckets.list(ana)).items) == len((await state.blobs.list(ana)).items) == 2


async def test_later_operations_see_what_stands_and_nothing_of_what_was_refused(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("Book", type="book")
    note = await anas.note("one", book.id)
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    late = {"action": "update_blob", "blob_id": note.id, "data": {"content": "late"}, "base_revision": 1}
    nowhere = NOTE | {"bucket_ids": [book.id, "bucket-nowhere"]}
    copy = {"action": "copy_bucket", "bucket_id": book.id, "deep": True}
    there, one = NOTE | {"bucket_ids": [book.id]}, bucket("One", parent_bucket_id=book.id)
    done = await state.bulk.apply(ana, bulk(there, late, copy, nowhere, one, copy, atomic=False))
    assert [outcome.ok for outcome in done.results] == [True, False, True, False, True, True]
    first, second = id_in(done, 2), id_in(done, 5)
    assert await names_in(state, ana, first) == ["two", "note"]
    assert await names_in(state, ana, second) == await names_in(state, ana, book.id) == ["two", "note", "One"]
    assert [revision.conflict for revision in (await state.revisions.list(ana, note.id)).items].count(True) == 1


async def test_what_a_refused_operation_had_made_cannot_be_referred_to(state: State, ana: Caller) -> None:
    done = await state.bulk.apply(
        ana,
        bulk(
            bucket("x", parent_bucket_id="bucket-nowhere", **{"as": "book"}),
            bucket("y", parent_bucket_id="$book"),
            bucket("z"),
            atomic=False,
        ),
    )
    assert [outcome.code for outcome in done.results] == ["not_found", "invalid", msgspec.UNSET]
    (error,) = done.results[1].errors or ()
    assert error.path == "/parent_bucket_id"


async def test_of_all_or_none_the_paths_lead_into_what_was_sent(state: State, ana: Caller) -> None:
    with pytest.raises(Invalid) as refused:
        await state.bulk.apply(ana, bulk(bucket("x"), bucket("y", type="\u200b")))
    assert refused.value.errors[0].path == "/operations/1/type"


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_save_that_came_too_late_is_kept_in_either_mode(
    state: State, anas: ContentBuilder, ana: Caller, atomic: bool
) -> None:
    note = await anas.note("one")
    await state.blobs.change(ana, note.id, BlobChange(data={"content": "two"}, base_revision=1))
    late = {"action": "update_blob", "blob_id": note.id, "data": {"content": "mine"}, "base_revision": 1}
    if atomic:
        with pytest.raises(StaleRevision) as refused:
            await state.bulk.apply(ana, bulk(bucket("x"), late))
        kept_as = refused.value.facts["kept_as"]
    else:
        kept_as = (await state.bulk.apply(ana, bulk(bucket("x"), late, atomic=False))).results[1].kept_as
    assert (await state.revisions.get(ana, note.id, kept_as)).data == {"content": "mine"}
    assert (await state.blobs.get(ana, note.id)).data == {"content": "two"}
    assert len((await state.buckets.list(ana)).items) == (0 if atomic else 1)


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_bulk_is_undone_and_done_again_as_one(
    store: Store, state: State, anas: ContentBuilder, ana: Caller, atomic: bool
) -> None:
    book, shelf = await anas.bucket("book"), await anas.bucket("shelf")
    one, two = await anas.bucket("one", book.id), await anas.bucket("two", book.id)
    a, b = await anas.note("a", one.id), await anas.note("b", one.id, two.id)
    before = await shape_of(state, ana)
    done = await state.bulk.apply(
        ana,
        bulk(
            {"action": "move_bucket", "bucket_id": one.id, "parent_bucket_id": shelf.id},
            {"action": "update_bucket", "bucket_id": one.id, "name": "uno", "base_revision": 2},
            {"action": "move_bucket", "bucket_id": one.id, "parent_bucket_id": two.id},
            {"action": "take_out_blob", "bucket_id": two.id, "blob_id": b.id},
            {"action": "place_blob", "bucket_id": two.id, "blob_id": a.id, "after": None, "label": "x"},
            bucket("new", parent_bucket_id=one.id, **{"as": "new"}),
            {"action": "place_blob", "bucket_id": "$new", "blob_id": b.id},
            {"action": "copy_bucket", "bucket_id": two.id},
            {"action": "trash_bucket", "bucket_id": one.id},
            {"action": "restore_bucket", "bucket_id": one.id, "parent_bucket_id": None},
            {"action": "trash_blob", "blob_id": a.id},
            {"action": "trash_bucket", "bucket_id": book.id},
            *([] if atomic else [{"action": "trash_blob", "blob_id": "blob-nowhere"}]),
            atomic=atomic,
        ),
    )
    after = await shape_of(state, ana)
    newest = (await state.journal.list(ana, limit=1)).items[0]
    assert (newest.id, newest.act, newest.count) == (done.entry_id, "bulk", 12)
    assert await store.count(JOURNAL, ana.user_id) == 5
    for _ in range(2):
        assert (await state.journal.undo(ana)).id == done.entry_id
        assert await shape_of(state, ana) == before
        assert (await state.journal.redo(ana)).id == done.entry_id
        assert await shape_of(state, ana) == after


async def test_a_bulk_that_something_stands_in_the_way_of_is_undone_not_at_all(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    book = await anas.bucket("book")
    done = await state.bulk.apply(
        ana, bulk(bucket("one", parent_bucket_id=book.id), bucket("two", parent_bucket_id=book.id))
    )
    await anas.note("since", id_in(done, 0))
    shape = await shape_of(state, ana)
    with pytest.raises(Conflict) as refused:
        await state.journal.undo(ana)
    assert refused.value.facts["entry_id"] == done.entry_id
    assert await shape_of(state, ana) == shape


async def test_a_bulk_of_content_alone_has_no_entry_in_the_journal(
    state: State, anas: ContentBuilder, ana: Caller
) -> None:
    note = await anas.note("one")
    change = {"action": "update_blob", "blob_id": note.id, "data": {"content": "two"}, "base_revision": 1}
    done = await state.bulk.apply(ana, bulk(change, NOTE))
    assert done.entry_id is None
    assert (await state.journal.list(ana)).items == ()


async def test_a_bulk_of_nothing_does_nothing(store: Store, state: State, ana: Caller) -> None:
    assert await state.bulk.apply(ana, bulk()) == Outcomes(results=(), entry_id=None)
    assert await types_told(store) == []


async def test_the_same_key_does_it_once_and_is_answered_the_same(
    store: Store, state: State, anas: ContentBuilder, ana: Caller
) -> None:
    new = bulk(bucket("x"), bucket("y", parent_bucket_id="bucket-nowhere"), NOTE, atomic=False)
    first = await state.bulk.apply(ana, new, key="once")
    assert await state.bulk.apply(ana, new, key="once") == first
    assert (await store.count(BUCKETS, ana.user_id), await store.count(BLOBS, ana.user_id)) == (1, 1)
    await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "x"}), key="other")
    with pytest.raises(KeyReused):
        await state.bulk.apply(ana, new, key="other")


async def test_a_thousand_operations_are_done_and_one_more_is_refused(store: Store, state: State, ana: Caller) -> None:
    book = bucket("book", **{"as": "book"})
    notes = [NOTE | {"bucket_ids": ["$book"]}] * 999
    done = await state.bulk.apply(ana, bulk(book, *notes))
    assert await names_in(state, ana, id_in(done, 0)) == ["note"] * 200
    assert (await state.buckets.get(ana, id_in(done, 0))).blob_count == 999
    assert len(await types_told(store)) == 1000
    with pytest.raises(Invalid) as refused:
        await state.bulk.apply(ana, bulk(book, *notes, NOTE))
    assert refused.value.errors[0].path == "/operations"


@pytest.mark.parametrize(
    ("names", "path"), [(["a", "a"], "/operations/1/as"), (["", "b"], "/operations/0/as"), (["$a"], "/operations/0/as")]
)
async def test_a_name_is_given_once_and_is_a_name(state: State, ana: Caller, names: list[str], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        await state.bulk.apply(ana, bulk(*(bucket("x", **{"as": name}) for name in names), atomic=False))
    assert refused.value.errors[0].path == path


async def test_somebody_who_was_faster_is_taken_into_account(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    made = ContentBuilder(state, ana)
    book, shelf = await made.bucket("book"), await made.bucket("shelf")
    note = await made.note("note")
    move = {"action": "move_bucket", "bucket_id": book.id, "parent_bucket_id": shelf.id}
    store.meanwhile("state.trees", lambda: State(store, schemas).trash.trash_bucket(ana, shelf.id))
    done = await state.bulk.apply(ana, bulk(move, {"action": "trash_blob", "blob_id": note.id}, atomic=False))
    assert [outcome.code for outcome in done.results] == ["not_found", msgspec.UNSET]
    assert (await state.buckets.get(ana, book.id)).parent_bucket_id is None
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None


async def test_what_slips_into_a_bucket_that_a_bulk_trashes_goes_with_it(schemas: Schemas, ana: Caller) -> None:
    store = InterleavedStore()
    state = State(store, schemas)
    made = ContentBuilder(state, ana)
    book = await made.bucket("book")
    note = None

    async def written() -> None:
        nonlocal note
        note = await made.note("late", book.id)

    store.meanwhile("state.trees", written)
    await state.bulk.apply(ana, bulk({"action": "trash_bucket", "bucket_id": book.id}))
    assert note is not None
    assert (await state.blobs.get(ana, note.id)).trashed_at is not None


async def test_beyond_the_quota_all_are_refused_or_only_those(
    schemas: Schemas, memory_store: Store, ana: Caller
) -> None:
    state = State(memory_store, schemas, allowed={"blobs": 2})
    with pytest.raises(TooMuch) as refused:
        await state.bulk.apply(ana, bulk(NOTE, NOTE, NOTE))
    assert refused.value.facts == {"what": "blobs", "used": 2, "allowed": 2, "index": 2}
    assert (await state.quota.usage(ana)).used["blobs"] == 0
    done = await state.bulk.apply(ana, bulk(NOTE, NOTE, NOTE, bucket("x"), atomic=False))
    assert [outcome.code for outcome in done.results] == [msgspec.UNSET, msgspec.UNSET, "too_much", msgspec.UNSET]
    assert (await state.quota.usage(ana)).used["blobs"] == 2


async def test_nobody_reaches_anothers_things_by_a_bulk(
    store: Store, state: State, anas: ContentBuilder, ana: Caller, bo: Caller
) -> None:
    hers, note = await anas.bucket("hers"), await anas.note("hers")
    before = await everything(store, ana)
    done = await state.bulk.apply(
        bo,
        bulk(
            bucket("his", **{"as": "his"}),
            {"action": "trash_bucket", "bucket_id": hers.id},
            {"action": "place_blob", "bucket_id": "$his", "blob_id": note.id},
            {"action": "copy_bucket", "bucket_id": hers.id, "deep": True},
            NOTE | {"bucket_ids": [hers.id]},
            {"action": "move_bucket", "bucket_id": "$his", "parent_bucket_id": hers.id},
            atomic=False,
        ),
    )
    assert [outcome.code for outcome in done.results] == [msgspec.UNSET] + ["not_found"] * 5
    assert await everything(store, ana) == before


async def test_too_much_at_once_is_refused(memory_store: Store, schemas: Schemas, ana: Caller) -> None:
    state = State(memory_store, schemas)
    made = ContentBuilder(state, ana)
    book = await made.bucket("book", metadata={"notes": "x" * 60_000})
    renamed = [
        {
            "action": "update_bucket",
            "bucket_id": book.id,
            "metadata": {"notes": "y" * 60_000 + str(n)},
            "base_revision": n,
        }
        for n in range(1, 100)
    ]
    with pytest.raises(TooMuch):
        await state.bulk.apply(ana, bulk(*renamed))
    assert (await state.buckets.get(ana, book.id)).revision == 1
