"""The head of a response leaves with the first part of its body, and never stays behind."""

import asyncio
from typing import Any, cast

import pytest
from litestar.types import Receive, Scope, Send

from reyna.transport.http.server.response_transport import ResponseTransport
from tests.transport.http.raw_requests import RawConnection, serve_on_port

HEAD = [(b"content-length", b"6")]


class RecordingTransport:
    """Remembers what was written, each system call by itself."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def writelines(self, pieces: Any) -> None:
        self.written.append(b"".join(pieces))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def response_on(transport: RecordingTransport) -> ResponseTransport:
    return ResponseTransport(cast(asyncio.Transport, transport))


def test_the_head_leaves_with_the_body() -> None:
    transport = RecordingTransport()
    response = response_on(transport)
    response.write(b"continue ")
    response.holds_head = True
    response.write(b"head ")
    assert transport.written == [b"continue "]
    response.holds_head = False
    response.write(b"body ")
    response.write(b"more")
    response.flush()
    assert transport.written == [b"continue ", b"head body ", b"more"]


@pytest.mark.parametrize("end", [ResponseTransport.flush, ResponseTransport.close])
def test_a_head_without_a_body_leaves_at_the_end(end: Any) -> None:
    transport = RecordingTransport()
    response = response_on(transport)
    response.holds_head = True
    response.write(b"head")
    end(response)
    assert transport.written == [b"head"]
    assert response.is_closing() == (end is ResponseTransport.close)


async def in_parts(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends its body in two parts; for HEAD they are left out by the server. /broken fails before the first part."""
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    if scope["path"] == "/broken":
        raise RuntimeError("in the middle")
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    await send({"type": "http.response.body", "body": b"def", "more_body": False})


async def test_responses_are_complete_whatever_their_parts() -> None:
    async with serve_on_port(in_parts) as port:
        connection = await RawConnection.open(port)
        for method, body in (("GET", b"abcdef"), ("HEAD", b""), ("POST", b"abcdef")):
            await connection.request(f"{method} /")
            assert await connection.status() == 200
            if body:
                assert await connection.body() == body
        await connection.request("GET /broken")
        assert await connection.status() == 200
        assert await connection.rest() == b"", "the connection is closed, so that nobody takes it for a whole answer"
