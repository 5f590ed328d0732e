"""The reaction of webhooks to events: one durable subscription for all of them, whoever they belong to."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Refusal
from reyna.domain.event import DECODER, EVENT_SUBJECTS, LIVE_SUBJECTS, Event
from reyna.domain.webhooks.webhook import StoredWebhook
from reyna.ports.bus import Bus, Delivery, ReceivedMessage, RetryLater, Subscription
from reyna.ports.store import Store
from reyna.services.studio.events.feed import MAX_CLOCK_DIFFERENCE
from reyna.services.studio.events.filters import parse_type_filter
from reyna.services.studio.gateway.bucket_tree import BucketTree
from reyna.services.studio.gateway.frames import build_frame
from reyna.services.studio.records import WEBHOOKS
from reyna.services.studio.webhooks.deliveries import Deliveries
from reyna.services.studio.webhooks.webhooks import Webhooks

CONSUMER: Final = "studio-webhooks"
MAX_PARALLEL_EVENTS: Final = 16
MAX_CACHED_USERS: Final = 10_000
CONFLICT_SECONDS: Final = 1.0
ReadParents = Callable[[Caller], Awaitable[dict[str, str | None]]]
log: Final = structlog.get_logger("reyna.services.studio.webhooks")


class EventOwner(msgspec.Struct, frozen=True):
    """The user that an event belongs to."""

    userid: str


OWNER_DECODER: Final = msgspec.json.Decoder(EventOwner)


class WebhookReactions:
    """Creates the deliveries of each event. The enabled webhooks of a user are read once, and again after a change."""

    def __init__(
        self, store: Store, bus: Bus, webhooks: Webhooks, deliveries: Deliveries, read_parents: ReadParents
    ) -> None:
        self._store, self._bus, self._deliveries, self.read_parents = store, bus, deliveries, read_parents
        self._enabled: dict[str, tuple[StoredWebhook, ...]] = {}  # by user
        self._changes = 0  # counts invalidations: what was asked for before one may be old
        self._subscriptions: list[Subscription] = []
        bus.on_reconnect(self._forget_all)
        webhooks.on_change = self._forget

    async def start(self) -> None:
        for type in ("changed", "disabled"):
            self._subscriptions.append(
                await self._bus.listen(f"{LIVE_SUBJECTS}.*.webhook.{type}", self._on_webhook_changed)
            )
        self._subscriptions.append(
            await self._bus.subscribe(
                "EVENTS",
                CONSUMER,
                f"{EVENT_SUBJECTS}.>",
                self._on_event,
                parallel=MAX_PARALLEL_EVENTS,
                is_ignored=self.is_ignored,
            )
        )

    async def stop(self) -> None:
        for subscription in reversed(self._subscriptions):
            await subscription.stop()

    async def handle(self, event: Event, body: bytes) -> None:
        """Creates the deliveries of an event. Raises Fault and Conflict; then it may be repeated."""
        for webhook in await self._webhooks_of(event.userid):
            if event.time < webhook.created_at - MAX_CLOCK_DIFFERENCE:  # published again, after a loss or a restore
                continue
            if parse_type_filter(webhook.types, "/types").matches(event.type) and await self._concerns(webhook, event):
                await self._deliveries.create(webhook, event, body)

    def is_ignored(self, body: bytes) -> bool:
        """Returns True for an event of a user who is known to have no webhook, as nearly all are."""
        try:
            return self._enabled.get(OWNER_DECODER.decode(body).userid) == ()
        except msgspec.MsgspecError:
            return False  # the handler reports it

    async def _on_event(self, delivery: Delivery) -> None:
        try:
            await self.handle(DECODER.decode(delivery.body), delivery.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
        except Conflict as conflict:
            raise RetryLater(CONFLICT_SECONDS) from conflict
        except Refusal as refusal:
            log.warning("an event was not delivered to webhooks", subject=delivery.subject, **refusal.problem())

    async def _webhooks_of(self, user_id: str) -> tuple[StoredWebhook, ...]:
        if (known := self._enabled.get(user_id)) is not None:
            return known
        before = self._changes
        found = tuple(webhook for webhook in await self._store.find(WEBHOOKS, user_id) if webhook.enabled)
        if before == self._changes:
            if len(self._enabled) >= MAX_CACHED_USERS:
                del self._enabled[next(iter(self._enabled))]
            self._enabled[user_id] = found
        return found

    async def _concerns(self, webhook: StoredWebhook, event: Event) -> bool:
        """Returns whether an event is about one of the webhook's buckets or something below, as on the WebSocket."""
        if webhook.bucket_ids is None:
            return True
        frame = build_frame(ReceivedMessage("", event.message().body, 1), "")
        if not frame.buckets:
            return False
        wanted = frozenset(webhook.bucket_ids)
        if not wanted.isdisjoint(frame.buckets):
            return True
        tree, caller = BucketTree(), Caller(user_id=webhook.user_id, kind="house")
        await tree.load(lambda: self.read_parents(caller))
        return tree.concerns(frame, wanted)

    def _on_webhook_changed(self, received: ReceivedMessage) -> None:
        self._forget(received.subject.split(".")[2])

    def _forget(self, user_id: str) -> None:
        self._changes += 1
        self._enabled.pop(user_id, None)

    def _forget_all(self) -> None:
        self._changes += 1
        self._enabled.clear()
