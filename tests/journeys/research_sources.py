"""Stand-ins for sources on the network, which give out recorded answers on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.library.research_assistant.sources.recorded import recorded


class SourceServer:
    """Answers every request with one recorded answer; `requests` holds the first line and the headers of each."""

    def __init__(self, answer: str) -> None:
        self._body = recorded(answer)
        self.requests: list[str] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(self._body)}\r\nconnection: close\r\n\r\n"
            writer.write(head.encode() + self._body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()


@asynccontextmanager
async def running_source(answer: str) -> AsyncIterator[SourceServer]:
    server = SourceServer(answer)
    await server.start()
    yield server
    await server.stop()
