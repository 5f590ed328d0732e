"""A newer version of a schema asks more of what is changed from now on, and nothing of what stays as it was."""

from typing import Any

import pytest

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import Bucket, BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.schema import Kind, NewSchema
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State

AUTHOR: dict[str, Any] = {"type": "object", "properties": {"author": {"type": "string"}, "isbn": {"type": "string"}}}
STRICTER: dict[str, Any] = AUTHOR | {"required": ["isbn"]}


async def asks_for(schemas: Schemas, state: State, caller: Caller, json_schema: Any, kind: Kind, version: str) -> None:
    """The next version, in the same major, whatever it breaks."""
    new = NewSchema(name="novel", kind=kind, json_schema=json_schema, version=version, compatibility="none")
    await schemas.versions.register(caller, new)
    state.schema_cache.forget(caller.user_id, "novel")


@pytest.fixture
async def old(schemas: Schemas, state: State, ana: Caller) -> Bucket:
    """A bucket from before its type asked for an ISBN."""
    await asks_for(schemas, state, ana, AUTHOR, "bucket", "1.0.0")
    bucket = await state.buckets.create(ana, NewBucket(name="Dawn", type="novel", metadata={"author": "Ana"}))
    await asks_for(schemas, state, ana, STRICTER, "bucket", "1.1.0")
    return bucket


@pytest.fixture
async def text(schemas: Schemas, state: State, ana: Caller) -> Blob:
    """A blob from before its schema asked for an ISBN."""
    await asks_for(schemas, state, ana, AUTHOR, "blob", "1.0.0")
    blob = await state.blobs.create(ana, NewBlob(schema_id="novel-v1", data={"author": "Ana"}))
    await asks_for(schemas, state, ana, STRICTER, "blob", "1.1.0")
    return blob


async def test_an_old_bucket_is_renamed_moved_copied_trashed_and_undone(state: State, ana: Caller, old: Bucket) -> None:
    renamed = await state.buckets.change(ana, old.id, BucketChange(name="Dusk", base_revision=1))
    assert (renamed.name, renamed.metadata) == ("Dusk", {"author": "Ana"})
    same = BucketChange(name="Night", metadata={"author": "Ana"}, type="novel", base_revision=2)
    await state.buckets.change(ana, old.id, same)
    shelf = await state.buckets.create(ana, NewBucket(name="Shelf", type="topic"))
    assert (await state.buckets.move(ana, old.id, under=shelf.id)).parent_bucket_id == shelf.id
    assert (await state.copies.copy_bucket(ana, old.id)).metadata == {"author": "Ana"}
    await state.trash.trash_bucket(ana, old.id)
    assert (await state.trash.restore_bucket(ana, old.id)).name == "Night"
    for _ in range(6):
        await state.journal.undo(ana)
    assert (await state.buckets.get(ana, old.id)).name == "Dusk"


@pytest.mark.parametrize("change", [{"metadata": {"author": "Bo"}}, {"metadata": {}}])
async def test_metadata_that_is_changed_is_checked_and_the_answer_says_what_asks(
    state: State, ana: Caller, old: Bucket, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await state.buckets.change(ana, old.id, BucketChange(**change, name="Dusk", base_revision=1))
    assert "novel-v1 1.1.0" in refusal.value.detail
    assert refusal.value.facts == {"schema_id": "novel-v1", "schema_version": "1.1.0"}
    assert refusal.value.errors[0].path == "/metadata"
    assert (await state.buckets.get(ana, old.id)).name == "Dawn"
    fits = BucketChange(metadata={"isbn": "1"}, base_revision=1)
    assert (await state.buckets.change(ana, old.id, fits)).metadata == {"isbn": "1"}


async def test_another_type_asks_for_what_its_schema_asks(state: State, ana: Caller, old: Bucket) -> None:
    free = await state.buckets.change(ana, old.id, BucketChange(type="notebook", base_revision=1))
    with pytest.raises(Invalid):
        await state.buckets.change(ana, free.id, BucketChange(type="novel", base_revision=2))


async def test_a_new_bucket_is_held_to_the_newest(state: State, ana: Caller, old: Bucket) -> None:
    with pytest.raises(Invalid):
        await state.buckets.create(ana, NewBucket(name="Noon", type="novel", metadata={"author": "Ana"}))


async def test_an_old_blob_is_placed_copied_trashed_and_saved_again_as_it_is(
    state: State, ana: Caller, text: Blob
) -> None:
    shelf = await state.buckets.create(ana, NewBucket(name="Shelf", type="topic"))
    await state.placements.place(ana, shelf.id, text.id)
    copy = await state.copies.copy_bucket(ana, shelf.id, deep=True)
    [copied] = (await state.blobs.list(ana, bucket_id=copy.id)).items
    assert (copied.data, copied.schema_version) == (text.data, text.schema_version)
    await state.trash.trash_blob(ana, text.id)
    assert (await state.trash.restore_blob(ana, text.id)).data == text.data
    changes: list[dict[str, Any]] = [{"data": {"author": "Ana"}}, {"merge_patch": {}}, {"json_patch": ()}]
    for change in changes:
        saved = await state.blobs.change(ana, text.id, BlobChange(**change, base_revision=1))
        assert (saved.revision, saved.schema_version) == (3, text.schema_version)


async def test_data_that_is_changed_is_checked_and_the_answer_says_what_asks(
    state: State, ana: Caller, text: Blob
) -> None:
    with pytest.raises(Invalid) as refusal:
        await state.blobs.change(ana, text.id, BlobChange(data={"author": "Bo"}, base_revision=1))
    assert refusal.value.facts == {"schema_id": "novel-v1", "schema_version": "1.1.0"}
    changed = await state.blobs.change(ana, text.id, BlobChange(data={"isbn": "1"}, base_revision=1))
    assert changed.schema_version == "1.1.0"


async def test_an_old_revision_comes_back_under_the_version_that_it_had(state: State, ana: Caller, text: Blob) -> None:
    await state.blobs.change(ana, text.id, BlobChange(data={"isbn": "1"}, base_revision=1))
    back = await state.trash.restore_blob(ana, text.id, 1)
    assert (back.data, back.revision, back.schema_version) == (text.data, 3, text.schema_version)
    again = await state.trash.restore_blob(ana, text.id, 2)
    assert (again.data, again.schema_version) == ({"isbn": "1"}, "1.1.0")
