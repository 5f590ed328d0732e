"""Descriptions of the properties of webhooks."""

from collections.abc import Mapping
from typing import Final

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
