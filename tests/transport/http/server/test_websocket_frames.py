"""Whole text messages, in the bytes of RFC 6455: they are read as if they came byte by byte."""

import asyncio
import struct
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import BINARY, CLOSE, CONT, PING, TEXT, Frame

from reyna.transport.http.server.websocket_frames import payload_of_text_frame
from reyna.transport.http.server.websocket_protocol import (
    MAX_ANONYMOUS_MESSAGE_BYTES,
    TOO_LARGE,
    WebSocketLimits,
    websocket_protocol_factory,
)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: studio.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
MASK = b"\x01\x02\x03\x04"


def masked(opcode: Any, payload: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


def text(payload: bytes, length: bytes = b"") -> bytes:
    """A text frame with this second byte and what follows it, in place of the shortest."""
    data = bytes(byte ^ MASK[place % 4] for place, byte in enumerate(payload))
    return b"\x81" + (length or bytes((0x80 | len(payload),))) + MASK + data


class Outcome:
    """A connection in memory, with all that the application received and the client was sent."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.sent = b""
        self.is_closed = False
        limits = WebSocketLimits(ping_interval_seconds=0)
        config = Config(
            self.application, interface="asgi3", ws_per_message_deflate=False, lifespan="off", log_config=None
        )
        config.load()
        self.protocol = websocket_protocol_factory(limits)(config, ServerState(), {})
        self.protocol.connection_made(self)  # type: ignore[arg-type]

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "headers": []})
        while (message := await receive())["type"] != "websocket.disconnect":
            self.received.append(message)
        self.received.append(message)

    async def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.protocol.data_received(piece)
            for _ in range(5):  # turns of the event loop, in which the application receives
                await asyncio.sleep(0)

    # --- the transport ---

    def get_extra_info(self, name: str) -> None: ...

    def write(self, data: bytes) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True

    abort = close


SENT = {
    "empty": text(b""),
    "short": text(b"x"),
    "the longest short": text(b"x" * 125),
    "the shortest long": masked(TEXT, b"x" * 126),
    "letters of several bytes": masked(TEXT, "Ähre, 船, 🚢".encode()),
    "as long as allowed": masked(TEXT, b"x" * MAX_ANONYMOUS_MESSAGE_BYTES),
    "longer than allowed": masked(TEXT, b"x" * (MAX_ANONYMOUS_MESSAGE_BYTES + 1)),
    "a short length in two bytes": text(b"four", struct.pack(">BH", 0xFE, 4)),
    "a short length in eight bytes": text(b"four", struct.pack(">BQ", 0xFF, 4)),
    "a length that is no length": text(b"", struct.pack(">BQ", 0xFF, 2**63)),
    "without a mask": Frame(TEXT, b"four").serialize(mask=False),
    "without a mask, as if it had one": b"\x81\x04fourmore",
    "not UTF-8": text(b"\xff"),
    "of an unknown extension": b"\xc1" + text(b"four")[1:],
    "binary": masked(BINARY, b"four"),
    "a ping": masked(PING, b"four"),
    "a close": masked(CLOSE, b"\x03\xe8"),
    "a continuation of nothing": masked(CONT, b"four"),
    "fragments": masked(TEXT, b"fo", fin=False) + masked(CONT, b"ur"),
    "fragments around a ping": masked(TEXT, b"fo", fin=False) + masked(PING) + masked(CONT, b"ur"),
    "two": text(b"one") + text(b"two"),
}
PIECES = {name: [sent] for name, sent in SENT.items()} | {
    "one and a half, and the other half": [text(b"one") + text(b"other")[:7], text(b"other")[7:]],
    "a head, and its payload that looks like a message": [text(b"x" * 10)[:6], text(b"four")],
    "one and a head, and a payload that looks like a message": [text(b"one") + text(b"x" * 10)[:6], text(b"four")],
    "a first byte, and all others": [b"\x81", text(b"four")[1:]],
    "a length, and all after it": [text(b"four")[:2], text(b"four")[2:]],
}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
async def test_a_message_in_one_piece_is_treated_as_one_in_single_bytes(pieces: list[bytes]) -> None:
    before = text(b"before")  # reading whole messages begins after the first one
    whole, bytewise = Outcome(), Outcome()
    for outcome in (whole, bytewise):
        await outcome.feed(HANDSHAKE, before)
    await whole.feed(*pieces, text(b"after"))
    await bytewise.feed(*(bytes((byte,)) for byte in b"".join([*pieces, text(b"after")])))
    assert whole.received == bytewise.received
    assert (whole.sent, whole.is_closed) == (bytewise.sent, bytewise.is_closed)
    assert whole.received[0]["text"] == "before"
    for outcome in (whole, bytewise):
        outcome.protocol.connection_lost(None)


async def test_a_message_amid_the_fragments_of_another_ends_the_connection() -> None:
    outcome = Outcome()
    await outcome.feed(HANDSHAKE, text(b"before"), masked(TEXT, b"fo", fin=False), text(b"another"))
    assert outcome.received[-1]["code"] == 1002
    outcome.protocol.connection_lost(None)


async def test_a_whole_message_is_held_to_the_limit_of_its_size() -> None:
    outcome = Outcome()
    await outcome.feed(HANDSHAKE, text(b"before"), SENT["longer than allowed"])
    assert outcome.received[-1]["code"] == TOO_LARGE
    outcome.protocol.connection_lost(None)


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 125, b"x" * 126, b"x" * 65_535])
def test_a_whole_message_is_found(payload: bytes) -> None:
    assert payload_of_text_frame(masked(TEXT, payload), 65_535) == payload


@pytest.mark.parametrize(
    "sent",
    [masked(TEXT, b"x" * 65_536), masked(TEXT, b"x", fin=False), masked(BINARY, b"x"), b""],
    ids=["long", "not final", "binary", "empty"],  # the mask is random, and every process names the same tests
)
def test_everything_else_is_left_to_the_parser(sent: bytes) -> None:
    assert payload_of_text_frame(sent, 1 << 20) is None
