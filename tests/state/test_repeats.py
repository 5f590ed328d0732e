"""A request whose answer was lost may be sent again."""

import asyncio

import pytest

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, NotFound, StaleRevision
from reyna.domain.operation import MakeBlob, MakeBucket, NewBulk, UpdateBlob
from reyna.ports import Store
from reyna.state.records import REQUESTS, REVISIONS
from reyna.state.service import State

NOTE = NewBlob(schema_id="text-input-v1", data={"content": "once"})


async def test_the_same_key_makes_one_blob_however_often_it_is_sent(state: State, ana: Caller, bo: Caller) -> None:
    made = await asyncio.gather(*(state.create_blob(ana, NOTE, key="try-1") for _ in range(5)))
    assert {blob.id for blob in made} == {made[0].id}
    other = await state.create_blob(ana, NOTE, key="try-2")
    bos = await state.create_blob(bo, NOTE, key="try-1")
    assert len({made[0].id, other.id, bos.id}) == 3
    assert len((await state.blobs(ana)).items) == 2


async def test_a_repeat_is_answered_with_the_blob_as_it_is_now(state: State, ana: Caller) -> None:
    made = await state.create_blob(ana, NOTE, key="try-1")
    await state.change_blob(ana, made.id, BlobChange(data={"content": "twice"}, base_revision=1))
    again = await state.create_blob(ana, NOTE, key="try-1")
    assert (again.id, again.data) == (made.id, {"content": "twice"})


async def test_the_same_key_makes_one_bucket(state: State, ana: Caller) -> None:
    new = NewBucket(name="Book", type="book")
    made = [await state.create_bucket(ana, new, key="try-1") for _ in range(2)]
    assert made[0].id == made[1].id
    assert len((await state.buckets(ana)).items) == 1


async def test_a_refused_request_uses_no_key_up(state: State, ana: Caller) -> None:
    missing = NewBlob(schema_id="text-input-v1", data={"content": "x"}, bucket_ids=("bucket-nowhere",))
    with pytest.raises(NotFound):
        await state.create_blob(ana, missing, key="try-1")
    assert (await state.create_blob(ana, NOTE, key="try-1")).data == {"content": "once"}


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "schl\u00fcssel"])
async def test_a_key_that_cannot_be_used_is_refused(state: State, ana: Caller, key: str) -> None:
    with pytest.raises(Invalid):
        await state.create_blob(ana, NOTE, key=key)


async def test_a_key_that_made_something_else_is_refused_in_words(state: State, ana: Caller) -> None:
    bucket = await state.create_bucket(ana, NewBucket(name="Book", type="book"), key="a bucket")
    await state.create_blob(ana, NOTE, key="a blob")
    bulk = NewBulk(operations=(MakeBucket(name="x", type="scene"),))
    await state.bulk(ana, bulk, key="many")
    for attempt in (
        state.create_blob(ana, NOTE, key="a bucket"),
        state.create_blob(ana, NOTE, key="many"),
        state.create_bucket(ana, NewBucket(name="Book", type="book"), key="a blob"),
        state.copy_bucket(ana, bucket.id, key="many"),
        state.bulk(ana, bulk, key="a blob"),
    ):
        with pytest.raises(Conflict, match="used for something else"):
            await attempt


async def test_what_is_remembered_of_a_bulk_quotes_nothing_of_what_was_sent(
    store: Store, state: State, ana: Caller
) -> None:
    wrong = MakeBlob(schema_id="text-input-v1", data={"content": {"a": "secret"}})
    bulk = NewBulk(atomic=False, operations=(MakeBucket(name="x", type="scene"), wrong))
    first = await state.bulk(ana, bulk, key="once")
    again = await state.bulk(ana, bulk, key="once")
    assert [(one.ok, one.code, one.result) for one in again.results] == [
        (one.ok, one.code, one.result) for one in first.results
    ]
    (request,) = await store.find(REQUESTS, ana.user_id)
    assert "secret" not in str(request)


async def test_a_save_into_what_a_refused_bulk_would_have_made_is_not_kept(
    store: Store, state: State, ana: Caller
) -> None:
    made = MakeBlob(schema_id="text-input-v1", data={"content": "a"}, as_="a")
    saves = [UpdateBlob(blob_id="$a", data={"content": text}, base_revision=1) for text in ("b", "c")]
    with pytest.raises(StaleRevision) as refused:
        await state.bulk(ana, NewBulk(operations=(made, *saves)))
    assert "kept_as" not in refused.value.facts
    assert await store.count(REVISIONS, ana.user_id) == 0
