"""An HTTP client that needs little CPU, so that the measured load is the server's."""

import asyncio
from collections import deque
from typing import Final, cast

HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


class HttpConnection(asyncio.Protocol):
    """One connection that repeats the same request, one at a time."""

    def __init__(self, request: bytes) -> None:
        self._request, self._buffer = request, bytearray()
        self._answered: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def ask(self) -> asyncio.Future[int]:
        """Sends the request. Returns a future of the status of the complete answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(self._request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head[head.index(LENGTH) + len(LENGTH) :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        self._buffer.clear()
        if self._answered is not None:
            self._answered.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("the server closed the connection"))

    def close(self) -> None:
        self._transport.close()


class HttpConnections:
    """A pool of connections, which grows when all are waiting for an answer."""

    def __init__(self, port: int, path: str, token: str, body: bytes) -> None:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._port, self._request = port, head.encode() + body
        self._idle: deque[HttpConnection] = deque()
        self._all: list[HttpConnection] = []

    async def ask(self) -> int:
        connection = self._idle.popleft() if self._idle else await self._opened()
        status = await connection.ask()
        self._idle.append(connection)
        return status

    async def _opened(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: HttpConnection(self._request), "127.0.0.1", self._port)
        self._all.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._all:
            connection.close()
