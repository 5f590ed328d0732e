"""Middleware that records in the audit log what is done to accounts, keys and sessions, and what is exported."""

from typing import Any, Final

from litestar.types import ASGIApp, Receive, Send

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.services.studio.audit.audit_log import AuditedAct, AuditLog
from reyna.transport.http.dependencies import GATEWAY_PREFIX

AUDITED_RESOURCES: Final = frozenset({"auth", "keys", "me", "sessions", "webhooks", "import"})  # what changes them
AUDITED_READS: Final = frozenset({"export"})  # takes content away, although it changes nothing
SIGNED_IN_USER: Final = "signed_in_user_id"  # in the scope, once a route has signed somebody in
FIRST_REFUSED_STATUS: Final = 400


class AuditedRoutes:
    """Records each request to an audited route with its outcome, after it was answered."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def audited(scope: Any, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not _is_audited(scope["method"], scope["path_template"]):
                return await app(scope, receive, send)
            status = 500

            async def send_message(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                return await app(scope, receive, send_message)
            finally:
                self._log.start_recording(_act_of(scope, status))

        return audited


def _is_audited(method: str, template: str) -> bool:
    resource = template.removeprefix(GATEWAY_PREFIX).split("/")[1]
    return resource in AUDITED_READS or (method != "GET" and resource in AUDITED_RESOURCES)


def _act_of(scope: Any, status: int) -> AuditedAct:
    """Returns the act of a request. Where nobody is signed in, not even by the request, it is one of the system."""
    caller: Caller | None = scope.get("caller")
    user_id = caller.user_id if caller is not None else scope.get(SIGNED_IN_USER) or SYSTEM_USER_ID
    client = scope.get("client")
    template = scope["path_template"].removeprefix(GATEWAY_PREFIX).replace(":str}", "}")
    return AuditedAct(
        user_id=user_id,
        who="somebody" if user_id == SYSTEM_USER_ID else user_id,
        key=caller.access.key_id if caller is not None and caller.access is not None else None,
        action=f"{scope['method']} {template}",
        target=next((str(value) for value in scope.get("path_params", {}).values()), None),
        address=client[0] if client else None,
        outcome="done" if status < FIRST_REFUSED_STATUS else f"refused ({status})",
    )
