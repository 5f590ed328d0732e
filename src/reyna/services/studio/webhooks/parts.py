"""The parts of webhooks, put together."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from reyna.ports.bus import Bus
from reyna.ports.store import Store
from reyna.services.studio.webhooks.access import WebhookAccess
from reyna.services.studio.webhooks.deliveries import Deliveries
from reyna.services.studio.webhooks.reactions import ReadParents, WebhookReactions
from reyna.services.studio.webhooks.sending import WebhookSending
from reyna.services.studio.webhooks.webhooks import Webhooks
from reyna.storage.idempotency import IdempotencyKeys


class WebhookParts(NamedTuple):
    webhooks: Webhooks
    deliveries: Deliveries
    sending: WebhookSending
    reactions: WebhookReactions


def build_webhook_parts(
    store: Store,
    bus: Bus,
    access: WebhookAccess,
    clock: Callable[[], datetime],
    keys: IdempotencyKeys,
    read_parents: ReadParents,
) -> WebhookParts:
    webhooks = Webhooks(store, access.secrets, access.client, clock, keys)
    deliveries = Deliveries(store, webhooks, clock)
    sending = WebhookSending(store, webhooks, deliveries, access.client, clock)
    return WebhookParts(webhooks, deliveries, sending, WebhookReactions(store, bus, webhooks, deliveries, read_parents))
