"""Webhooks: a URL of a user that is told of events, with its filters and its secret."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from reyna.domain.caller import Caller
from reyna.domain.event import Event

MAX_TYPES: Final = 100
MAX_BUCKETS: Final = 100

WebhookUrl = Annotated[str, Meta(pattern=r"^https?://[^@\s]+$", max_length=2_000)]  # without a password, which is shown
WebhookTypes = Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_TYPES)]
WebhookBuckets = Annotated[tuple[str, ...], Meta(min_length=1, max_length=MAX_BUCKETS)]
WebhookSecret = Annotated[str, Meta(max_length=200)]
Description = Annotated[str, Meta(max_length=1_000)]


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as its user sees it. `types` are filters of event types, `bucket_ids` buckets whose events count, with
    all that is below them; null for all.

    `failing_since` is the first failure since the last delivery that succeeded. `disabled_reason` says why the studio
    has switched it off.
    """

    id: str
    url: str
    types: tuple[str, ...]
    bucket_ids: tuple[str, ...] | None = None
    description: str = ""
    enabled: bool = True
    failing_since: datetime | None = None
    disabled_reason: str | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime


class CreatedWebhook(Webhook, frozen=True, kw_only=True):
    """A webhook with its secret, which is shown this once."""

    secret: str

    def __repr__(self) -> str:
        return f"CreatedWebhook({self.id!r})"


class StoredWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it is stored: with its secret encrypted."""

    id: str
    user_id: str
    url: str
    types: tuple[str, ...]
    bucket_ids: tuple[str, ...] | None = None
    description: str = ""
    enabled: bool = True
    failing_since: datetime | None = None
    disabled_reason: str | None = None
    encrypted_secret: str
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def _public_fields(self) -> dict[str, Any]:
        hidden = ("user_id", "encrypted_secret")
        return {name: value for name, value in msgspec.structs.asdict(self).items() if name not in hidden}

    def without_secret(self) -> Webhook:
        return Webhook(**self._public_fields())

    def with_secret(self, secret: str) -> CreatedWebhook:
        return CreatedWebhook(**self._public_fields(), secret=secret)

    def changed_event(self, caller: Caller, **facts: Any) -> Event:
        about = {"webhook_id": self.id, "enabled": self.enabled, "revision": self.revision}
        return Event.now("webhook.changed", caller, about | facts, about=self.id)

    def disabled_event(self, caller: Caller) -> Event:
        about = {"webhook_id": self.id, "reason": self.disabled_reason, "revision": self.revision}
        return Event.now("webhook.disabled", caller, about, about=self.id)


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to create. `secret` is `whsec_` and 24 to 64 bytes in base64; without it, one is made."""

    url: WebhookUrl
    types: tuple[str, ...] = ("*",)
    bucket_ids: WebhookBuckets | None = None
    description: Description = ""
    secret: WebhookSecret | None = None

    def __repr__(self) -> str:
        return f"NewWebhook({self.url!r})"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`bucket_ids` null is every bucket; `enabled` true also forgets earlier failures."""

    url: WebhookUrl | msgspec.UnsetType = msgspec.UNSET
    types: WebhookTypes | msgspec.UnsetType = msgspec.UNSET
    bucket_ids: WebhookBuckets | msgspec.UnsetType | None = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    secret: WebhookSecret | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return "WebhookChange(…)"
