"""The trash, emptied."""

from typing import Final

from litestar import delete
from litestar.params import FromPath

from reyna.http import Asking
from reyna.state.purging import Purged, purged
from reyna.state.routes.asked import Content


@delete("/trash", status_code=200)
async def empty_trash(content: Content, caller: Asking) -> Purged:
    """All that is in the trash now goes for good, with every revision. This cannot be undone."""
    return await purged(content, caller)


@delete("/trash/{id:str}", status_code=200)
async def purge(content: Content, caller: Asking, id: FromPath[str]) -> Purged:
    """One item of the trash, a blob or a bucket with all that went along, goes for good. This cannot be undone."""
    return await purged(content, caller, id)


routes: Final = [empty_trash, purge]
