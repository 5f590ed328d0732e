"""What the server says on the WebSocket."""

import re
from typing import Any, Final

import msgspec

from reyna.domain.errors import Refusal
from reyna.domain.event import DECODER, Event
from reyna.ports import Heard

PROTOCOL: Final = 1
SUFFIXED: Final = frozenset({"blob", "processor"})  # their types end in a schema or processor, which the frame names
LAST: Final = re.compile(r"\.[^.]+$")
encode: Final = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, gc=False):
    """One thing that happened, ready for every device of its user; `plain` is encoded once for all of them."""

    type: str
    body: dict[str, Any]
    plain: str
    origin: tuple[str, str] | None  # connection and request that caused it
    buckets: tuple[str, ...]
    sequence: int | None

    def for_connection(self, connection: str) -> str:
        """The frame as this connection gets it: its own echo names the request."""
        if self.origin is None or self.origin[0] != connection:
            return self.plain
        return encode(self.body | {"origin": self.origin[1]}).decode()


def framed(heard: Heard, epoch: str) -> Frame:
    """A message from the bus as a frame: an event, or a progress report."""
    if heard.sequence is None:
        body = {"type": "processor.progress"} | msgspec.json.decode(heard.body)
        return Frame("processor.progress", body, encode(body).decode(), None, (), None)
    event = DECODER.decode(heard.body)
    body = _flat(event, f"{epoch}-{heard.sequence}")
    connection, _, request = (event.origin or "").partition(":")
    return Frame(
        body["type"],
        body,
        encode(body).decode(),
        (connection, request) if request else None,
        _buckets_of(event),
        heard.sequence,
    )


def _flat(event: Event, cursor: str) -> dict[str, Any]:
    entity = event.type.partition(".")[0]
    body: dict[str, Any] = {"type": LAST.sub("", event.type) if entity in SUFFIXED else event.type}
    for key, value in event.data.items():
        body["bucket_type" if key == "type" else key] = value  # `type` is the frame's own word
    body["cursor"] = cursor
    body["event_id"] = event.id
    return body


def _buckets_of(event: Event) -> tuple[str, ...]:
    data = event.data
    return (*data.get("bucket_ids", ()), *filter(None, (data.get("bucket_id"), data.get("parent_bucket_id"))))


def ok(request_id: str | int | None, result: dict[str, Any]) -> str:
    return encode({"type": "ok", "request_id": request_id} | result).decode()


def error(request_id: str | int | None, problem: dict[str, Any]) -> str:
    return encode({"type": "error", "request_id": request_id} | problem).decode()


def refusal(request_id: str | int | None, refused: Refusal) -> str:
    return error(request_id, refused.problem())
