"""Buckets, and what stands in them."""

from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.placement import Placement
from reyna.http import Asking, Cursor, Limit
from reyna.state.placements import Item
from reyna.state.routes.asked import Content, Key


class Move(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`after` is the sibling to stand behind: null for the first place, left out for the last."""

    parent_bucket_id: str | None
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class Return(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`parent_bucket_id` is another parent to come back under: null for a root, left out for the one it had."""

    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    label: str | msgspec.UnsetType | None = msgspec.UNSET


@post("/buckets")
async def create_bucket(content: Content, caller: Asking, data: JSONBody[NewBucket], key: Key = None) -> Bucket:
    """A new bucket, last among its siblings unless `after` says otherwise."""
    return await content.create_bucket(caller, data, key=key)


@get("/buckets/{id:str}")
async def bucket(content: Content, caller: Asking, id: FromPath[str]) -> Bucket:
    """One bucket."""
    return await content.bucket(caller, id)


@get("/buckets")
async def buckets(
    content: Content,
    caller: Asking,
    type: FromQuery[str | None] = None,
    parent_bucket_id: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Bucket]:
    """Your buckets in the order of their siblings; `parent_bucket_id=none` for the roots."""
    parent: Any = msgspec.UNSET if parent_bucket_id is None else parent_bucket_id
    return await content.buckets(
        caller, type=type, parent_bucket_id=None if parent == "none" else parent, limit=limit, cursor=cursor
    )


@patch("/buckets/{id:str}")
async def change_bucket(content: Content, caller: Asking, id: FromPath[str], data: JSONBody[BucketChange]) -> Bucket:
    """Another name, type or metadata. Answers 409 with `current` when someone was faster."""
    return await content.change_bucket(caller, id, data)


@post("/buckets/{id:str}/move", status_code=200)
async def move_bucket(content: Content, caller: Asking, id: FromPath[str], data: JSONBody[Move]) -> Bucket:
    """Under another parent, or to another place among its siblings, with all it contains."""
    return await content.move_bucket(caller, id, under=data.parent_bucket_id, after=data.after)


@delete("/buckets/{id:str}", status_code=200)
async def trash_bucket(content: Content, caller: Asking, id: FromPath[str]) -> Bucket:
    """Into the trash, with all it contains. Blobs that also stand elsewhere stay there."""
    return await content.trash_bucket(caller, id)


@post("/buckets/{id:str}/restore", status_code=200)
async def restore_bucket(
    content: Content, caller: Asking, id: FromPath[str], data: JSONBody[Return | None] = None
) -> Bucket:
    """Out of the trash with all that went with it, to the same place and order. Answers 409 when its parent is not
    there any more: then name another."""
    return await content.restore_bucket(caller, id, under=(data or Return()).parent_bucket_id)


@get("/buckets/{id:str}/tree")
async def tree(content: Content, caller: Asking, id: FromPath[str], depth: FromQuery[int | None] = None) -> Node:
    """A bucket and what it contains, `depth` levels down, at most 100."""
    return await content.tree(caller, id, depth)


@get("/tree")
async def forest(content: Content, caller: Asking) -> Page[Node]:
    """All your trees."""
    return await content.forest(caller)


@get("/buckets/{id:str}/items")
async def items(
    content: Content, caller: Asking, id: FromPath[str], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Item]:
    """Child buckets and blobs together, in the order of the bucket."""
    return await content.items(caller, id, limit=limit, cursor=cursor)


@put("/buckets/{id:str}/blobs/{blob_id:str}")
async def place_blob(
    content: Content, caller: Asking, id: FromPath[str], blob_id: FromPath[str], data: JSONBody[Place | None] = None
) -> Placement:
    """Into a bucket, or to another place there: behind `after`, a blob or a bucket in it, first when null, last when
    left out."""
    wanted = data or Place()
    return await content.place_blob(caller, id, blob_id, after=wanted.after, label=wanted.label)


@delete("/buckets/{id:str}/blobs/{blob_id:str}")
async def take_out(content: Content, caller: Asking, id: FromPath[str], blob_id: FromPath[str]) -> None:
    """Out of this bucket only; the blob and its other places stay."""
    await content.take_out(caller, id, blob_id)


routes: Final = [
    create_bucket,
    bucket,
    buckets,
    change_bucket,
    move_bucket,
    trash_bucket,
    restore_bucket,
    tree,
    forest,
    items,
    place_blob,
    take_out,
]
