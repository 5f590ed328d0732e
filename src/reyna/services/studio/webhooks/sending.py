"""The sending of deliveries: one task for each webhook that has some, so that a receiver delays nobody else's."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec.structs import replace

from reyna import __version__
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Invalid, NotFound
from reyna.domain.webhooks.delivery import DeliveryAttempt, StoredDelivery
from reyna.domain.webhooks.webhook import StoredWebhook
from reyna.ports.store import Delete, Put, RequirementNotMet, Store
from reyna.services.studio.records import DELIVERIES, WEBHOOKS
from reyna.services.studio.webhooks.back_off import is_given_up, next_attempt_at
from reyna.services.studio.webhooks.deliveries import Deliveries
from reyna.services.studio.webhooks.http_client import PostWebhook, WebhookReply
from reyna.services.studio.webhooks.signing import sign
from reyna.services.studio.webhooks.webhooks import Webhooks
from reyna.storage.user_pages import user_pages

PARALLEL_ATTEMPTS: Final = 8  # to one webhook
CLAIM: Final = timedelta(seconds=60)  # longer than an attempt may take; then another copy may try it
MAX_LOGGED_ATTEMPTS: Final = 20
SWEEP_SECONDS: Final = 60.0  # between two looks for what another copy has left behind
RETENTION: Final = timedelta(days=30)
MAX_DELETED: Final = 200  # deliveries, in one look at a webhook
GONE: Final = 410
log: Final = structlog.get_logger("reyna.services.studio.webhooks")


class WebhookSending:
    """Sends pending deliveries when they are due, and records what became of them."""

    def __init__(
        self,
        store: Store,
        webhooks: Webhooks,
        deliveries: Deliveries,
        client: PostWebhook,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._webhooks, self._client, self._clock = store, webhooks, client, clock
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by webhook
        self._wake_ups: dict[str, asyncio.Event] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._runs = False
        deliveries.on_pending = self.wake

    async def start(self) -> None:
        self._runs = True
        self._sweeping = asyncio.create_task(self._sweep_repeatedly(), name="webhooks")

    async def stop(self) -> None:
        """Ends attempts under way: they are repeated after the next start."""
        self._runs = False
        tasks = [*self._tasks.values(), *([self._sweeping] if self._sweeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    def wake(self, delivery: StoredDelivery) -> None:
        """Sends what is due to the webhook of this delivery, in the background."""
        self._begin(delivery.user_id, delivery.webhook_id)

    async def sweep(self) -> None:
        """Begins with what is pending of every webhook, and deletes old deliveries. Raises Fault."""
        async for users in user_pages(self._store):
            for user_id in users:
                for webhook in await self._store.find(WEBHOOKS, user_id):
                    await self._delete_expired(webhook)
                    if webhook.enabled:
                        self._begin(user_id, webhook.id)

    async def send_due(self, user_id: str, webhook_id: str) -> datetime | None:
        """Sends what is due to a webhook, and returns when the next delivery is; None when there is none. Raises
        Fault."""
        try:
            webhook = await self._webhooks.get_stored(user_id, webhook_id)
        except NotFound:
            return None
        pending = await self._store.find(
            DELIVERIES,
            user_id,
            {"webhook_id": webhook_id, "status": "pending"},
            order=("due_at",),
            limit=PARALLEL_ATTEMPTS,
        )
        if not pending or not webhook.enabled:
            return None
        now = self._clock()
        due = [delivery for delivery in pending if delivery.due_at <= now]
        if not due:
            return pending[0].due_at
        replies = await asyncio.gather(*(self._attempt(webhook, delivery) for delivery in due))
        await self._record_health(webhook, [reply for reply in replies if reply is not None])
        return now

    def _begin(self, user_id: str, webhook_id: str) -> None:
        if not self._runs:
            return
        if webhook_id in self._tasks:
            self._wake_ups[webhook_id].set()
            return
        self._wake_ups[webhook_id] = asyncio.Event()
        task = asyncio.create_task(self._run(user_id, webhook_id), name=f"webhook {webhook_id}")
        self._tasks[webhook_id] = task
        task.add_done_callback(lambda _: self._forget(webhook_id))

    def _forget(self, webhook_id: str) -> None:
        self._tasks.pop(webhook_id, None)
        self._wake_ups.pop(webhook_id, None)

    async def _run(self, user_id: str, webhook_id: str) -> None:
        wake_up = self._wake_ups[webhook_id]
        while True:
            wake_up.clear()
            try:
                due_at = await self.send_due(user_id, webhook_id)
            except Fault as fault:
                log.info("a webhook waits", webhook=webhook_id, error=fault.detail)
                return  # until the next sweep
            except Exception:
                log.exception("a webhook waits", webhook=webhook_id)
                return
            if due_at is None and not wake_up.is_set():
                return
            seconds = 0.0 if due_at is None else (due_at - self._clock()).total_seconds()
            if seconds > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(seconds, SWEEP_SECONDS)):
                        await wake_up.wait()

    async def _sweep_repeatedly(self) -> None:
        while True:
            try:
                await self.sweep()
            except Fault as fault:
                log.info("webhooks are looked at again later", error=fault.detail)
            except Exception:
                log.exception("webhooks could not be looked at")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _attempt(self, webhook: StoredWebhook, delivery: StoredDelivery) -> WebhookReply | None:
        """Sends a delivery and records the result; returns None when another copy does."""
        begun = replace(
            delivery,
            attempt_count=delivery.attempt_count + 1,
            due_at=self._clock() + CLAIM,
            revision=delivery.revision + 1,
        )
        if not await self._put(begun, delivery.revision):
            return None
        at = self._clock()
        reply = await self._post(webhook, delivery, at)
        await self._put(_finished(begun, reply, at, self._clock()), begun.revision)
        return reply

    async def _post(self, webhook: StoredWebhook, delivery: StoredDelivery, at: datetime) -> WebhookReply:
        try:
            secret = self._webhooks.secret_of(webhook)
        except Invalid as invalid:
            return WebhookReply(0.0, error=invalid.detail)
        body, timestamp = delivery.body.encode(), int(at.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": f"ReYNa-Studio/{__version__}",
            "webhook-id": delivery.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secret, delivery.event_id, timestamp, body),
        }
        return await self._client.post(webhook.url, body, headers)

    async def _record_health(self, webhook: StoredWebhook, replies: list[WebhookReply]) -> None:
        """Notes since when a webhook fails, and disables one that has failed for days, or is gone by its own word."""
        if not replies:
            return
        now, is_gone = self._clock(), any(reply.status == GONE for reply in replies)
        if any(is_success(reply) for reply in replies):
            changed = replace(webhook, failing_since=None)
        elif is_gone or is_given_up(webhook.failing_since, now):
            reason = "The receiver answered 410 Gone." if is_gone else "Nothing could be delivered for days."
            changed = replace(webhook, enabled=False, disabled_reason=reason)
        else:
            changed = replace(webhook, failing_since=webhook.failing_since or now)
        if changed == webhook:
            return
        changed = replace(changed, revision=webhook.revision + 1, updated_at=now)
        system = Caller(user_id=webhook.user_id, kind="house")
        event = changed.changed_event(system) if changed.enabled else changed.disabled_event(system)
        with suppress(RequirementNotMet):  # its user changed it at this moment
            await self._store.write(Put(WEBHOOKS, changed, expects=webhook.revision), messages=[event.message()])

    async def _put(self, delivery: StoredDelivery, expects: int) -> bool:
        try:
            await self._store.write(Put(DELIVERIES, delivery, expects=expects))
        except RequirementNotMet:
            return False
        return True

    async def _delete_expired(self, webhook: StoredWebhook) -> None:
        where = {"webhook_id": webhook.id}
        oldest = await self._store.find(DELIVERIES, webhook.user_id, where, order=("number",), limit=MAX_DELETED)
        before = self._clock() - RETENTION
        expired = [one for one in oldest if one.created_at < before]
        with suppress(RequirementNotMet):  # another copy deletes the same
            if expired:
                await self._store.write(*(Delete(DELIVERIES, one.user_id, one.id) for one in expired))


def is_success(reply: WebhookReply) -> bool:
    return reply.status is not None and 200 <= reply.status < 300


def _finished(delivery: StoredDelivery, reply: WebhookReply, at: datetime, now: datetime) -> StoredDelivery:
    """Returns a delivery after an attempt."""
    attempt = DeliveryAttempt(
        at=at, status=reply.status, error=reply.error, response=reply.text or None, seconds=reply.seconds
    )
    attempts = (*delivery.attempts, attempt)[-MAX_LOGGED_ATTEMPTS:]
    again_at = None if is_success(reply) or reply.status == GONE else next_attempt_at(delivery.attempt_count, now)
    return replace(
        delivery,
        status="pending" if again_at else "delivered" if is_success(reply) else "failed",
        attempts=attempts,
        due_at=again_at or delivery.due_at,
        finished_at=None if again_at else now,
        revision=delivery.revision + 1,
    )
