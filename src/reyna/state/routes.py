"""The doors of the state service: parse, call one verb, return the noun.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

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
async def create_blob(content: State, caller: Caller, data: NewBlob) -> Blob:
    return await content.create_blob(caller, data)


@get("/blobs/{id:str}")
async def blob(content: State, caller: Caller, id: str) -> Blob:
    return await content.blob(caller, id)


@get("/blobs")
async def blobs(
    content: State,
    caller: Caller,
    bucket_id: str | None = None,
    schema_id: str | None = None,
    processor_id: str | None = None,
    parent_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Blob]:
    return await content.blobs(
        caller,
        bucket_id=bucket_id,
        schema_id=schema_id,
        processor_id=processor_id,
        parent_id=parent_id,
        limit=limit,
        cursor=cursor,
    )


@patch("/blobs/{id:str}")
async def change_blob(content: State, caller: Caller, id: str, data: BlobChange) -> Blob:
    return await content.change_blob(caller, id, data)


@delete("/blobs/{id:str}", status_code=200)
async def trash_blob(content: State, caller: Caller, id: str) -> Blob:
    return await content.trash_blob(caller, id)


@post("/blobs/{id:str}/restore", status_code=200)
async def restore_blob(content: State, caller: Caller, id: str, data: Restoration | None = None) -> Blob:
    return await content.restore_blob(caller, id, data.revision if data else None)


@get("/blobs/{id:str}/revisions")
async def revisions(
    content: State, caller: Caller, id: str, limit: int = 50, cursor: str | None = None
) -> Page[Revision]:
    return await content.revisions(caller, id, limit=limit, cursor=cursor)


@get("/blobs/{id:str}/revisions/{number:int}")
async def revision(content: State, caller: Caller, id: str, number: int) -> Revision:
    return await content.revision(caller, id, number)


@post("/buckets")
async def create_bucket(content: State, caller: Caller, data: NewBucket) -> Bucket:
    return await content.create_bucket(caller, data)


@get("/buckets/{id:str}")
async def bucket(content: State, caller: Caller, id: str) -> Bucket:
    return await content.bucket(caller, id)


@get("/buckets")
async def buckets(
    content: State,
    caller: Caller,
    type: str | None = None,
    parent_bucket_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Bucket]:
    """`parent_bucket_id=none` for the roots."""
    parent: Any = msgspec.UNSET if parent_bucket_id is None else parent_bucket_id
    return await content.buckets(
        caller, type=type, parent_bucket_id=None if parent == "none" else parent, limit=limit, cursor=cursor
    )


@patch("/buckets/{id:str}")
async def change_bucket(content: State, caller: Caller, id: str, data: BucketChange) -> Bucket:
    return await content.change_bucket(caller, id, data)


@post("/buckets/{id:str}/move", status_code=200)
async def move_bucket(content: State, caller: Caller, id: str, data: Move) -> Bucket:
    return await content.move_bucket(caller, id, under=data.parent_bucket_id, after=data.after)


@get("/buckets/{id:str}/tree")
async def tree(content: State, caller: Caller, id: str, depth: int | None = None) -> Node:
    return await content.tree(caller, id, depth)


@get("/tree")
async def forest(content: State, caller: Caller) -> Page[Node]:
    return await content.forest(caller)


@get("/buckets/{id:str}/items")
async def items(content: State, caller: Caller, id: str, limit: int = 50, cursor: str | None = None) -> Page[Item]:
    return await content.items(caller, id, limit=limit, cursor=cursor)


@put("/buckets/{id:str}/blobs/{blob_id:str}")
async def place_blob(content: State, caller: Caller, id: str, blob_id: str, data: Place | None = None) -> Placement:
    wanted = data or Place()
    return await content.place_blob(caller, id, blob_id, after=wanted.after, label=wanted.label)


@delete("/buckets/{id:str}/blobs/{blob_id:str}")
async def take_out(content: State, caller: Caller, id: str, blob_id: str) -> None:
    await content.take_out(caller, id, blob_id)


routes: Final = [
    create_blob, blob, blobs, change_blob, trash_blob, restore_blob, revisions, revision,
    create_bucket, bucket, buckets, change_bucket, move_bucket, tree, forest, items, place_blob, take_out,
]  # fmt: skip
