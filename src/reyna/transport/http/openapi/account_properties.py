"""Descriptions of the properties of accounts and API keys."""

from collections.abc import Mapping
from typing import Final

BUCKETS: Final = "The key reaches only what is in these buckets or below them; null for everything."
SCOPES: Final = "`read`; `write` and `processors`, which both include `read`; `admin`, which includes all."

ACCOUNT_PROPERTIES: Final[Mapping[str, str]] = {
    "hint": "How the key begins, to tell keys apart.",
    "grace_ends_at": "Until then the text before the last rotation is good, too; null when it is not.",
    "grace_seconds": "The time for which the text before the rotation is still good: 0 for none, at most 30 days.",
    "last_used_at": "The time of the last use, right to the minute; null when it was never used.",
    "rotated_at": "The time of the last rotation; null for none.",
    "IssuedKey.key": "The text of the key, which is shown this once.",
    **{f"{noun}.scopes": SCOPES for noun in ("NewKey", "KeyInfo", "IssuedKey")},
    **{f"{noun}.buckets": BUCKETS for noun in ("NewKey", "KeyInfo", "IssuedKey")},
    **{f"{noun}.expires_at": "The time from which it is refused; null for never." for noun in ("NewKey", "KeyInfo")},
    "IssuedKey.expires_at": "The time from which it is refused; null for never.",
    "SessionInfo.current": "True for the session that asks.",
    "SessionInfo.address": "The network address that it was started from; null when it is not known.",
    "SessionInfo.agent": "The browser or program that started it, as it names itself; null when it does not.",
    "SessionInfo.last_used_at": "The time of the last use, right to ten minutes; null when it was not used yet.",
    "SessionInfo.expires_at": "The time at which it ends.",
    "AuditItem.at": "The time of the act.",
    "AuditItem.who": "Who did it.",
    "AuditItem.key": "The API key that was used; null for a session.",
    "AuditItem.action": "The route that was called.",
    "AuditItem.target": "What it was done to; null for nothing by itself.",
    "AuditItem.from": "The network address that it came from; null when it is not known.",
    "AuditItem.outcome": "`done`, or `refused` with the status.",
    "AuditItem.hash": "The seal of the entry and of all before it.",
    "limited_to": "The buckets of the API key that requested the run: it reads nothing else. Null without a limit.",
}

_WEBHOOK: Final[Mapping[str, str]] = {
    "url": "The URL that events are posted to.",
    "types": "Filters of event types, such as `blob.*`; `*` is every type.",
    "bucket_ids": "Only events in these buckets and all that is below them; null for all.",
    "description": "A few sentences for people.",
    "enabled": "False while nothing is sent to it.",
    "secret": "The secret of the signatures: `whsec_` and 24 to 64 bytes in base64. It is shown when it was created.",
    "failing_since": "The first failure since the last delivery that succeeded; null for none.",
    "disabled_reason": "Why the studio has switched it off; null when it has not.",
}
_SHOWN: Final = tuple(_WEBHOOK)
WEBHOOK_PROPERTIES: Final[Mapping[str, str]] = {
    **{
        f"{noun}.{name}": _WEBHOOK[name]
        for noun, names in {
            "Webhook": [name for name in _SHOWN if name != "secret"],
            "CreatedWebhook": _SHOWN,
            "NewWebhook": ["url", "types", "bucket_ids", "description", "secret"],
            "WebhookChange": ["url", "types", "bucket_ids", "description", "enabled", "secret"],
        }.items()
        for name in names
    },
    "WebhookDelivery.number": "The number of the delivery among those of its webhook, from 1.",
    "WebhookDelivery.webhook_id": "The webhook.",
    "WebhookDelivery.event_id": "The event, which is also the header `webhook-id`.",
    "WebhookDelivery.type": "The type of the event.",
    "WebhookDelivery.status": "`pending` until it is delivered, or given up (`failed`).",
    "WebhookDelivery.attempt_count": "The number of attempts since it was requested.",
    "WebhookDelivery.attempts": "The latest attempts, the oldest first.",
    "WebhookDelivery.next_attempt_at": "The time of the next attempt; null when there is none.",
    "WebhookDelivery.body": "The body of the request.",
    "WebhookDelivery.finished_at": "The time at which it was delivered or given up.",
    "DeliveryAttempt.at": "The time at which it began.",
    "DeliveryAttempt.status": "The status of the response; null when there was none.",
    "DeliveryAttempt.error": "What went wrong before there was a response; null for nothing.",
    "DeliveryAttempt.response": "The beginning of the body of the response.",
    "DeliveryAttempt.seconds": "The time until the response.",
}
