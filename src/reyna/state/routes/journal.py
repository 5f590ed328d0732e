"""The trash, and undo."""

from typing import Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.http import Asking, Cursor, Limit
from reyna.state.journal import JournalEntry
from reyna.state.routes.asked import Content
from reyna.state.trash import TrashItem


@get("/trash")
async def trash(
    content: Content, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[TrashItem]:
    """The buckets and blobs that were trashed by themselves, newest first."""
    return await content.trash(caller, limit=limit, cursor=cursor)


class Turn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to go on after a refusal, with its `entry_id`: `skip` passes over that act for good; `anyway` sends what came
    into a bucket since to the trash along with it."""

    anyway: str | None = None
    skip: str | None = None


@post("/undo", status_code=200)
async def undo(content: Content, caller: Asking, data: JSONBody[Turn | None] = None) -> JournalEntry:
    """Take back your last change of structure, from whatever device it came."""
    how = data or Turn()
    return await content.undo(caller, anyway=how.anyway, skip=how.skip)


@post("/redo", status_code=200)
async def redo(content: Content, caller: Asking, data: JSONBody[Turn | None] = None) -> JournalEntry:
    """Do again what was undone last, unless something new was done since."""
    how = data or Turn()
    return await content.redo(caller, anyway=how.anyway, skip=how.skip)


@get("/journal")
async def journal(
    content: Content, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[JournalEntry]:
    """Your changes of structure, newest first; what is undone is marked."""
    return await content.journal(caller, limit=limit, cursor=cursor)


routes: Final = [trash, undo, redo, journal]
