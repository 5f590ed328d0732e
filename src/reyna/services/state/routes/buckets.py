"""Buckets, and what stands in them."""

from functools import partial
from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.placement import Placement
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.services.state.routes.dependencies import Content
from reyna.services.state.structure.placements import Item
from reyna.transport.http import (
    RUN_TOKEN,
    CurrentCaller,
    Cursor,
    IdempotencyKeyHeader,
    IfMatchHeader,
    Limit,
    parse_if_match,
)


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
async def create_bucket(
    content: Content, caller: CurrentCaller, data: JSONBody[NewBucket], key: IdempotencyKeyHeader
) -> Bucket:
    """A new bucket, last among its siblings unless `after` says otherwise."""
    return await content.buckets.create(caller, data, key=key)


@get("/buckets/{id:str}", opt=RUN_TOKEN)
async def bucket(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Bucket:
    """One bucket."""
    return await content.buckets.get(caller, id)


@get("/buckets")
async def buckets(
    content: Content,
    caller: CurrentCaller,
    type: FromQuery[str | None] = None,
    parent_bucket_id: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Bucket]:
    """Your buckets in the order of their siblings; `parent_bucket_id=none` for the roots. `q` finds names by their
    words, in any case and with or without accents."""
    parent: Any = msgspec.UNSET if parent_bucket_id is None else parent_bucket_id
    return await content.buckets.list(
        caller, type=type, parent_bucket_id=None if parent == "none" else parent, q=q, limit=limit, cursor=cursor
    )


@patch("/buckets/{id:str}")
async def change_bucket(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[BucketChange],
    if_match: IfMatchHeader = None,
) -> Bucket:
    """Another name, type or metadata. Answers 409 with `current` when someone was faster."""
    meant = await parse_if_match(if_match, partial(content.buckets.get, caller, id))
    return await content.buckets.change(caller, id, data, if_match=meant)


@post("/buckets/{id:str}/move", status_code=200)
async def move_bucket(content: Content, caller: CurrentCaller, id: FromPath[str], data: JSONBody[Move]) -> Bucket:
    """Under another parent, or to another place among its siblings, with all it contains."""
    return await content.buckets.move(caller, id, under=data.parent_bucket_id, after=data.after)


@delete("/buckets/{id:str}", status_code=200)
async def trash_bucket(
    content: Content, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> Bucket:
    """Into the trash, with all it contains. Blobs that also stand elsewhere stay there."""
    meant = await parse_if_match(if_match, partial(content.buckets.get, caller, id))
    return await content.trash.trash_bucket(caller, id, if_match=meant)


@post("/buckets/{id:str}/restore", status_code=200)
async def restore_bucket(
    content: Content, caller: CurrentCaller, id: FromPath[str], data: JSONBody[Return | None] = None
) -> Bucket:
    """Out of the trash with all that went with it, to the same place and order. Answers 409 when its parent is not
    there any more: then name another."""
    return await content.trash.restore_bucket(caller, id, under=(data or Return()).parent_bucket_id)


@get("/buckets/{id:str}/tree")
async def tree(content: Content, caller: CurrentCaller, id: FromPath[str], depth: FromQuery[int | None] = None) -> Node:
    """A bucket and what it contains, `depth` levels down, at most 100."""
    return await content.buckets.tree(caller, id, depth)


@get("/tree")
async def forest(content: Content, caller: CurrentCaller) -> Page[Node]:
    """All your trees."""
    return await content.buckets.forest(caller)


@get("/buckets/{id:str}/items")
async def items(
    content: Content, caller: CurrentCaller, id: FromPath[str], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Item]:
    """Child buckets and blobs together, in the order of the bucket."""
    return await content.placements.list_items(caller, id, limit=limit, cursor=cursor)


@get("/buckets/{id:str}/contents", opt=RUN_TOKEN)
async def contents(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    kind: FromQuery[ItemKind | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[TreeItem]:
    """A bucket and all below it in reading order: each bucket before what is in it. `kind` leaves out the others."""
    return await content.contents.list(caller, id, kind=kind, limit=limit, cursor=cursor)


@put("/buckets/{id:str}/blobs/{blob_id:str}")
async def place_blob(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    blob_id: FromPath[str],
    data: JSONBody[Place | None] = None,
    if_match: IfMatchHeader = None,
) -> Placement:
    """Into a bucket, or to another place there: behind `after`, a blob or a bucket in it, first when null, last when
    left out."""
    wanted = data or Place()
    meant = await parse_if_match(if_match)
    return await content.placements.place(caller, id, blob_id, after=wanted.after, label=wanted.label, if_match=meant)


@delete("/buckets/{id:str}/blobs/{blob_id:str}")
async def take_out(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    blob_id: FromPath[str],
    if_match: IfMatchHeader = None,
) -> None:
    """Out of this bucket only; the blob and its other places stay."""
    await content.placements.take_out(caller, id, blob_id, if_match=await parse_if_match(if_match))


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
    contents,
    place_blob,
    take_out,
]
