"""Names of revisions, and upgrades of all blobs of a schema."""

from typing import Final

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from reyna.domain.blob import Revision
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.http import Asking, Cursor, Limit
from reyna.state.records import UpgradeTask
from reyna.state.routes.asked import Content, Key
from reyna.state.upgrades import NewUpgrade


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` null takes the name away."""

    name: str | None


@put("/blobs/{id:str}/revisions/{number:int}/name")
async def name_revision(
    content: Content, caller: Asking, id: FromPath[str], number: FromPath[int], data: JSONBody[Naming]
) -> Revision:
    """A name for a revision, so that it is found again."""
    return await content.name_revision(caller, id, number, data.name)


@delete("/blobs/{id:str}/revisions/{number:int}/name", status_code=200)
async def unname_revision(content: Content, caller: Asking, id: FromPath[str], number: FromPath[int]) -> Revision:
    """No name any more; the revision stays."""
    return await content.name_revision(caller, id, number, None)


@post("/upgrades", status_code=202)
async def request_upgrade(content: Content, caller: Asking, data: JSONBody[NewUpgrade], key: Key = None) -> UpgradeTask:
    """Have all your blobs of one schema brought to a later major of it, in the background. The trash is left out."""
    return await content.request_upgrade(caller, data, key=key)


@get("/upgrades")
async def upgrades(
    content: Content, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UpgradeTask]:
    """Your upgrades, newest first."""
    return await content.upgrades(caller, limit=limit, cursor=cursor)


@get("/upgrades/{id:str}")
async def upgrade(content: Content, caller: Asking, id: FromPath[str]) -> UpgradeTask:
    """How far an upgrade is, and what could not be upgraded."""
    return await content.upgrade(caller, id)


@post("/upgrades/{id:str}/cancel", status_code=200)
async def cancel_upgrade(content: Content, caller: Asking, id: FromPath[str]) -> UpgradeTask:
    """Leave the rest as it is; what is upgraded stays so."""
    return await content.cancel_upgrade(caller, id)


routes: Final = [name_revision, unname_revision, request_upgrade, upgrades, upgrade, cancel_upgrade]
