"""What happened, in order, for whoever asks instead of listening."""

from datetime import datetime
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid
from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event
from reyna.domain.page import Page, bounded
from reyna.ports import Bus, Heard, Position
from reyna.studio.cursors import cursor_at, sequence_of, why_unknown

log: Final = structlog.get_logger("reyna.studio.feed")


class Reset(Conflict):
    """Some of what you ask for is not kept any more; reload, and go on from the newest."""


class Happened(Event, frozen=True, kw_only=True):
    """An event with its place in the feed; `cursor` is an extension attribute of the CloudEvent."""

    cursor: str


async def events(
    bus: Bus, caller: Caller, *, since: str | None, type: str | None, limit: int, cursor: str | None
) -> Page[Happened]:
    """The caller's events, oldest first, after a cursor or from a time on; all that are kept without `since`.

    `type` is exact or ends in `.*`. Raises Reset for a cursor that is too old or of another stream.
    """
    bounded(limit)
    position = await bus.position()
    after, moment = _start(cursor or since, position)
    found: list[Happened] = []
    subject = f"{EVENT_SUBJECTS}.{caller.user_id}.>"
    async for heard in bus.replay(subject, after=after, until=position.last):
        event = _read(heard)
        if event is None:
            continue
        if (moment is None or event.time >= moment) and _is_of(event, type):
            if len(found) == limit:
                return Page(items=tuple(found), next_cursor=found[-1].cursor)
            place = cursor_at(position.epoch, heard.sequence or 0)
            found.append(Happened(**msgspec.structs.asdict(event), cursor=place))
    return Page(items=tuple(found))


def _read(heard: Heard) -> Event | None:
    """The event; None for what cannot be read, which must not hide all that comes after it."""
    try:
        return DECODER.decode(heard.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.warning("unreadable", subject=heard.subject, sequence=heard.sequence)
        return None


def _start(since: str | None, position: Position) -> tuple[int, datetime | None]:
    """After which sequence, and not before which time."""
    if since is None:
        return position.first - 1, None
    if (moment := _time(since)) is not None:
        return position.first - 1, moment
    after = sequence_of(since, position.epoch)
    if why := why_unknown(after, position):
        raise Reset(f"Nothing can be told since then: {why}.", cursor=since)
    return after or 0, None


def _time(text: str) -> datetime | None:
    """The text as a time (RFC 3339, with its zone), or None when it is a cursor."""
    if "T" not in text and "t" not in text:
        return None
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    if moment.tzinfo is None:
        raise Invalid.at("/since", "is a time without a zone", expected="such as 2026-05-04T12:00:00Z")
    return moment


def _is_of(event: Event, type: str | None) -> bool:
    return type is None or event.type == type or (type.endswith(".*") and event.type.startswith(type[:-1]))
