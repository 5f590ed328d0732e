"""Deliveries: one event on its way to one webhook, with the log of its attempts."""

from datetime import datetime
from typing import Literal

import msgspec

DeliveryStatus = Literal["pending", "delivered", "failed"]


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: the status of the response and the beginning of its body, or what went wrong before there was one.

    `seconds` is the time until the response.
    """

    at: datetime
    status: int | None = None
    error: str | None = None
    response: str | None = None
    seconds: float


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as its user sees it; `number` counts those of its webhook from 1."""

    number: int
    webhook_id: str
    event_id: str
    type: str
    status: DeliveryStatus
    attempt_count: int
    attempts: tuple[DeliveryAttempt, ...]
    next_attempt_at: datetime | None
    body: str
    created_at: datetime
    finished_at: datetime | None


class StoredDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as it is stored; `body` is the request. A pending one is due at `due_at`, which an attempt that begins
    puts off, so that two copies of the studio do not send it at once."""

    id: str
    user_id: str
    webhook_id: str
    number: int
    event_id: str
    type: str
    body: str
    status: DeliveryStatus = "pending"
    attempt_count: int = 0
    attempts: tuple[DeliveryAttempt, ...] = ()
    due_at: datetime
    revision: int = 1
    created_at: datetime
    finished_at: datetime | None = None

    def public_view(self) -> WebhookDelivery:
        return WebhookDelivery(
            number=self.number,
            webhook_id=self.webhook_id,
            event_id=self.event_id,
            type=self.type,
            status=self.status,
            attempt_count=self.attempt_count,
            attempts=self.attempts,
            next_attempt_at=self.due_at if self.status == "pending" else None,
            body=self.body,
            created_at=self.created_at,
            finished_at=self.finished_at,
        )


def delivery_id(webhook_id: str, number: int) -> str:
    return f"{webhook_id}-{number:012}"
