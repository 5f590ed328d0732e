"""A search of the EVENTS stream for messages that it may have stored already."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from reyna.domain.event import DECODER, Message
from reyna.ports.bus import Bus
from reyna.storage.outbox.event_bundles import SentEvent


class _EventId(msgspec.Struct):
    id: str


EVENT_ID: Final = msgspec.json.Decoder(_EventId)


def event_id_of(body: bytes) -> str:
    """Returns the id of an event; an empty text for what is not an event."""
    try:
        return EVENT_ID.decode(body).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def event_time_of(message: Message) -> datetime:
    """Returns the time of an event; a time long ago for a message without one."""
    try:
        return DECODER.decode(message.body).time
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return datetime.fromtimestamp(0, UTC) + timedelta(days=1)


async def find_stored(bus: Bus, messages: Sequence[Message], *, since: datetime, until: int) -> list[SentEvent]:
    """Returns those of the messages that EVENTS has stored since then and up to this sequence, subject by subject."""
    after = await bus.sequence_at(since) - 1
    by_subject: dict[str, dict[str, Message]] = {}
    for message in messages:
        by_subject.setdefault(message.subject, {})[message.id] = message
    found: list[SentEvent] = []
    for subject, by_id in by_subject.items():
        found += [
            SentEvent(stored.sequence or 0, by_id.pop(id))
            async for stored in bus.replay(subject, after=after, until=until)
            if (id := event_id_of(stored.body)) in by_id
        ]
    return found
