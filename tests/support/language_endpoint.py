"""A stand-in for an OpenAI-compatible endpoint, which may be slow, busy, broken, strict or gone."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.collector import Collector

USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
Write = Callable[[bytes], None]
Answer = Callable[["Endpoint", Write], Coroutine[Any, Any, None]]


class Endpoint:
    """Answers each request with the next answer of its list, and with the last one from then on."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.asked = Collector[int]()
        self.hung_up = Collector[int]()
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        self.stopping.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            self.requests.append(json.loads(await reader.readexactly(length)))
            self.asked(1)
            sign = "x-api-key: " if "x-api-key: " in head else "authorization: bearer "
            self.keys.append(head.split(sign)[1].split("\r\n")[0])
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            gone = asyncio.create_task(reader.read())
            answering = asyncio.create_task(answer(self, writer.write))
            await asyncio.wait([gone, answering], return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.hung_up(1)
            for task in (gone, answering):
                task.cancel()
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone: what some tests are about
        finally:
            writer.close()


def says(status: int, body: Any, **headers: str) -> Answer:
    async def answer(endpoint: Endpoint, write: Write) -> None:
        content = json.dumps(body).encode()
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
            f"connection: close\r\n{more}\r\n".encode()
            + content
        )

    return answer


def whole(text: str, *, usage: dict[str, int] | None = USAGE, reason: str = "stop") -> Answer:
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}}
    return says(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": [choice]}
                | ({"usage": usage} if usage else {}))  # fmt: skip


def streams(*pieces: str, usage: bool = True, end: bool = True, hold: bool = False) -> Answer:
    """Each piece as a server-sent event; without `end` the line is cut, with `hold` it stays open and silent."""

    async def answer(endpoint: Endpoint, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}

        def event(**fields: Any) -> None:
            write(b"data: " + json.dumps(chunk | fields).encode() + b"\n\n")

        for piece in pieces:
            event(choices=[{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
        if hold:
            await endpoint.stopping.wait()
        if end:
            event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            if usage:
                event(choices=[], usage=USAGE)
            write(b"data: [DONE]\n\n")

    return answer


async def hangs(endpoint: Endpoint, write: Write) -> None:
    await endpoint.stopping.wait()


def error(message: str, *, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "x", "code": code, "param": param}}


def says_bytes(content: bytes, status: int = 200) -> Answer:
    """Answers with these bytes, whatever they are."""

    async def answer(endpoint: Endpoint, write: Write) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
        write(head.encode() + b"connection: close\r\n\r\n" + content)

    return answer


async def hangs_up(endpoint: Endpoint, write: Write) -> None:
    """Closes the connection without a byte."""
