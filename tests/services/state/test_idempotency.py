"""A request whose answer was lost may be sent again."""

import asyncio

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound, StaleRevision
from reyna.domain.requests.idempotency import IdempotencyKey, KeyReused, StillRunning
from reyna.domain.requests.operation import MakeBlob, MakeBucket, NewBulk, UpdateBlob
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import REQUESTS, REVISIONS
from reyna.services.state.service import State
from reyna.storage.idempotency import IdempotencyKeys

NOTE = NewBlob(schema_id="text-input-v1", data={"content": "once"})


async def test_the_same_key_makes_one_blob_however_often_it_is_sent(state: State, ana: Caller, bo: Caller) -> None:
    made = [await state.blobs.create(ana, NOTE, key="try-1") for _ in range(5)]
    assert {blob.id for blob in made} == {made[0].id}
    other = await state.blobs.create(ana, NOTE, key="try-2")
    bos = await state.blobs.create(bo, NOTE, key="try-1")
    assert len({made[0].id, other.id, bos.id}) == 3
    assert len((await state.blobs.list(ana)).items) == 2


async def test_two_copies_that_are_asked_at_the_same_moment_make_one_blob(
    store: Store, schemas: Schemas, ana: Caller
) -> None:
    copies = [State(store, schemas) for _ in range(5)]
    made = await asyncio.gather(*(copy.blobs.create(ana, NOTE, key="try-1") for copy in copies))
    assert all(blob == made[0] for blob in made)
    assert len((await copies[0].blobs.list(ana)).items) == 1


async def test_a_repeat_is_answered_with_the_blob_as_it_was_made(state: State, ana: Caller) -> None:
    made = await state.blobs.create(ana, NOTE, key="try-1")
    await state.blobs.change(ana, made.id, BlobChange(data={"content": "twice"}, base_revision=1))
    again = await state.blobs.create(ana, NOTE, key="try-1")
    assert again == made


async def test_the_same_key_makes_one_bucket(state: State, ana: Caller) -> None:
    new = NewBucket(name="Book", type="book")
    made = [await state.buckets.create(ana, new, key="try-1") for _ in range(2)]
    assert made[0].id == made[1].id
    assert len((await state.buckets.list(ana)).items) == 1


async def test_a_refused_request_uses_no_key_up(state: State, ana: Caller) -> None:
    missing = NewBlob(schema_id="text-input-v1", data={"content": "x"}, bucket_ids=("bucket-nowhere",))
    with pytest.raises(NotFound):
        await state.blobs.create(ana, missing, key="try-1")
    assert (await state.blobs.create(ana, NOTE, key="try-1")).data == {"content": "once"}


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "schl\u00fcssel"])
async def test_a_key_that_cannot_be_used_is_refused(state: State, ana: Caller, key: str) -> None:
    with pytest.raises(Invalid):
        await state.blobs.create(ana, NOTE, key=key)


async def test_a_key_that_made_something_else_is_refused_in_words(state: State, ana: Caller) -> None:
    bucket = await state.buckets.create(ana, NewBucket(name="Book", type="book"), key="a bucket")
    await state.blobs.create(ana, NOTE, key="a blob")
    bulk = NewBulk(operations=(MakeBucket(name="x", type="scene"),))
    await state.bulk.apply(ana, bulk, key="many")
    for attempt in (
        state.blobs.create(ana, NOTE, key="a bucket"),
        state.blobs.create(ana, NOTE, key="many"),
        state.buckets.create(ana, NewBucket(name="Book", type="book"), key="a blob"),
        state.copies.copy_bucket(ana, bucket.id, key="many"),
        state.bulk.apply(ana, bulk, key="a blob"),
    ):
        with pytest.raises(KeyReused):
            await attempt


def test_a_key_in_use_is_refused_to_the_same_request_for_now_and_to_another_for_good(ana: Caller, bo: Caller) -> None:
    keys = IdempotencyKeys(MemoryStore([REQUESTS]), REQUESTS)
    mine, other = IdempotencyKey("try-1", "mine"), IdempotencyKey("try-1", "other")
    with keys.lock(ana, mine):
        for key, refusal in ((mine, StillRunning), (other, KeyReused), ("try-1", StillRunning)):
            with pytest.raises(refusal), keys.lock(ana, key):
                pass
        with keys.lock(bo, other), keys.lock(ana, "try-2"):
            pass
    with keys.lock(ana, other):
        pass


async def test_what_is_remembered_of_a_bulk_quotes_nothing_of_what_was_sent(
    store: Store, state: State, ana: Caller
) -> None:
    wrong = MakeBlob(schema_id="text-input-v1", data={"content": {"a": "secret"}})
    bulk = NewBulk(atomic=False, operations=(MakeBucket(name="x", type="scene"), wrong))
    first = await state.bulk.apply(ana, bulk, key="once")
    again = await state.bulk.apply(ana, bulk, key="once")
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
        await state.bulk.apply(ana, NewBulk(operations=(made, *saves)))
    assert "kept_as" not in refused.value.facts
    assert await store.count(REVISIONS, ana.user_id) == 0
