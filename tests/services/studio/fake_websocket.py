"""A WebSocket without a network: a device that sends messages and reads frames, as fast as a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

MAX_WAIT_SECONDS = 60.0  # before a test gives up


class FakeDevice:
    """One connected device. `reads` is cleared while it reads nothing; `full` is set when the server waits for it;
    `on_frame` is called with each frame while the server is still sending it."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.full = asyncio.Event()
        self.on_frame: Callable[[dict[str, Any]], Awaitable[None]] | None = None
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._messages.put_nowait({"type": "websocket.connect"})

    async def receive(self) -> dict[str, Any]:
        return await self._messages.get()

    async def send(self, message: Any) -> None:
        match message["type"]:
            case "websocket.accept":
                return
            case "websocket.close" if not self.closed.done():
                self.closed.set_result((message["code"], message.get("reason", "")))
                self._messages.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            case "websocket.send":
                if not self.reads.is_set():
                    self.full.set()
                await self.reads.wait()
                if self.closed.done():
                    raise OSError("the connection is gone")
                frame = json.loads(message["text"])
                self._frames.put_nowait(frame)
                if self.on_frame is not None:
                    await self.on_frame(frame)
            case other:
                raise RuntimeError(f"unexpected {other}")

    def send_message(self, message: Any) -> None:
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        self._messages.put_nowait({"type": "websocket.receive", "text": text, "bytes": None})

    def send_bytes(self, body: bytes) -> None:
        self._messages.put_nowait({"type": "websocket.receive", "text": None, "bytes": body})

    def disconnect(self) -> None:
        if not self.closed.done():
            self.closed.set_result((1006, ""))
            self._messages.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def next_frame(self) -> dict[str, Any]:
        """Returns the next frame."""
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            return await self._frames.get()

    async def frames_until(self, type: str) -> list[dict[str, Any]]:
        """Returns all frames up to the next one of this type."""
        frames = [await self.next_frame()]
        while frames[-1]["type"] != type:
            frames.append(await self.next_frame())
        return frames

    async def wait_until_live(self) -> dict[str, Any]:
        """Returns the greeting when live frames are no longer held back, since the first message was answered."""
        hello = (await self.frames_until("hello"))[-1]
        await self.request({"action": "ping"})
        return hello

    async def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends a message and returns its answer; events in between are dropped."""
        self.send_message(message)
        while (answer := await self.next_frame())["type"] not in ("ok", "error", "resumed", "reset"):
            pass
        return answer

    async def wait_for_close(self) -> tuple[int, str]:
        """Returns the code and the reason with which the server closes the connection."""
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            return await self.closed


@asynccontextmanager
async def connect(
    app: Any, headers: Mapping[str, str] | None = None, query: str = "", scheme: str = "ws"
) -> AsyncIterator[FakeDevice]:
    device = FakeDevice()
    wanted = {"host": "studio.test"} | dict(headers or {})
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": scheme,
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in wanted.items()],
        "client": ("192.0.2.7", 1),
        "server": ("studio.test", 80),
        "subprotocols": [],
        "extensions": {},
        "state": {},
    }
    serving = asyncio.create_task(app(scope, device.receive, device.send))
    try:
        yield device
    finally:
        device.reads.set()
        device.disconnect()
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            await serving
