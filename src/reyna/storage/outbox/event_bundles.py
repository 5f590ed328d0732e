"""Bundles of sent events, in which a service stores what EVENTS has acknowledged."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.event import EVENT_SUBJECTS, Message
from reyna.domain.ids import new_id
from reyna.ports.store import Collection

BUNDLE_WIDTH: Final = 10_000  # sequences from the first event of a bundle to its last, at most


class EventBundle(msgspec.Struct, frozen=True, kw_only=True):
    """Events that JetStream has acknowledged together.

    `stream` identifies the stream that had them, `first` and `last` are their smallest and largest sequence there.
    """

    id: str
    user_id: str = SYSTEM_USER_ID
    revision: int = 1
    stream: str
    first: int
    last: int
    sent_at: datetime
    packed: bytes


class SentEvent(NamedTuple):
    """A message and its sequence in EVENTS."""

    sequence: int
    message: Message


PACKED: Final = msgspec.msgpack.Decoder(list[tuple[int, str, str, bytes]])


def sent_events_collection(service: str) -> Collection[EventBundle]:
    """Returns the collection in which a service stores its sent events."""
    return Collection(f"{service}.sent", EventBundle, ("stream", "last", "sent_at"))


def is_event(message: Message) -> bool:
    return message.subject.startswith(f"{EVENT_SUBJECTS}.")


def pack(events: Sequence[SentEvent]) -> bytes:
    """Returns the events in compressed form: about 90 bytes each where there are many, since they are much alike."""
    rows = [(sequence, message.id, message.subject, message.body) for sequence, message in events]
    return zlib.compress(msgspec.msgpack.encode(rows), level=1)


def unpack(bundle: EventBundle) -> list[SentEvent]:
    rows = PACKED.decode(zlib.decompress(bundle.packed))
    return [SentEvent(sequence, Message(id, subject, body)) for sequence, id, subject, body in rows]


def build_bundles(stream: str, events: Sequence[SentEvent], sent_at: datetime) -> list[EventBundle]:
    """Returns bundles of these events, none of which spans more than BUNDLE_WIDTH sequences."""
    bundles: list[EventBundle] = []
    group: list[SentEvent] = []
    for event in sorted(events):
        if group and event.sequence - group[0].sequence >= BUNDLE_WIDTH:
            bundles.append(_build_bundle(stream, group, sent_at))
            group = []
        group.append(event)
    return [*bundles, _build_bundle(stream, group, sent_at)] if group else bundles


def _build_bundle(stream: str, events: Sequence[SentEvent], sent_at: datetime) -> EventBundle:
    return EventBundle(
        id=new_id("sent"),
        stream=stream,
        first=events[0].sequence,
        last=events[-1].sequence,
        sent_at=sent_at,
        packed=pack(events),
    )
