"""The connection's short way sends and reads the same as nats-py does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import nats.errors
import pytest

from reyna.adapters.nats.connection import Connection, find_header, parse_headers

INFO: Final = b'INFO {"server_id":"x","version":"2.11.0","max_payload":1000,"headers":true}\r\n'


class Server:
    """A server that accepts everything, and keeps what it reads after the CONNECT."""

    def __init__(self) -> None:
        self.read = b""
        self.url = ""
        self._listening: asyncio.Server | None = None

    async def open(self) -> None:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"nats://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
        await reader.readline()  # CONNECT
        while data := await reader.read(65_536):
            self.read += data
            writer.write(b"PONG\r\n" * data.count(b"PING\r\n"))
        writer.close()

    async def close(self) -> None:
        assert self._listening
        self._listening.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[Connection]:
    connection = Connection()
    await connection.connect(server.url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("subject", "body", "reply", "headers"),
    [
        ("a.b", b"hello", "", None),
        ("a.b", b"", "_INBOX.x.1", None),
        ("a.b", b"hello", "_INBOX.x.1", {"Nats-Msg-Id": "event-1"}),
        ("a.b", b"hello", "", {"A": "1", "B-c": "two words"}),
        ("a.b", b"hello", "", {"A": "\u00fcber", "B": ""}),
        ("a.b", b"hello", "", {}),
        ("a.\u00fc", b"hello", "", None),
        ("a.b", b"hello", "", {" A ": " 1 "}),
        ("a.b", b"hello", "", {"A": "1\r\n2", "": "x"}),
    ],
)
async def test_a_message_is_sent_as_nats_sends_it(
    server: Server, connection: Connection, subject: str, body: bytes, reply: str, headers: dict[str, str] | None
) -> None:
    await connection.flush()
    server.read = b""
    await connection.publish(subject, body, reply, headers)
    await connection.flush()
    ours, server.read = server.read, b""
    await super(Connection, connection).publish(subject, body, reply, headers)
    await connection.flush()
    assert ours == server.read


@pytest.mark.parametrize("subject", ["", "a b", "a\r\nPING", "a\tb"])
async def test_a_bad_subject_is_refused(connection: Connection, subject: str) -> None:
    assert not connection.try_publish(subject, b"")
    with pytest.raises(nats.errors.BadSubjectError):
        await connection.publish(subject, b"")


async def test_a_message_that_is_too_long_is_refused(connection: Connection) -> None:
    assert not connection.try_publish("a", b"x" * 1001)
    with pytest.raises(nats.errors.MaxPayloadError):
        await connection.publish("a", b"x" * 1001)


async def test_messages_and_commands_keep_the_order_of_the_calls(server: Server, connection: Connection) -> None:
    await connection.flush()
    server.read = b""
    assert connection.try_publish("first", b"")
    subscribing = asyncio.create_task(connection.subscribe("second"))
    await asyncio.sleep(0)
    await connection.publish("third", b"")
    await subscribing
    await connection.flush()
    lines = [line.split()[1] for line in server.read.split(b"\r\n") if b" " in line]
    assert lines == [b"first", b"second", b"third"]


async def test_more_than_the_socket_takes_at_once_waits_in_order(server: Server, connection: Connection) -> None:
    bodies = [b"%d" % number + b"." * 900 for number in range(500)]
    for body in bodies:
        if not connection.try_publish("a", body):
            await connection.publish("a", body)
    await connection.flush()
    assert [part.partition(b".")[0] for part in server.read.split(b"\r\n") if b"..." in part] == [
        body.partition(b".")[0] for body in bodies
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "Nats-Sequence: 12",
        "Nats-Msg-Id: event-1\r\nNats-Sequence: 12\r\nNats-Time-Stamp: x",
        "Nats-Sequence: 1\r\nNats-Sequence:12 ",
        "Nats-Msg-Id: Nats-Sequence: 3",
        "X-Nats-Sequence: 4",
        "Nats-Sequence:",
        "",
    ],
)
def test_one_header_is_found_as_all_headers_give_it(lines: str) -> None:
    block = b"NATS/1.0\r\n" + (lines + "\r\n" if lines else "").encode() + b"\r\n"
    found = find_header(block, b"Nats-Sequence")
    assert (found.decode() if found is not None else None) == parse_headers(block).get("Nats-Sequence")
