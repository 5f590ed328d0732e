"""The events and messages that the processor service reacts to: blobs to route, beats, progress, ended runs."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Fault, NotSignedIn, Refusal
from reyna.domain.event import DECODER, EVENT_SUBJECTS, LIVE_SUBJECTS, Event
from reyna.domain.processing.processor import BEAT_SUBJECTS, Beat
from reyna.ports.bus import Bus, Delivery, ReceivedMessage, RetryLater, Subscription, retry_delay_seconds
from reyna.services.processors.dispatch.admission import DISPATCH_SUBJECTS
from reyna.services.processors.dispatch.queues import DispatchNotice
from reyna.services.processors.runs.lifecycle import STORING_SECONDS
from reyna.services.processors.service import Processors

MAX_PARALLEL_EVENTS: Final = 8  # routed by one copy; each waits for other services most of the time
SETTLE_SECONDS: Final = 5.0  # without a change, after which a note counts as written for the time being
MAX_REPLAYED_EVENTS: Final = 50_000  # that are read again at the start, to know the health before it
FOREIGN_END_SECONDS: Final = 0.25  # after the event of a run of another copy, until this one admits the next run
NOTICE_DECODER: Final = msgspec.json.Decoder(DispatchNotice)
BEAT_DECODER: Final = msgspec.json.Decoder(Beat)
log: Final = structlog.get_logger("reyna.services.processors")


class Reactions:
    """Routes each new blob in one of all copies of the service; records beats and run events in every copy."""

    def __init__(self, processors: Processors, bus: Bus) -> None:
        self._processors, self._bus = processors, bus
        self._subscriptions: list[Subscription] = []
        self._held_back: list[ReceivedMessage] | None = []  # until the history is replayed
        self._replaying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._subscriptions = [
            await self._bus.listen(f"{BEAT_SUBJECTS}.*", self._on_beat),
            await self._bus.listen(f"{DISPATCH_SUBJECTS}.*", self._on_admission),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.processor.*.*", self._on_live_event),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.instance.changed", self._on_instance_changed),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.spending-cap.changed", self._on_cap_changed),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.processor.registered", self._on_instance_changed),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.processor.removed", self._on_instance_changed),
            await self._bus.subscribe(
                "EVENTS",
                "processors",
                f"{EVENT_SUBJECTS}.*.blob.created.>",
                self._route,
                parallel=MAX_PARALLEL_EVENTS,
                is_ignored=self._processors.router.is_ignored,
            ),
            await self._bus.subscribe(
                "EVENTS",
                "processors-updated",
                f"{EVENT_SUBJECTS}.*.blob.updated.>",
                self._route_when_settled,
                parallel=MAX_PARALLEL_EVENTS,
                is_ignored=self._processors.router.is_ignored,
            ),
            await self._bus.subscribe(
                "EVENTS", "processors-discarded", f"{EVENT_SUBJECTS}.*.processor.discarded.>", self._on_letter_discarded
            ),
            await self._bus.subscribe(
                "EVENTS", "processors-instances", f"{EVENT_SUBJECTS}.*.instance.changed", self._on_instance_off
            ),
            await self._bus.subscribe(
                "EVENTS", "processors-purged", f"{EVENT_SUBJECTS}.*.blob.purged.>", self._on_blob_purged
            ),
            await self._bus.subscribe(
                "EVENTS", "processors-removed", f"{EVENT_SUBJECTS}.*.processor.removed", self._on_processor_removed
            ),
        ]
        self._replaying = asyncio.create_task(self._replay_history())

    async def stop(self) -> None:
        for subscription in reversed(self._subscriptions):
            await subscription.stop()
        if self._replaying is not None:
            self._replaying.cancel()
            with suppress(asyncio.CancelledError):
                await self._replaying

    async def wait_until_caught_up(self) -> None:
        """Returns when the events before the start are counted in the health of processors."""
        if self._replaying is not None:
            await self._replaying

    async def _route(self, delivery: Delivery) -> None:
        # An event that is unreadable or refused today is so tomorrow. Worth another delivery are only a fault, and
        # NotSignedIn: this service is unknown to its neighbours until somebody corrects a secret.
        try:
            await self._processors.router.route(DECODER.decode(delivery.body))
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
        except NotSignedIn as refusal:
            log.error("event waits to be routed", subject=delivery.subject, **refusal.problem())
            raise RetryLater(retry_delay_seconds(delivery.attempt)) from refusal
        except Refusal as refusal:
            log.warning("event was not routed", subject=delivery.subject, **refusal.problem())

    async def _route_when_settled(self, delivery: Delivery) -> None:
        """Routes a changed blob once its writer pauses: a note is saved several times a second while it is written."""
        router = self._processors.router
        try:
            event = DECODER.decode(delivery.body)
            if not await router.has_takers(event):
                return
            if delivery.attempt == 1:
                raise RetryLater(SETTLE_SECONDS)
            if not await router.is_settled(event):
                return
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        await self._route(delivery)

    async def _on_letter_discarded(self, delivery: Delivery) -> None:
        """Removes the message of a discarded letter that a copy could not remove before it ended."""
        try:
            await self._processors.dead_letter_stream.remove_discarded(DECODER.decode(delivery.body))
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))

    async def _on_instance_off(self, delivery: Delivery) -> None:
        """Cancels the waiting runs of an instance that was switched off, which a copy could not before it ended."""
        event = _read_event(delivery)
        if event is not None and not event.data.get("enabled"):
            owner = Caller(user_id=event.userid, kind="house")
            instance_id, processor_id = str(event.data.get("instance_id")), str(event.data.get("processor"))
            await self._processors.waiting_runs.cancel(owner, instance_id, processor_id)

    async def _on_blob_purged(self, delivery: Delivery) -> None:
        """Ends the runs of a purged blob, and deletes the texts of it that runs have kept."""
        if (event := _read_event(delivery)) is not None:
            blob_id, parent_id = str(event.data.get("blob_id")), event.data.get("parent_id")
            if not await self._processors.purged_content.delete(event.userid, blob_id, parent_id):
                raise RetryLater(STORING_SECONDS)

    async def _on_processor_removed(self, delivery: Delivery) -> None:
        """Cancels the runs of a removed processor that a copy could not cancel before it ended, or that were storing
        their output at that moment."""
        if (event := _read_event(delivery)) is not None:
            owner = Caller(user_id=event.userid, kind="house")
            if not await self._processors.removal.clean_up(owner, str(event.data.get("processor"))):
                raise RetryLater(STORING_SECONDS)

    def _on_instance_changed(self, received: ReceivedMessage) -> None:
        """Drops what is cached of a user whose instances changed, or of all users when a processor of the
        system registered."""
        user_id = received.subject.split(".")[2]
        self._processors.instance_cache.invalidate(None if user_id == SYSTEM_USER_ID else user_id)
        if received.subject.endswith(".processor.registered"):
            self._processors.queues.forget_limits()

    def _on_cap_changed(self, received: ReceivedMessage) -> None:
        self._processors.cap_cache.invalidate(received.subject.split(".")[2])

    def _on_beat(self, received: ReceivedMessage) -> None:
        try:
            beat = BEAT_DECODER.decode(received.body)
        except msgspec.MsgspecError as error:
            log.warning("beat cannot be read", subject=received.subject, error=str(error))
            return
        if received.subject != f"{BEAT_SUBJECTS}.{beat.processor_id}":  # NATS lets a worker send its own beats only
            log.warning("beat of another processor", subject=received.subject, processor=beat.processor_id)
            return
        self._processors.worker_health.record_beat(beat)
        self._processors.admission.fill_soon(beat.processor_id)  # there may be a new worker

    def _on_admission(self, received: ReceivedMessage) -> None:
        try:
            self._processors.queues.record_admission(NOTICE_DECODER.decode(received.body))
        except msgspec.MsgspecError as error:
            log.warning("notice of an admission cannot be read", subject=received.subject, error=str(error))

    def _on_live_event(self, received: ReceivedMessage) -> None:
        if received.sequence is None:  # progress: not stored, and many times as frequent as all the rest
            if received.subject.split(".")[4] == "progress":
                self._on_progress(received)
            return
        self._processors.work_signals.record_subject(received.subject)
        if (event := _read_event(received)) is None:
            return
        if self._held_back is not None:  # only the health of processors depends on the order
            self._held_back.append(received)
        else:
            self._processors.worker_health.record_event(event)
        self._processors.progress.record_event(event)
        self._processors.queues.record_event(event)
        self._processors.lease_watch.record_event(event)
        # The copy that wrote the end has admitted the next run by then, unless it is gone.
        self._processors.admission.fill_later(event.type.rpartition(".")[2], FOREIGN_END_SECONDS)

    def _on_progress(self, received: ReceivedMessage) -> None:
        try:
            self._processors.progress.record_report(received.subject.split(".")[2], received.body)
        except msgspec.MsgspecError as error:
            log.warning("progress cannot be read", subject=received.subject, error=str(error))

    def _record_health(self, received: ReceivedMessage) -> None:
        if (event := _read_event(received)) is not None:
            self._processors.worker_health.record_event(event)

    async def _replay_history(self) -> None:
        """Records the latest events of the stream, then those that were held back, each once and in order."""
        read = 0
        try:
            position = await self._bus.position()
            after = max(position.first - 1, position.last - MAX_REPLAYED_EVENTS)
            async for received in self._bus.replay(
                f"{EVENT_SUBJECTS}.*.processor.*.*", after=after, until=position.last
            ):
                self._record_health(received)
            read = position.last
        except Fault as fault:
            log.warning("the health of processors starts without a history", error=fault.detail)
        finally:
            held_back, self._held_back = self._held_back or [], None
            for received in held_back:
                if received.sequence is not None and received.sequence > read:
                    self._record_health(received)


def _read_event(message: Delivery | ReceivedMessage) -> Event | None:
    """Returns the event, or None for one that cannot be read, which another delivery would not change."""
    try:
        event: Event = DECODER.decode(message.body)
    except msgspec.MsgspecError as error:
        log.error("event cannot be read", subject=message.subject, error=str(error))
        return None
    return event
