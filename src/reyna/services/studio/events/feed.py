"""The event feed: pages of a user's stored events in order, for clients that poll."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid
from reyna.domain.event import DECODER, EVENT_SUBJECTS, Event
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit
from reyna.ports.bus import Bus, ReceivedMessage, StreamPosition
from reyna.services.studio.events.cursors import cursor_at, sequence_of, unusable_reason
from reyna.services.studio.events.filters import TypeFilter, parse_type_filter_list
from reyna.services.studio.events.key_events import narrow_event_data, reaches_blob

if TYPE_CHECKING:
    from reyna.services.state.service import State

TIME_PATTERN: Final = re.compile(r"\d{4}-\d{2}(-|$)|[^-]*:")
CURSOR_PATTERN: Final = re.compile(r"[0-9A-Za-z.-]{1,80}-[0-9]{1,19}")
EXPECTED: Final = "a cursor, or a time such as 2026-05-04T12:00:00Z"
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # no event is stored outside
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)  # between two machines
log: Final = structlog.get_logger("reyna.services.studio.events.feed")


class Reset(Conflict):
    """Some of what you ask for is not kept any more; reload, and go on from the newest."""


class Happened(Event, frozen=True, kw_only=True):
    """An event with its place in the feed; `cursor` is an extension attribute of the CloudEvent."""

    cursor: str


class FeedPlace:
    """A place in a feed that is read on and on: events up to the sequence `after` were read, or are not wanted."""

    def __init__(self, epoch: str, after: int, moment: datetime | None) -> None:
        self.epoch, self.after, self.moment = epoch, after, moment


class EventFeed:
    """Reads the stored events of a user from the bus."""

    def __init__(self, bus: Bus, state: "State") -> None:
        self._bus, self._state = bus, state

    async def list(
        self,
        caller: Caller,
        *,
        since: str | None = None,
        type: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Happened]:
        """Returns the caller's events, oldest first, after a cursor or from a time on; without `since`, from the oldest
        stored event on.

        `type` holds patterns with commas between them (see `filters`). Raises Invalid for a `since` that is neither a
        time nor a cursor, and Reset for a cursor that is too old or of another stream.
        """
        check_limit(limit)
        types = None if type is None else parse_type_filter_list(type, "/type")
        moment = None if since is None else _parse_time(since)
        place = _check_cursor(cursor, "/cursor") or (None if moment is not None else _check_cursor(since, "/since"))
        position = await self._bus.position()
        after = await self._sequence_before(place, moment, position)
        found: dict[str, Happened] = {}
        narrow = await self._narrowing(caller)
        subject = f"{EVENT_SUBJECTS}.{caller.user_id}.{'>' if types is None else types.subject()}"
        async for message in self._bus.replay(subject, after=after, until=position.last):
            event = _decode(message)
            if event is None or event.id in found or not _is_wanted(event, moment, types):
                continue
            if narrow is not None and (event := await narrow(event)) is None:
                continue
            if len(found) == limit:
                items = tuple(found.values())
                return Page(items=items, next_cursor=items[-1].cursor)
            place = cursor_at(position.epoch, message.sequence or 0)
            found[event.id] = Happened(**msgspec.structs.asdict(event), cursor=place)
        return Page(items=tuple(found.values()))

    async def _narrowing(self, caller: Caller) -> Callable[[Event], Awaitable[Event | None]] | None:
        """Returns the function that leaves of an event what the caller's key reaches, None for one without limits."""
        if caller.bucket_ids is None:
            return None
        within, blobs = frozenset(await self._state.buckets.parents(caller)), dict[str, bool]()

        async def narrow(event: Event) -> Event | None:
            blob_id = event.data.get("blob_id")
            if not event.type.startswith("processor.") or not isinstance(blob_id, str):
                data = narrow_event_data(event.data, within.__contains__)
                return None if data is None else msgspec.structs.replace(event, data=data)
            if blob_id not in blobs:
                blobs[blob_id] = await reaches_blob(self._state, caller, blob_id)
            return event if blobs[blob_id] else None

        return narrow

    async def place(self, since: str | None, *, latest: bool = False) -> FeedPlace:
        """Returns the place behind a cursor, before a time, at the oldest stored event, or behind the latest one.

        Raises Invalid and Reset, as `list` does.
        """
        moment = None if since is None else _parse_time(since)
        cursor = None if moment is not None else _check_cursor(since, "/since")
        position = await self._bus.position()
        after = position.last if latest else await self._sequence_before(cursor, moment, position)
        return FeedPlace(position.epoch, after, moment)

    async def read_on(
        self, caller: Caller, place: FeedPlace, types: TypeFilter | None = None
    ) -> AsyncIterator[Happened]:
        """Yields the caller's events behind the place, and moves it. Raises Fault."""
        position = await self._bus.position()
        if position.epoch != place.epoch or position.last <= place.after:
            return
        narrow = await self._narrowing(caller)
        subject = f"{EVENT_SUBJECTS}.{caller.user_id}.{'>' if types is None else types.subject()}"
        async for message in self._bus.replay(subject, after=place.after, until=position.last):
            event = _decode(message)
            place.after = message.sequence or place.after
            if event is None or not _is_wanted(event, place.moment, types):
                continue
            if narrow is None or (event := await narrow(event)) is not None:
                yield Happened(**msgspec.structs.asdict(event), cursor=cursor_at(place.epoch, place.after))
        place.after = position.last

    async def _sequence_before(self, cursor: str | None, moment: datetime | None, position: StreamPosition) -> int:
        """Returns the sequence after which reading begins. Raises Reset."""
        if cursor is not None:
            after = sequence_of(cursor, position.epoch)
            if reason := unusable_reason(after, position):
                raise Reset(f"The events after this cursor are not available: {reason}.", cursor=cursor)
            return after or 0
        if moment is None or moment < EARLIEST:
            return position.first - 1
        # An event is stored later than its own time, and by another clock.
        return await self._bus.sequence_at(min(moment, LATEST) - MAX_CLOCK_DIFFERENCE) - 1


def _is_wanted(event: Event, moment: datetime | None, types: TypeFilter | None) -> bool:
    return (moment is None or event.time >= moment) and (types is None or types.matches(event.type))


def _decode(message: ReceivedMessage) -> Event | None:
    """Returns the event, or None for a message that cannot be decoded, which must not hide all that come after it."""
    try:
        return DECODER.decode(message.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        log.warning("unreadable", subject=message.subject, sequence=message.sequence)
        return None


def _parse_time(text: str) -> datetime | None:
    """Returns the text as a time (RFC 3339 with its zone), or None when it looks like a cursor. Raises Invalid."""
    if not TIME_PATTERN.match(text):
        return None
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise Invalid.at("/since", "is no time that there is", expected=EXPECTED) from None
    if moment.tzinfo is None:
        raise Invalid.at("/since", "is a time without a zone", expected=EXPECTED)
    return moment


def _check_cursor(text: str | None, path: str) -> str | None:
    """Returns the text when it has the form of a cursor. Raises Invalid, naming `path`."""
    if text is not None and not CURSOR_PATTERN.fullmatch(text):
        problem = "is neither a cursor nor a time" if path == "/since" else "is no cursor"
        raise Invalid.at(path, problem, expected=EXPECTED)
    return text
