"""Language model servers on this machine are found, and nothing that is no such server disturbs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from reyna.app.models.discovery import LocalServers
from reyna.embedded.tcp_ports import free_port

OLLAMA = b'{"object": "list", "data": [{"id": "llama3.2:3b", "object": "model"}, {"id": "qwen3", "object": "model"}]}'
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[int]:
    """Runs a server on a free port that gives this answer."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


def says(body: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)

    return answer


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    """Closes the connection."""


async def test_the_models_of_a_local_server_are_offered() -> None:
    async with serve(says(OLLAMA)) as port:
        servers = LocalServers({"Ollama": port, "LM Studio": free_port()})
        await servers.probe()
    assert [model.name for model in servers.models] == ["llama3.2:3b (Ollama)", "qwen3 (Ollama)"]
    assert {(model.found, model.url) for model in servers.models} == {(True, f"http://127.0.0.1:{port}/v1")}
    assert servers.models[0].id == "found-ollama-llama3-2-3b"


@pytest.mark.parametrize("answer", [says(b"hello"), says(b"[]"), says(b'{"data": 1}'), says_nothing])
async def test_another_server_on_that_port_does_not_disturb(answer: Answer) -> None:
    async with serve(answer) as port:
        servers = LocalServers({"Ollama": port})
        await servers.probe()
    assert servers.models == ()


async def test_a_server_that_is_silent_is_given_up() -> None:
    stopping = asyncio.Event()

    async def waits(writer: asyncio.StreamWriter) -> None:
        await stopping.wait()

    async with serve(waits) as port:
        servers = LocalServers({"Ollama": port})
        servers.start()
        await servers.stop()
        await servers.probe()
        stopping.set()
    assert servers.models == ()
