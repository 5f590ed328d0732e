"""The trash, and undo."""

from typing import Final

from litestar import get, post

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


routes: Final = [trash, undo, redo, journal]
