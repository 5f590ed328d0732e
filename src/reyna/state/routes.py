"""The doors of the state service: parse, call one verb, return the noun.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.bucket import Bucket, BucketChange, NewBucket, Node
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.placement import Placement
from reyna.http import Asking, Cursor, Limit
from reyna.state.diff import Diff
from reyna.state.journal import JournalEntry
from reyna.state.lineage import Lineage, Paths
from reyna.state.placements import Item
from reyna.state.service import State
from reyna.state.trash import TrashItem

Content = NamedDependency[State]
Key: TypeAlias = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]
Since: TypeAlias = Annotated[int, QueryParameter(name="from", ge=1)]  # `from` is no name in Python


class Restoration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    revision: int | None = None


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


@post("/blobs")
async def create_blob(content: Content, caller: Asking, data: JSONBody[NewBlob], key: Key = None) -> Blob:
    """Keep new content that fits a schema, in any number of buckets."""
    return await content.create_blob(caller, data, key=key)


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


@get("/blobs/{id:str}/diff")
async def diff(
    content: Content, caller: Asking, id: FromPath[str], since: Since, to: FromQuery[int | None] = None
) -> Diff:
    """What changed from one revision to another, or to the present one: word by word in texts."""
    return await content.diff(caller, id, since=since, to=to)


@get("/blobs/{id:str}/lineage")
async def lineage(content: Content, caller: Asking, id: FromPath[str]) -> Lineage:
    """What a blob was derived from and what was derived from it, marked where its source has moved on."""
    return await content.lineage(caller, id)


@get("/blobs/{id:str}/places")
async def places(content: Content, caller: Asking, id: FromPath[str]) -> Paths:
    """Every path from a root bucket down to a blob."""
    return await content.places(caller, id)


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


@get("/trash")
async def trash(
    content: Content, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TrashItem]:
    """The buckets and blobs that were trashed by themselves, newest first."""
    return await content.trash(caller, limit=limit, cursor=cursor)


@post("/undo", status_code=200)
async def undo(content: Content, caller: Asking) -> JournalEntry:
    """Take back your last change of structure, from whatever device it came."""
    return await content.undo(caller)


@post("/redo", status_code=200)
async def redo(content: Content, caller: Asking) -> JournalEntry:
    """Do again what was undone last, unless something new was done since."""
    return await content.redo(caller)


@get("/journal")
async def journal(
    content: Content, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[JournalEntry]:
    """Your changes of structure, newest first; what is undone is marked."""
    return await content.journal(caller, limit=limit, cursor=cursor)


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
    diff, lineage, places,
    create_bucket, bucket, buckets, change_bucket, move_bucket, trash_bucket, restore_bucket, tree, forest, items,
    place_blob, take_out, trash, undo, redo, journal,
]  # fmt: skip
