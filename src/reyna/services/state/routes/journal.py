"""Routes of the trash and of the journal: undo and redo."""

from typing import Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.state.history.journal import JournalEntry
from reyna.services.state.routes.dependencies import Content
from reyna.services.state.trash.trash import TrashItem
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, Limit


@get("/trash")
async def trash(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TrashItem]:
    """The buckets and blobs that were trashed by themselves, newest first."""
    return await content.trash.list(caller, limit=limit, cursor=cursor)


class Turn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way past a refusal, by its `entry_id`: `skip` passes over that act for good; `anyway` sends what came
    into a bucket since to the trash along with it."""

    anyway: str | None = None
    skip: str | None = None


@post("/undo", status_code=200)
async def undo(
    content: Content, caller: CurrentCaller, key: IdempotencyKeyHeader, data: JSONBody[Turn | None] = None
) -> JournalEntry:
    """Take back your last change of structure, from whatever device it came."""
    how = data or Turn()
    return await content.journal.undo(caller, anyway=how.anyway, skip=how.skip, key=key)


@post("/redo", status_code=200)
async def redo(
    content: Content, caller: CurrentCaller, key: IdempotencyKeyHeader, data: JSONBody[Turn | None] = None
) -> JournalEntry:
    """Do again what was undone last, unless something new was done since."""
    how = data or Turn()
    return await content.journal.redo(caller, anyway=how.anyway, skip=how.skip, key=key)


@get("/journal")
async def journal(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[JournalEntry]:
    """Your changes of structure, newest first; what is undone is marked."""
    return await content.journal.list(caller, limit=limit, cursor=cursor)


routes: Final = [trash, undo, redo, journal]
