"""Requests written byte by byte, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from reyna.app.http_server import start_server, stop_servers
from reyna.embedded.tcp_ports import free_ports
from reyna.transport.http.server.http_protocol import Connections

HOST: Final = "127.0.0.1"
MAX_WAIT_SECONDS: Final = 60.0  # before a test gives up


class RawConnection:
    """One connection that sends bytes and reads responses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, **more: int) -> "RawConnection":
        return cls(*await asyncio.open_connection(HOST, port, **more))

    async def send(self, *pieces: bytes) -> None:
        self._writer.write(b"".join(pieces))
        await self._writer.drain()

    async def request(self, line: str, *headers: str, body: bytes = b"") -> None:
        """Sends a request with these headers and this part of its body."""
        await self.send("\r\n".join([f"{line} HTTP/1.1", "host: here", *headers, "", ""]).encode(), body)

    async def status(self) -> int:
        """Reads the head of the next response and returns its status, or 0 when the connection ends first."""
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            self.head = await self._until_blank()
        return int(self.head.split(b" ", 2)[1]) if self.head else 0

    async def _until_blank(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    def header(self, name: str) -> str | None:
        """Returns a header of the response whose head was read last."""
        lines = [line.partition(": ") for line in self.head.decode().splitlines()[1:]]
        return next((value for key, _, value in lines if key.lower() == name), None)

    async def body(self) -> bytes:
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            return await self._reader.readexactly(int(self.header("content-length") or 0))

    async def rest(self) -> bytes:
        """Returns everything until the connection ends."""
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            got = bytearray()
            with suppress(ConnectionError):
                while piece := await self._reader.read(1_000_000):
                    got += piece
            return bytes(got)

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def serve_on_port(app: Any, connections: Connections | None = None) -> AsyncIterator[int]:
    """Serves the application on a port of its own, and yields the port."""
    (port,) = free_ports(1)
    server = await start_server(app, HOST, port, connections)
    try:
        yield port
    finally:
        await stop_servers([server])
