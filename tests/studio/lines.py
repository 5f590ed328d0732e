"""A WebSocket without a network: what a device says and hears, and how fast it reads."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

LONGEST = 20.0  # seconds before a test gives up on what never comes


class Line:
    """One device on the line. `reads` is cleared while it takes nothing off the line; `full` says that it waits."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.full = asyncio.Event()
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})

    async def receive(self) -> dict[str, Any]:
        return await self._said.get()

    async def send(self, message: Any) -> None:
        match message["type"]:
            case "websocket.accept":
                return
            case "websocket.close" if not self.closed.done():
                self.closed.set_result((message["code"], message.get("reason", "")))
                self._said.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            case "websocket.send":
                if not self.reads.is_set():
                    self.full.set()
                await self.reads.wait()
                if self.closed.done():
                    raise OSError("the line is gone")
                self._heard.put_nowait(json.loads(message["text"]))
            case other:
                raise RuntimeError(f"unexpected {other}")

    def say(self, message: Any) -> None:
        self.say_text(json.dumps(message))

    def say_text(self, text: str) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": text, "bytes": None})

    def say_bytes(self, body: bytes) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": None, "bytes": body})

    def hang_up(self) -> None:
        if not self.closed.done():
            self.closed.set_result((1006, ""))
            self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(LONGEST):
            return await self._heard.get()

    async def until(self, type: str) -> list[dict[str, Any]]:
        """Everything up to and with the next message of this type."""
        heard = [await self.hear()]
        while heard[-1]["type"] != type:
            heard.append(await self.hear())
        return heard

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to this message; what happens in between is passed over."""
        self.say(message)
        while (answer := await self.hear())["type"] not in ("ok", "error", "resumed", "reset"):
            pass
        return answer

    async def end(self) -> tuple[int, str]:
        """The code and the reason with which the server closes the line."""
        async with asyncio.timeout(LONGEST):
            return await self.closed


@asynccontextmanager
async def connected(app: Any, headers: Mapping[str, str] | None = None, query: str = "") -> AsyncIterator[Line]:
    line = Line()
    wanted = {"host": "studio.test"} | dict(headers or {})
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
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
    serving = asyncio.create_task(app(scope, line.receive, line.send))
    try:
        yield line
    finally:
        line.reads.set()
        line.hang_up()
        async with asyncio.timeout(LONGEST):
            await serving
