"""The events that bring batches on: the ends of their runs, and their own cancellation."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn, Refusal
from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event
from reyna.domain.processing.run import ENDED
from reyna.ports.bus import Bus, Delivery, RetryLater, Subscription, retry_delay_seconds
from reyna.services.processors.pipelines.batch_advance import BatchAdvance
from reyna.services.processors.pipelines.batches import Batches

MAX_PARALLEL_EVENTS: Final = 8  # handled by one copy; each waits for the store and the state service
BATCH_MARK: Final = b'"batch_id":'  # in the event of every run of a batch
log: Final = structlog.get_logger("reyna.services.processors")


class BatchReactions:
    """Handles each event in one of all copies of the service; handling it again changes nothing."""

    def __init__(self, advance: BatchAdvance, batches: Batches, bus: Bus) -> None:
        self._advance, self._batches, self._bus = advance, batches, bus
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        for status in sorted(ENDED):
            subject = f"{EVENT_SUBJECTS}.*.processor.{status}.*"
            await self._subscribe(f"processors-batches-{status}", subject, self._on_run_ended)
        await self._subscribe("processors-batches", f"{EVENT_SUBJECTS}.*.batch.cancelled", self._on_cancelled)

    async def stop(self) -> None:
        for subscription in reversed(self._subscriptions):
            await subscription.stop()

    async def _subscribe(self, name: str, subject: str, react: Callable[[Event], Awaitable[None]]) -> None:
        async def handle(delivery: Delivery) -> None:
            await _handle(delivery, react)

        subscription = await self._bus.subscribe(
            "EVENTS", name, subject, handle, parallel=MAX_PARALLEL_EVENTS, is_ignored=is_of_no_batch
        )
        self._subscriptions.append(subscription)

    async def _on_run_ended(self, event: Event) -> None:
        run_id, batch_id = event.data.get("run_id"), event.data.get("batch_id")
        if isinstance(run_id, str) and isinstance(batch_id, str):
            await self._advance.on_run_ended(_owner_of(event), run_id, batch_id)

    async def _on_cancelled(self, event: Event) -> None:
        """Cancels the runs of a cancelled batch that a copy could not cancel before it ended."""
        await self._batches.cancel_open_runs(_owner_of(event), str(event.data.get("batch_id")))


def is_of_no_batch(body: bytes) -> bool:
    """Returns True for the event of a run that belongs to no batch, as most do."""
    return BATCH_MARK not in body


async def _handle(delivery: Delivery, react: Callable[[Event], Awaitable[None]]) -> None:
    try:
        await react(DECODER.decode(delivery.body))
    except msgspec.MsgspecError as error:
        log.error("event cannot be read", subject=delivery.subject, error=str(error))
    except NotSignedIn as refusal:  # this service is unknown to its neighbours until somebody corrects a secret
        raise RetryLater(retry_delay_seconds(delivery.attempt)) from refusal
    except Refusal as refusal:
        log.warning("batch did not go on", subject=delivery.subject, **refusal.problem())


def _owner_of(event: Event) -> Caller:
    return Caller(user_id=event.userid, kind="house")
