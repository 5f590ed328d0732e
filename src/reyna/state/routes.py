"""The doors of the state service: parse, call one verb, return the noun."""

from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post, put

from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.caller import Caller
from reyna.domain.page import Page
from reyna.domain.placement import Placement
from reyna.state.placements import Item
from reyna.state.service import State


class Restoration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    revision: int | None = None


class Move(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after` is the sibling to stand behind: null for the first place, left out for the last."""

    parent_bucket_id: str | None
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    label: str | msgspec.UnsetType | None = msgspec.UNSET


@post("/blobs")
async def create_blob(state: State, caller: Caller, data: NewBlob) -> Blob:
    return await state.create_blob(caller, data)


@get("/blobs/{id:str}")
async def blob(state: State, caller: Caller, id: str) -> Blob:
    return await state.blob(caller, id)


@get("/blobs")
async def blobs(
    state: State,
    caller: Caller,
    bucket_id: str | None = None,
    schema_id: str | None = None,
    processor_id: str | None = None,
    parent_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Blob]:
    return await state.blobs(
        caller,
        bucket_id=bucket_id,
        schema_id=schema_id,
        processor_id=processor_id,
        parent_id=parent_id,
        limit=limit,
        cursor=cursor,
    )


@patch("/blobs/{id:str}")
async def change_blob(state: State, caller: Caller, id: str, data: BlobChange) -> Blob:
    return await state.change_blob(caller, id, data)


@delete("/blobs/{id:str}", status_code=200)
async def trash_blob(state: State, caller: Caller, id: str) -> Blob:
    return await state.trash_blob(caller, id)


@post("/blobs/{id:str}/restore", status_code=200)
async def restore_blob(state: State, caller: Caller, id: str, data: Restoration | None = None) -> Blob:
    return await state.restore_blob(caller, id, data.revision if data else None)


@get("/blobs/{id:str}/revisions")
async def revisions(
    state: State, caller: Caller, id: str, limit: int = 50, cursor: str | None = None
) -> Page[Revision]:
    return await state.revisions(caller, id, limit=limit, cursor=cursor)


@get("/blobs/{id:str}/revisions/{number:int}")
async def revision(state: State, caller: Caller, id: str, number: int) -> Revision:
    return await state.revision(caller, id, number)


@post("/buckets")
async def create_bucket(state: State, caller: Caller, data: NewBucket) -> Bucket:
    return await state.create_bucket(caller, data)


@get("/buckets/{id:str}")
async def bucket(state: State, caller: Caller, id: str) -> Bucket:
    return await state.bucket(caller, id)


@get("/buckets")
async def buckets(
    state: State,
    caller: Caller,
    type: str | None = None,
    parent_bucket_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Bucket]:
    """`parent_bucket_id=none` for the roots."""
    parent: Any = msgspec.UNSET if parent_bucket_id is None else parent_bucket_id
    return await state.buckets(
        caller, type=type, parent_bucket_id=None if parent == "none" else parent, limit=limit, cursor=cursor
    )


@patch("/buckets/{id:str}")
async def change_bucket(state: State, caller: Caller, id: str, data: BucketChange) -> Bucket:
    return await state.change_bucket(caller, id, data)


@post("/buckets/{id:str}/move", status_code=200)
async def move_bucket(state: State, caller: Caller, id: str, data: Move) -> Bucket:
    return await state.move_bucket(caller, id, under=data.parent_bucket_id, after=data.after)


@get("/buckets/{id:str}/tree")
async def tree(state: State, caller: Caller, id: str, depth: int | None = None) -> Node:
    return await state.tree(caller, id, depth)


@get("/tree")
async def forest(state: State, caller: Caller) -> Page[Node]:
    return await state.forest(caller)


@get("/buckets/{id:str}/items")
async def items(state: State, caller: Caller, id: str, limit: int = 50, cursor: str | None = None) -> Page[Item]:
    return await state.items(caller, id, limit=limit, cursor=cursor)


@put("/buckets/{id:str}/blobs/{blob_id:str}")
async def place_blob(state: State, caller: Caller, id: str, blob_id: str, data: Place | None = None) -> Placement:
    wanted = data or Place()
    return await state.place_blob(caller, id, blob_id, after=wanted.after, label=wanted.label)


@delete("/buckets/{id:str}/blobs/{blob_id:str}")
async def take_out(state: State, caller: Caller, id: str, blob_id: str) -> None:
    await state.take_out(caller, id, blob_id)


routes: Final = [
    create_blob, blob, blobs, change_blob, trash_blob, restore_blob, revisions, revision,
    create_bucket, bucket, buckets, change_bucket, move_bucket, tree, forest, items, place_blob, take_out,
]  # fmt: skip
