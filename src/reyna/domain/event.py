"""Events and the messages that carry them."""

from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.ids import new_id

EVENT_SUBJECTS: Final = "reyna.event"
LIVE_SUBJECTS: Final = "reyna.live"


class Message(msgspec.Struct, frozen=True):
    """A message in the outbox and on the bus; a repeat is recognised by its `id`."""

    id: str
    subject: str
    body: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvents 1.0 event in JSON; `userid` and `origin` are extension attributes.

    `data` carries ids, revisions and small facts, never the content.
    """

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str | None = None
    time: datetime
    datacontenttype: str = "application/json"
    userid: str
    origin: str | None = None
    data: dict[str, Any]

    @classmethod
    def now(cls, type: str, caller: Caller, data: dict[str, Any], *, about: str | None = None) -> Self:
        """Returns an event of this moment, caused by the caller; `about` is the id of its subject.

        Imported and copied records bring their derived ones along, so they must not start processors: their events
        have the `cause` "import", which is set here, or "copy", which is in the given data. What a template makes
        has the `cause` "template".
        """
        return cls(
            id=new_id("event"),
            source=f"reyna/{type.partition('.')[0]}",
            type=type,
            subject=about,
            time=datetime.now(UTC),
            userid=caller.user_id,
            origin=caller.origin,
            data=data | {"cause": "import"} if caller.kind == "import" else data,
        )

    def message(self) -> Message:
        return Message(self.id, f"{EVENT_SUBJECTS}.{self.userid}.{self.type}", ENCODER.encode(self))


ENCODER: Final = msgspec.json.Encoder()
DECODER: Final = msgspec.json.Decoder(Event)
