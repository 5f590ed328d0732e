"""What the processor service hears: new blobs to route, and how processors do."""

import asyncio
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import HOUSE
from reyna.domain.errors import Fault, Refusal
from reyna.domain.event import DECODER, EVENT_SUBJECTS, LIVE_SUBJECTS, Event
from reyna.domain.processor import Beat
from reyna.ports import Bus, Delivery, Heard, Later, Subscription
from reyna.processors.health import BEAT_SUBJECTS
from reyna.processors.service import Processors

PARALLEL: Final = 8  # events routed at the same time by one copy; each waits for its neighbours most of the time
SETTLED: Final = 5.0  # seconds without a change after which a note counts as written, for the time being
LOOK_BACK: Final = 50_000  # events that are read again at the start, to know how processors did before it
BEATS: Final = msgspec.json.Decoder(Beat)
log: Final = structlog.get_logger("reyna.processors")


class Reactions:
    """Routes each new blob once among all copies; hears beats and run events in every copy."""

    def __init__(self, processors: Processors, bus: Bus) -> None:
        self._processors, self._bus = processors, bus
        self._subscriptions: list[Subscription] = []
        self._held_back: list[Heard] | None = []  # what comes in while the past is still being read
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._subscriptions = [
            await self._bus.listen(f"{BEAT_SUBJECTS}.*", self._hear_beat),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.processor.*.*", self._hear_live),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.instance.changed", self._hear_switched),
            await self._bus.listen(f"{LIVE_SUBJECTS}.*.processor.registered", self._hear_switched),
            await self._bus.subscribe(
                "EVENTS", "processors", f"{EVENT_SUBJECTS}.*.blob.created.>", self._route, parallel=PARALLEL
            ),
            await self._bus.subscribe(
                "EVENTS",
                "processors-updated",
                f"{EVENT_SUBJECTS}.*.blob.updated.>",
                self._route_when_settled,
                parallel=PARALLEL,
            ),
        ]
        self._reading = asyncio.create_task(self._read_past())

    async def stop(self) -> None:
        for subscription in reversed(self._subscriptions):
            await subscription.stop()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def caught_up(self) -> None:
        """Returns when what happened before the start is known to health."""
        if self._reading is not None:
            await self._reading

    async def _route(self, delivery: Delivery) -> None:
        # What cannot be read or is refused today is so tomorrow; only a fault is worth another delivery.
        try:
            await self._processors.router.route(DECODER.decode(delivery.body))
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
        except Refusal as refusal:
            log.warning("event was not routed", subject=delivery.subject, **refusal.problem())

    async def _route_when_settled(self, delivery: Delivery) -> None:
        """A note is saved several times a second while it is written; only where the writer pauses is it worked on."""
        router = self._processors.router
        try:
            event = DECODER.decode(delivery.body)
            if not await router.concerns_anyone(event):
                return
            if delivery.attempt == 1:
                raise Later(SETTLED)
            if not await router.is_settled(event):
                return
        except msgspec.MsgspecError as error:
            log.error("event cannot be read", subject=delivery.subject, error=str(error))
            return
        await self._route(delivery)

    def _hear_switched(self, heard: Heard) -> None:
        """Somebody switched something, here or in another copy; a processor that registered concerns everyone."""
        user_id = heard.subject.split(".")[2]
        self._processors.router.switched.forget(None if user_id == HOUSE else user_id)

    def _hear_beat(self, heard: Heard) -> None:
        try:
            self._processors.hear_beat(BEATS.decode(heard.body))
        except msgspec.MsgspecError as error:
            log.warning("beat cannot be read", subject=heard.subject, error=str(error))

    def _hear_live(self, heard: Heard) -> None:
        if heard.sequence is None:  # progress: never stored, and many times as much as all the rest
            return
        if self._held_back is not None:
            self._held_back.append(heard)
        else:
            self._hear(heard)

    def _hear(self, heard: Heard) -> None:
        try:
            event: Event = DECODER.decode(heard.body)
        except msgspec.MsgspecError as error:
            log.warning("event cannot be read", subject=heard.subject, error=str(error))
            return
        self._processors.vitals.hear_event(event)

    async def _read_past(self) -> None:
        """The latest events first from the stream, then what has come in meanwhile, each once and in order."""
        read = 0
        try:
            position = await self._bus.position()
            after = max(position.first - 1, position.last - LOOK_BACK)
            async for heard in self._bus.replay(f"{EVENT_SUBJECTS}.*.processor.*.*", after=after, until=position.last):
                self._hear(heard)
            read = position.last
        except Fault as fault:
            log.warning("health starts without a past", error=fault.detail)
        finally:
            held_back, self._held_back = self._held_back or [], None
            for heard in held_back:
                if heard.sequence is not None and heard.sequence > read:
                    self._hear(heard)
