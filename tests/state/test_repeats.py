"""A request whose answer was lost may be sent again."""

import asyncio

import pytest

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, NotFound
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
