"""Something that happened: immutable, in the past tense, announced to whoever it concerns."""

from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.ids import new_id

EVENT_SUBJECTS: Final = "reyna.event"
LIVE_SUBJECTS: Final = "reyna.live"


class Message(msgspec.Struct, frozen=True):
    """What the outbox holds and the bus carries: `id` makes a second delivery recognisable."""

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
        """An event of this moment, caused by the caller; `about` is the id of what it happened to.

        What comes in whole says so by `cause`, "import" here and "copy" in the data given, and sets no processor to
        work: it brings along what was derived from it.
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
