"""The parser hands over the same messages as nats-py's own, wherever what was read was cut."""

import pytest
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from reyna.adapters.nats.protocol.message_parser import MAX_JOINED_BYTES, MessageParser

PLAIN = b"MSG reyna.live.ana.x 7 5\r\nhello\r\n"
WITH_REPLY = b"MSG reyna.live.ana.x 7 _INBOX.a.1 5\r\nhello\r\n"
EMPTY = b"MSG a 1 0\r\n\r\n"
HEADERS = b"NATS/1.0\r\nNats-Sequence: 12\r\n\r\n"
WITH_HEADERS = b"HMSG a.b 2 %d %d\r\n%bhello\r\n" % (len(HEADERS), len(HEADERS) + 5, HEADERS)
WITH_BOTH = b"HMSG a.b 2 $JS.ACK.x %d %d\r\n%bhello\r\n" % (len(HEADERS), len(HEADERS) + 5, HEADERS)
LOOKS_LIKE_MORE = b"MSG a 3 13\r\n\r\nMSG b 1 0\r\n\r\n"
LONG = b"MSG a 3 %d\r\n%b\r\n" % (MAX_JOINED_BYTES, b"x" * MAX_JOINED_BYTES)
PING, PONG, OK = b"PING\r\n", b"PONG\r\n", b"+OK\r\n"


class Client:
    """Records what a parser calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> None:
        self.calls.append((sid, subject, reply, data, headers))

    process = _process_msg

    async def _process_ping(self) -> None:
        self.calls.append(("ping",))

    async def _process_pong(self) -> None:
        self.calls.append(("pong",))

    def take_even(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None) -> bool:
        if sid % 2:
            return False
        self.calls.append((sid, subject, reply, data, headers))
        return True


async def calls_of_nats(pieces: list[bytes]) -> list[tuple[object, ...]]:
    client = Client()
    parser = Parser(client)
    for piece in pieces:
        await parser.parse(piece)
    return client.calls


async def calls_of_ours(pieces: list[bytes]) -> list[tuple[object, ...]]:
    client = Client()
    parser = MessageParser(client, client.take_even, client.process)
    for piece in pieces:
        await parser.parse(piece)
    return client.calls


@pytest.mark.parametrize(
    "messages",
    [
        [PLAIN],
        [WITH_REPLY, EMPTY, PLAIN],
        [WITH_HEADERS, WITH_BOTH, PLAIN],
        [PING, PLAIN, PONG, WITH_HEADERS, OK, PLAIN],
        [PLAIN, LOOKS_LIKE_MORE, PING, WITH_BOTH],
    ],
)
async def test_messages_are_the_same_wherever_they_are_cut(messages: list[bytes]) -> None:
    data = b"".join(messages)
    expected = await calls_of_nats([data])
    assert len(expected) == len(messages) - messages.count(OK)
    for cut in range(len(data) + 1):
        assert await calls_of_ours([data[:cut], data[cut:]]) == expected
    assert await calls_of_ours([data[at : at + 1] for at in range(len(data))]) == expected


async def test_a_long_message_arrives_in_many_pieces() -> None:
    data = PLAIN + LONG + WITH_HEADERS
    pieces = [data[at : at + 30_000] for at in range(0, len(data), 30_000)]
    assert await calls_of_ours(pieces) == await calls_of_nats([data])


@pytest.mark.parametrize("line", [b"MSG a 1 x\r\n", b"MSG \r\n", b"HMSG a 1 x 4\r\n"])
async def test_a_malformed_message_ends_the_connection(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        await calls_of_ours([line])
