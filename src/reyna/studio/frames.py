"""What the server says on the WebSocket."""

from typing import Any, Final

import msgspec
import structlog

from reyna.domain.errors import Refusal
from reyna.domain.event import DECODER, Event
from reyna.ports import Heard

PROTOCOL: Final = 1
SUFFIXED: Final = frozenset({"blob", "processor"})  # their types end in a schema or processor, which the frame names
PROGRESS: Final = msgspec.json.Decoder(dict[str, Any])
log: Final = structlog.get_logger("reyna.studio")
encode: Final = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, gc=False):
    """One thing that happened, ready for every device of its user; `plain` is encoded once for all of them."""

    type: str
    body: dict[str, Any]
    plain: str
    origin: tuple[str, bytes] | None  # the connection that caused it, and its request_id as JSON
    buckets: tuple[str, ...]
    sequence: int | None

    def for_connection(self, connection: str) -> str:
        """The frame as this connection gets it: its own echo names the request."""
        if self.origin is None or self.origin[0] != connection:
            return self.plain
        return encode(self.body | {"origin": msgspec.Raw(self.origin[1])}).decode()


def origin(connection: str, request_id: str | int) -> str:
    """What an event says of the request that caused it."""
    return f"{connection}:{encode(request_id).decode()}"


def read(heard: Heard, epoch: str) -> Frame | None:
    """The frame; None for what nobody can read, which must not end the line for everyone."""
    try:
        return framed(heard, epoch)
    except (ValueError, TypeError, AttributeError):
        log.exception("unreadable", subject=heard.subject)
        return None


def framed(heard: Heard, epoch: str) -> Frame:
    """A message from the bus as a frame: an event, or a progress report."""
    if heard.sequence is None:
        kind = ".".join(heard.subject.split(".")[3:5])  # behind `reyna.live.<user>`; a processor's ends in its id
        body = PROGRESS.decode(heard.body) | {"type": kind}
        return Frame(kind, body, encode(body).decode(), None, (), None)
    event = DECODER.decode(heard.body)
    body = _flat(event, f"{epoch}-{heard.sequence}")
    connection, _, request = (event.origin or "").partition(":")
    return Frame(
        body["type"],
        body,
        encode(body).decode(),
        (connection, request.encode()) if request else None,
        _buckets_of(event),
        heard.sequence,
    )


def _flat(event: Event, cursor: str) -> dict[str, Any]:
    entity, *rest = event.type.split(".")
    body: dict[str, Any] = {"type": f"{entity}.{rest[0]}" if entity in SUFFIXED and rest else event.type}
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
