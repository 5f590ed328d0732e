"""The stream DEAD: for other programs, the dead letters that were neither replayed nor discarded yet."""

from typing import Final

import msgspec
import structlog

from reyna.domain.errors import Fault
from reyna.domain.event import Event
from reyna.domain.processing.run import DEAD_SUBJECTS, DeadLetter
from reyna.services.processors.neighbours import ProcessorBus

log: Final = structlog.get_logger("reyna.services.processors")


class DiscardedFacts(msgspec.Struct, frozen=True):
    """The data of an event about a discarded letter, as far as its message in the stream is concerned."""

    processor: str
    message_id: str | None = None


class DeadLetterStream:
    """Removes letters from the stream; their store record is removed by the same write as the event about it."""

    def __init__(self, bus: ProcessorBus) -> None:
        self._bus = bus

    async def remove(self, letter: DeadLetter) -> None:
        """Removes the letter's message now; if that fails, `remove_discarded` does it when its event arrives."""
        try:
            await self._bus.remove("DEAD", letter.message_subject, letter.message_id)
        except Fault as fault:
            log.info("a dead letter leaves its stream later", letter=letter.id, error=fault.detail)

    async def remove_discarded(self, event: Event) -> None:
        """Removes the message of the letter that this event is about, if it is still there. Raises Fault."""
        discarded = msgspec.convert(event.data, DiscardedFacts)
        if discarded.message_id is not None:
            subject = f"{DEAD_SUBJECTS}.{discarded.processor}.{event.userid}"
            await self._bus.remove("DEAD", subject, discarded.message_id)
