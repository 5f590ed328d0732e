"""The frames that the server sends on the WebSocket."""

from typing import Any, Final

import msgspec
import structlog

from reyna.domain.errors import Refusal
from reyna.domain.event import DECODER, Event
from reyna.ports.bus import ReceivedMessage
from reyna.services.studio.events.key_events import buckets_in

PROTOCOL_VERSION: Final = 1
SUFFIXED_ENTITIES: Final = frozenset({"blob", "processor"})  # their types end in a schema or processor, as data says
PROGRESS_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
log: Final = structlog.get_logger("reyna.services.studio")
encode: Final = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, gc=False):
    """An event or progress report, ready for every device of its user; `plain` is encoded once for all of them."""

    type: str
    body: dict[str, Any]
    plain: str
    origin: tuple[str, bytes] | None  # the connection that caused it, and its request_id as JSON
    buckets: tuple[str, ...]
    sequence: int | None
    full_type: str = ""  # the type with the schema or processor at its end

    def for_connection(self, connection: str) -> str:
        """Returns the text for this connection: a frame that it has caused itself repeats the request_id."""
        if self.origin is None or self.origin[0] != connection:
            return self.plain
        # Encoding it again takes five times as long.
        return f'{self.plain.removesuffix("}")},"origin":{self.origin[1].decode()}}}'


def origin_of(connection: str, request_id: str | int) -> str:
    """Returns the origin of the events that a request of this connection causes."""
    return f"{connection}:{encode(request_id).decode()}"


def decode_frame(message: ReceivedMessage, epoch: str) -> Frame | None:
    """Returns the frame of a message, or None for a message that cannot be read, which must not end the
    subscription."""
    try:
        return build_frame(message, epoch)
    except (ValueError, TypeError, AttributeError):
        log.exception("unreadable", subject=message.subject)
        return None


def build_frame(message: ReceivedMessage, epoch: str) -> Frame:
    """Returns the frame of an event or a progress report. Raises ValueError, TypeError or AttributeError for anything
    else."""
    if message.sequence is None:
        type_tokens = message.subject.split(".")[3:]  # after `reyna.live.<user>`; the third names a processor
        type = ".".join(type_tokens[:2])
        body = PROGRESS_DECODER.decode(message.body) | {"type": type}
        if type == "processor.progress" and len(type_tokens) > 2:
            body["processor"] = type_tokens[2]  # NATS holds a worker to the subject of its processor
        return Frame(type, body, encode(body).decode(), None, (), None, ".".join(type_tokens))
    event = DECODER.decode(message.body)
    body = _flatten(event, f"{epoch}-{message.sequence}")
    connection, _, request_id = (event.origin or "").partition(":")
    return Frame(
        body["type"],
        body,
        encode(body).decode(),
        (connection, request_id.encode()) if request_id else None,
        buckets_in(event.data),
        message.sequence,
        event.type,
    )


def _flatten(event: Event, cursor: str) -> dict[str, Any]:
    entity, *rest = event.type.split(".")
    body: dict[str, Any] = {"type": f"{entity}.{rest[0]}" if entity in SUFFIXED_ENTITIES and rest else event.type}
    for key, value in event.data.items():
        body["bucket_type" if key == "type" else key] = value  # `type` is the type of the frame
    body["cursor"] = cursor
    body["event_id"] = event.id
    return body


def ok_frame(request_id: str | int | None, result: dict[str, Any]) -> str:
    return encode({"type": "ok", "request_id": request_id} | result).decode()


def error_frame(request_id: str | int | None, problem: dict[str, Any]) -> str:
    return encode({"type": "error", "request_id": request_id} | problem).decode()


def refusal_frame(request_id: str | int | None, refusal: Refusal) -> str:
    return error_frame(request_id, refusal.problem())
