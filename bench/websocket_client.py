"""A WebSocket client that needs little CPU, so that the measured load is the server's."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import Final, cast

NO_MASK: Final = b"\0\0\0\0"  # masking with zeros leaves the payload as it is; RFC 6455 asks only that there is a key
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class WebSocketConnection(asyncio.Protocol):
    """One connection; `on_text` is called with each text frame as bytes."""

    def __init__(self, path: str, host: str, headers: dict[str, str], on_text: Callable[[bytes], None]) -> None:
        self._hear, self._buffer, self._open = on_text, bytearray(), False
        self._request = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._path, self._host = path, host
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{self._request}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            status = bytes(self._buffer[:end]).split(b"\r\n", 1)[0]
            del self._buffer[: end + 4]
            if b" 101 " not in status:
                self.opened.set_exception(ConnectionError(status.decode()))
                return
            self._open = True
            self.opened.set_result(None)
        self._frames()

    def _frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1] & 0x7F, at + 2
            if length == 126:
                if len(buffer) - at < 4:
                    break
                (length,), start = struct.unpack_from(">H", buffer, at + 2), at + 4
            elif length == 127:
                if len(buffer) - at < 10:
                    break
                (length,), start = struct.unpack_from(">Q", buffer, at + 2), at + 10
            if len(buffer) < start + length:
                break
            self._heard(buffer[at] & 0x0F, bytes(buffer[start : start + length]))
            at = start + length
        del buffer[:at]

    def _heard(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self._hear(payload)
        elif kind == PING:
            self._frame(PONG, payload)
        elif kind == CLOSE:
            self.closed = True

    def say(self, text: bytes) -> None:
        self._frame(TEXT, text)

    def _frame(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | kind, 0x80 | size))
        elif size < 65536:
            head = struct.pack(">BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | kind, 0x80 | 127, size)
        self._transport.write(head + NO_MASK + payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed before it was open"))

    def close(self) -> None:
        self._transport.close()


async def open_websocket(
    port: int, path: str, on_text: Callable[[bytes], None], token: str = ""
) -> WebSocketConnection:
    """Returns an open connection to 127.0.0.1."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    loop = asyncio.get_running_loop()
    _, made = await loop.create_connection(
        lambda: WebSocketConnection(path, f"127.0.0.1:{port}", headers, on_text), "127.0.0.1", port
    )
    await made.opened
    return made
