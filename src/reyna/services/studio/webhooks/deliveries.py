"""The deliveries of webhooks: created once for an event, listed, and tried again on request."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.event import ENCODER, Event
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.webhooks.delivery import StoredDelivery, WebhookDelivery, delivery_id
from reyna.domain.webhooks.webhook import StoredWebhook
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.studio.records import DELIVERIES
from reyna.services.studio.webhooks.webhooks import Webhooks

MAX_NUMBER_ATTEMPTS: Final = 20  # several copies number the deliveries of one webhook at the same moment
OnDelivery = Callable[[StoredDelivery], None]


class Deliveries:
    """The log of deliveries. `on_pending` is called with each that is to be sent."""

    def __init__(self, store: Store, webhooks: Webhooks, clock: Callable[[], datetime]) -> None:
        self._store, self._webhooks, self._clock = store, webhooks, clock
        self.on_pending: OnDelivery = lambda delivery: None

    async def list(
        self, caller: Caller, webhook_id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[WebhookDelivery]:
        """Returns one page of the deliveries to a webhook, newest first. Raises NotFound."""
        await self._webhooks.get(caller, webhook_id)
        found = await self._find_latest(caller.user_id, webhook_id, decode_cursor(cursor, int, str), limit)
        items, last = found[:limit], found[limit - 1] if len(found) > limit else None
        next_cursor = encode_cursor(last.number, last.id) if last else None
        return Page(items=tuple(one.public_view() for one in items), next_cursor=next_cursor)

    async def retry(self, caller: Caller, webhook_id: str, number: int) -> WebhookDelivery:
        """Sends a delivery again now, whatever became of it. Raises NotFound, and Conflict for a webhook that is
        disabled."""
        webhook = await self._webhooks.get_stored(caller.user_id, webhook_id)
        _check_enabled(webhook)
        delivery = await self._store.get(DELIVERIES, caller.user_id, delivery_id(webhook_id, number))
        if delivery is None:
            raise NotFound("There is no such delivery of this webhook.", number=number)
        due = replace(
            delivery,
            status="pending",
            attempt_count=0,
            due_at=self._clock(),
            finished_at=None,
            revision=delivery.revision + 1,
        )
        try:
            await self._store.write(Put(DELIVERIES, due, expects=delivery.revision))
        except RequirementNotMet:
            raise Conflict("This delivery is being sent at this moment.", number=number) from None
        self.on_pending(due)
        return due.public_view()

    async def test(self, caller: Caller, webhook_id: str) -> WebhookDelivery:
        """Sends an event of the type `webhook.test` to this webhook alone. Raises NotFound, and Conflict for a webhook
        that is disabled."""
        webhook = await self._webhooks.get_stored(caller.user_id, webhook_id)
        _check_enabled(webhook)
        event = Event.now("webhook.test", caller, {"webhook_id": webhook_id}, about=webhook_id)
        return (await self._put_new(webhook, event, ENCODER.encode(event))).public_view()

    async def create(self, webhook: StoredWebhook, event: Event, body: bytes) -> None:
        """Creates the delivery of an event, unless this was done before. No verb: its first parameter is no caller."""
        where = {"webhook_id": webhook.id, "event_id": event.id}
        if not await self._store.find(DELIVERIES, webhook.user_id, where, limit=1):
            await self._put_new(webhook, event, body)

    async def _put_new(self, webhook: StoredWebhook, event: Event, body: bytes) -> StoredDelivery:
        now = self._clock()
        for _ in range(MAX_NUMBER_ATTEMPTS):
            latest = await self._find_latest(webhook.user_id, webhook.id, None, 1)
            number = latest[0].number + 1 if latest else 1
            delivery = StoredDelivery(
                id=delivery_id(webhook.id, number),
                user_id=webhook.user_id,
                webhook_id=webhook.id,
                number=number,
                event_id=event.id,
                type=event.type,
                body=body.decode(),
                due_at=now,
                created_at=now,
            )
            try:
                await self._store.write(Put(DELIVERIES, delivery))
            except RequirementNotMet:
                continue
            self.on_pending(delivery)
            return delivery
        raise Conflict("Too many deliveries to this webhook begin at this moment. Try again.", id=webhook.id)

    async def _find_latest(
        self, user_id: str, webhook_id: str, after: Sequence[object] | None, limit: int
    ) -> Sequence[StoredDelivery]:
        return await self._store.find(
            DELIVERIES,
            user_id,
            {"webhook_id": webhook_id},
            order=("number",),
            descending=True,
            after=after,
            limit=check_limit(limit) + 1,
        )


def _check_enabled(webhook: StoredWebhook) -> None:
    if not webhook.enabled:
        raise Conflict("This webhook is disabled. Enable it first.", id=webhook.id)
