"""The route of the audit log."""

from datetime import datetime
from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.studio.audit.audit_log import AuditItem
from reyna.services.studio.service import Studio
from reyna.transport.http import CurrentCaller, Cursor, Limit

AuditDependency = NamedDependency[Studio]


@get("/audit")
async def list_audit(
    studio: AuditDependency,
    caller: CurrentCaller,
    since: FromQuery[datetime | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[AuditItem]:
    """The acts on your account, keys and sessions: by whom, from where and with which outcome, oldest first."""
    return await studio.audit.list(caller, since=since, limit=limit, cursor=cursor)


audit_routes: Final = [list_audit]
