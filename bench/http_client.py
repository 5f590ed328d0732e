"""An HTTP client that needs little CPU, so that the measured load is the server's."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


class HttpConnection(asyncio.Protocol):
    """One connection with one request at a time; `on_answer` is called with the status and the body of each answer."""

    def __init__(self, on_answer: Callable[[int, bytes], None]) -> None:
        self._on_answer, self._buffer = on_answer, bytearray()
        self.closed = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def send(self, request: bytes) -> None:
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head[head.index(LENGTH) + len(LENGTH) :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        body = bytes(self._buffer[end + len(HEAD_END) :])
        self._buffer.clear()
        self._on_answer(int(head.split(b" ", 2)[1]), body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._on_answer(0, b"the server closed the connection")

    def close(self) -> None:
        self._transport.close()


class HttpConnections:
    """A pool of connections that repeat the same request; it grows when all are waiting for an answer."""

    def __init__(self, port: int, path: str, token: str, body: bytes) -> None:
        self._port, self._request = port, post_request(port, path, token, body)
        self._idle: deque[RepeatingConnection] = deque()
        self._all: list[RepeatingConnection] = []

    async def ask(self) -> int:
        connection = self._idle.popleft() if self._idle else await self._opened()
        status = await connection.ask(self._request)
        self._idle.append(connection)
        return status

    async def _opened(self) -> "RepeatingConnection":
        connection = RepeatingConnection()
        await connection.open(self._port)
        self._all.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._all:
            connection.close()


class RepeatingConnection:
    """One connection whose answers are awaited."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[int] | None = None
        self._connection: HttpConnection

    async def open(self, port: int) -> None:
        self._connection = await open_connection(port, self._on_answer)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Sends the request. Returns a future of the status of the complete answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        return self._answered

    def _on_answer(self, status: int, body: bytes) -> None:
        if self._answered is None or self._answered.done():
            return
        if status:
            self._answered.set_result(status)
        else:
            self._answered.set_exception(ConnectionError(body.decode()))

    def close(self) -> None:
        self._connection.close()


async def open_connection(port: int, on_answer: Callable[[int, bytes], None]) -> HttpConnection:
    """Returns an open connection to 127.0.0.1."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: HttpConnection(on_answer), "127.0.0.1", port)
    return connection


def post_request(port: int, path: str, token: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
