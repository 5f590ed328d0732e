"""Routes of blobs, their revisions, lineage and places."""

from functools import partial
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reyna.domain.blob import Blob, BlobChange, NewBlob, Revision
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.state.content.lineage import Lineage, Paths
from reyna.services.state.revisions.diff import Diff
from reyna.services.state.routes.dependencies import Content, parse_revision
from reyna.transport.http import (
    DIRECT,
    RUN_TOKEN,
    CurrentCaller,
    Cursor,
    IdempotencyKeyHeader,
    IfMatchHeader,
    Limit,
    parse_if_match,
)

Since: TypeAlias = Annotated[str, QueryParameter(name="from", pattern="^[1-9a-z]")]  # `from` is no name in Python


class Restoration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    revision: int | str | None = None


@post("/blobs", opt=DIRECT)
async def create_blob(
    content: Content, caller: CurrentCaller, data: JSONBody[NewBlob], key: IdempotencyKeyHeader
) -> Blob:
    """Keep new content that fits a schema, in any number of buckets."""
    return await content.blobs.create(caller, data, key=key)


@get("/blobs/{id:str}", opt=DIRECT | RUN_TOKEN)
async def blob(
    content: Content, caller: CurrentCaller, id: FromPath[str], schema_version: FromQuery[int | None] = None
) -> Blob:
    """One blob. With `schema_version`, a later major of its schema than it is in, it is upgraded to that first, and
    kept so as a new revision."""
    if schema_version is None:
        return await content.blobs.get(caller, id)
    return await content.upgrades.upgrade_blob(caller, id, schema_version)


@get("/blobs", opt=RUN_TOKEN)
async def blobs(
    content: Content,
    caller: CurrentCaller,
    bucket_id: FromQuery[str | None] = None,
    schema_id: FromQuery[str | None] = None,
    processor_id: FromQuery[str | None] = None,
    parent_id: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Blob]:
    """Your blobs, newest first; within a bucket in the order of that bucket. The trash is left out. `q` finds titles
    and first lines by their words, in any case and with or without accents."""
    return await content.blobs.list(
        caller,
        bucket_id=bucket_id,
        schema_id=schema_id,
        processor_id=processor_id,
        parent_id=parent_id,
        q=q,
        limit=limit,
        cursor=cursor,
    )


@patch("/blobs/{id:str}", opt=DIRECT)
async def change_blob(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[BlobChange],
    if_match: IfMatchHeader = None,
) -> Blob:
    """The next revision of a blob. Answers 409 with `current` when someone was faster; what you sent is kept."""
    meant = await parse_if_match(if_match, partial(content.blobs.get, caller, id))
    return await content.blobs.change(caller, id, data, if_match=meant)


@delete("/blobs/{id:str}", status_code=200)
async def trash_blob(
    content: Content, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> Blob:
    """Into the trash, out of every bucket at once; places and order are kept for its return."""
    meant = await parse_if_match(if_match, partial(content.blobs.get, caller, id))
    return await content.trash.trash_blob(caller, id, if_match=meant)


@post("/blobs/{id:str}/restore", status_code=200)
async def restore_blob(
    content: Content, caller: CurrentCaller, id: FromPath[str], data: JSONBody[Restoration | None] = None
) -> Blob:
    """Out of the trash; with `revision`, its data as it was then, as a new revision."""
    return await content.trash.restore_blob(caller, id, data.revision if data else None)


@post("/blobs/{id:str}/accept", status_code=200)
async def accept_blob(
    content: Content, caller: CurrentCaller, id: FromPath[str], data: JSONBody[NewAcceptance], key: IdempotencyKeyHeader
) -> Blob:
    """Take a text that a processor made of this blob, or some of its paragraphs, into the accepted text of this blob,
    and answer that: an `edited-text-v1` beside it, whose paragraphs say where they are from. Neither this blob nor what
    the processor made is changed, and each acceptance is a revision that can be gone back to."""
    return await content.acceptances.accept(caller, id, data, key=key)


@get("/blobs/{id:str}/revisions")
async def revisions(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    named: FromQuery[bool] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Revision]:
    """Every revision of a blob, newest first, or those with a name; saves that came too late stand among them, marked
    `conflict`."""
    return await content.revisions.list(caller, id, named=named, limit=limit, cursor=cursor)


@get("/blobs/{id:str}/revisions/{number:str}")
async def revision(content: Content, caller: CurrentCaller, id: FromPath[str], number: FromPath[str]) -> Revision:
    """A blob as it was; a save that came too late by the id that `kept_as` named."""
    return await content.revisions.get(caller, id, parse_revision(number))


@get("/blobs/{id:str}/diff")
async def diff(
    content: Content, caller: CurrentCaller, id: FromPath[str], since: Since, to: FromQuery[str | None] = None
) -> Diff:
    """The differences from one revision to another, or to the present one: word by word in texts."""
    return await content.revisions.diff(
        caller, id, since=parse_revision(since), to=None if to is None else parse_revision(to)
    )


@get("/blobs/{id:str}/lineage")
async def lineage(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Lineage:
    """The ancestors and descendants of a blob, marked where the source has moved on."""
    return await content.lineage.get(caller, id)


@get("/blobs/{id:str}/places")
async def places(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Paths:
    """Every path from a root bucket down to a blob."""
    return await content.lineage.paths(caller, id)


routes: Final = [
    create_blob,
    blob,
    blobs,
    change_blob,
    trash_blob,
    restore_blob,
    accept_blob,
    revisions,
    revision,
    diff,
    lineage,
    places,
]
