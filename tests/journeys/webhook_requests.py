"""The requests by which bo might reach webhooks of ana's."""

from typing import Any, Final

HOOK: Final = "https://93.184.215.14/hers"
NEW_WEBHOOK: Final = {"url": HOOK, "types": ["batch.cancelled"]}  # which never happens, so that nothing is sent there
WEBHOOK_REQUESTS: Final[list[tuple[str, str, Any]]] = [
    ("GET /webhooks/{id}", "/webhooks/{webhook}", None),
    ("PATCH /webhooks/{id}", "/webhooks/{webhook}", {"types": ["*"]}),
    ("DELETE /webhooks/{id}", "/webhooks/{webhook}", None),
    ("POST /webhooks/{id}/test", "/webhooks/{webhook}/test", None),
    ("GET /webhooks/{id}/deliveries", "/webhooks/{webhook}/deliveries", None),
    ("POST /webhooks/{id}/deliveries/{number}/retry", "/webhooks/{webhook}/deliveries/1/retry", None),
]
