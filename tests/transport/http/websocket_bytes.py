"""A WebSocket client in bytes: it reads when a test says so, and sends what no library would."""

import asyncio
import base64
import os
import socket
import struct
from typing import Final

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
FINAL: Final = 0x80
NO_MASK: Final = b"\0\0\0\0"  # masking with zeros leaves the payload as it is
STUCK: Final = 2.0  # seconds in which nothing was taken
MAX_WAIT_SECONDS: Final = 60.0  # seconds before a test gives up on what never comes


def frame(kind: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    return header(kind, len(payload), final=final) + payload


def header(kind: int, size: int, *, final: bool = True) -> bytes:
    """The head of a frame whose payload has this size."""
    first = kind | (FINAL if final else 0)
    if size < 126:
        return struct.pack(">BB", first, 0x80 | size) + NO_MASK
    if size < 65_536:
        return struct.pack(">BBH", first, 0x80 | 126, size) + NO_MASK
    return struct.pack(">BBQ", first, 0x80 | 127, size) + NO_MASK


class RawWebSocket:
    """One connection that is open; nothing is read from it but by `read`."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._loop = line, asyncio.get_running_loop()
        self._buffer = bytearray()

    @classmethod
    async def open(cls, port: int, path: str = "/", *more: bytes, **headers: str) -> "RawWebSocket":
        """Sends the frames of `more` together with the handshake; reads the answer to it."""
        line = socket.socket()
        line.setblocking(False)
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            line.setsockopt(socket.SOL_SOCKET, buffer, 32 * 1024)
        wire = cls(line)
        await wire._loop.sock_connect(line, ("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        wanted = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade"}
        wanted |= {"Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"} | headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in wanted.items())
        await wire.send(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        while b"\r\n\r\n" not in wire._buffer:
            await wire._more()
        head, _, rest = bytes(wire._buffer).partition(b"\r\n\r\n")
        assert b" 101 " in head, head
        wire._buffer = bytearray(rest)
        for one in more:
            await wire.send(one)
        return wire

    async def send(self, data: bytes) -> None:
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            await self._loop.sock_sendall(self._line, data)

    async def flood(self, data: bytes, most: int) -> int:
        """Sends this again and again until nothing is taken any more, or it is so much; how many bytes it was."""
        sent = 0
        try:
            while sent < most:
                async with asyncio.timeout(STUCK):
                    await self._loop.sock_sendall(self._line, data)
                sent += len(data)
        except TimeoutError:
            pass
        return sent

    async def read(self) -> tuple[int, bytes]:
        """The next frame: its kind and its payload."""
        while (found := self._frame()) is None:
            await self._more()
        return found

    async def closed(self) -> tuple[int, str]:
        """The code and the reason of the close that comes, after whatever comes before it."""
        while True:
            kind, payload = await self.read()
            if kind == CLOSE:
                return struct.unpack(">H", payload[:2])[0], payload[2:].decode()

    def close(self) -> None:
        self._line.close()

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return None
        kind, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        return kind, payload

    async def _more(self) -> None:
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            data = await self._loop.sock_recv(self._line, 65_536)
        if not data:
            raise ConnectionError("the line ended without a close")
        self._buffer += data
