"""Routes that purge the trash."""

from typing import Final

from litestar import delete
from litestar.params import FromPath

from reyna.services.state.routes.dependencies import Content
from reyna.services.state.trash.purging import Purged, purge_all
from reyna.transport.http import CurrentCaller


@delete("/trash", status_code=200)
async def empty_trash(content: Content, caller: CurrentCaller) -> Purged:
    """All that is in the trash now goes for good, with every revision. This cannot be undone."""
    return await purge_all(content.purging, caller)


@delete("/trash/{id:str}", status_code=200)
async def purge(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Purged:
    """One item of the trash, a blob or a bucket with all that went along, goes for good. This cannot be undone."""
    return await purge_all(content.purging, caller, id)


routes: Final = [empty_trash, purge]
