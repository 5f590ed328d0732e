"""The doors of the state service: parse, call one verb, return the noun.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.placement import Placement
from reyna.http import Asking, Cursor, Limit
from reyna.state.placements import Item
from reyna.state.service import State

Content = NamedDependency[State]


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
async def create_blob(content: Content, caller: Asking, data: JSONBody[NewBlob]) -> Blob:
    """Keep new content that fits a schema, in any number of buckets."""
    return await content.create_blob(caller, data)


@get("/blobs/{id:str}")
async def blob(content: Content, caller: Asking, id: FromPath[str]) -> Blob:
    """One blob."""
    return await content.blob(caller, id)


@get("/blobs")
async def blobs(
    content: Content,
    caller: Asking,
    bucket_id: FromQuery[str | None] = None,
    schema_id: FromQuery[str | None] = None,
    processor_id: FromQuery[str | None] = None,
    parent_id: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Blob]:
    """Your blobs, newest first; within a bucket in the order of that bucket. The trash is left out."""
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
async def change_blob(content: Content, caller: Asking, id: FromPath[str], data: JSONBody[BlobChange]) -> Blob:
    """The next revision of a blob. Answers 409 with `current` when someone was faster; what you sent is kept."""
    return await content.change_blob(caller, id, data)


@delete("/blobs/{id:str}", status_code=200)
async def trash_blob(content: Content, caller: Asking, id: FromPath[str]) -> Blob:
    """Into the trash, out of every bucket at once; places and order are kept for its return."""
    return await content.trash_blob(caller, id)


@post("/blobs/{id:str}/restore", status_code=200)
async def restore_blob(
    content: Content, caller: Asking, id: FromPath[str], data: JSONBody[Restoration | None] = None
) -> Blob:
    """Out of the trash; with `revision`, its data as it was then, as a new revision."""
    return await content.restore_blob(caller, id, data.revision if data else None)


@get("/blobs/{id:str}/revisions")
async def revisions(
    content: Content, caller: Asking, id: FromPath[str], limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Revision]:
    """Every revision of a blob, newest first; saves that came too late stand among them, marked `conflict`."""
    return await content.revisions(caller, id, limit=limit, cursor=cursor)


@get("/blobs/{id:str}/revisions/{number:int}")
async def revision(content: Content, caller: Asking, id: FromPath[str], number: FromPath[int]) -> Revision:
    """A blob as it was."""
    return await content.revision(caller, id, number)


@post("/buckets")
async def create_bucket(content: Content, caller: Asking, data: JSONBody[NewBucket]) -> Bucket:
    """A new bucket, last among its siblings unless `after` says otherwise."""
    return await content.create_bucket(caller, data)


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
    """Into a bucket, or to another place there: behind `after`, first when null, last when left out."""
    wanted = data or Place()
    return await content.place_blob(caller, id, blob_id, after=wanted.after, label=wanted.label)


@delete("/buckets/{id:str}/blobs/{blob_id:str}")
async def take_out(content: Content, caller: Asking, id: FromPath[str], blob_id: FromPath[str]) -> None:
    """Out of this bucket only; the blob and its other places stay."""
    await content.take_out(caller, id, blob_id)


routes: Final = [
    create_blob, blob, blobs, change_blob, trash_blob, restore_blob, revisions, revision,
    create_bucket, bucket, buckets, change_bucket, move_bucket, tree, forest, items, place_blob, take_out,
]  # fmt: skip
