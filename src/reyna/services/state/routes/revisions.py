"""Routes for the names of revisions, and for upgrades of all blobs of a schema."""

from typing import Final

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody

from reyna.domain.blob import Revision
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.state.records import UpgradeTask
from reyna.services.state.routes.dependencies import Content
from reyna.services.state.upgrades.upgrades import NewUpgrade
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, Limit


class Naming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` null takes the name away."""

    name: str | None


@put("/blobs/{id:str}/revisions/{number:int}/name")
async def name_revision(
    content: Content, caller: CurrentCaller, id: FromPath[str], number: FromPath[int], data: JSONBody[Naming]
) -> Revision:
    """A name for a revision, so that it is found again."""
    return await content.revisions.rename(caller, id, number, data.name)


@delete("/blobs/{id:str}/revisions/{number:int}/name", status_code=200)
async def unname_revision(
    content: Content, caller: CurrentCaller, id: FromPath[str], number: FromPath[int]
) -> Revision:
    """No name any more; the revision stays."""
    return await content.revisions.rename(caller, id, number, None)


@post("/upgrades", status_code=202)
async def request_upgrade(
    content: Content, caller: CurrentCaller, data: JSONBody[NewUpgrade], key: IdempotencyKeyHeader
) -> UpgradeTask:
    """Have all your blobs of one schema brought to a later major of it, in the background. The trash is left out."""
    return await content.upgrades.request(caller, data, key=key)


@get("/upgrades")
async def upgrades(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[UpgradeTask]:
    """Your upgrades, newest first."""
    return await content.upgrades.list(caller, limit=limit, cursor=cursor)


@get("/upgrades/{id:str}")
async def upgrade(content: Content, caller: CurrentCaller, id: FromPath[str]) -> UpgradeTask:
    """The progress of an upgrade, and the blobs that could not be upgraded."""
    return await content.upgrades.get(caller, id)


@post("/upgrades/{id:str}/cancel", status_code=200)
async def cancel_upgrade(content: Content, caller: CurrentCaller, id: FromPath[str]) -> UpgradeTask:
    """Leave the rest as it is; what is upgraded stays so."""
    return await content.upgrades.cancel(caller, id)


routes: Final = [name_revision, unname_revision, request_upgrade, upgrades, upgrade, cancel_upgrade]
