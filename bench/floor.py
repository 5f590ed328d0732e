"""The floor: the time that the engines below the studio take for one step each, one after the other."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from typing import Any, Final

import asyncpg
import nats
from nats.js.api import StreamConfig

from bench.percentiles import Spread
from bench.websocket_client import open_websocket

REPETITIONS: Final = 1000
DOCUMENT: Final = "x" * 600
ECHO: Final = """
import socket, sys, uvicorn
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": message["text"]})
listening = socket.socket(); listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, loop="uvloop", ws="websockets-sansio", ws_per_message_deflate=False,
               log_level="error", lifespan="off")).run(sockets=[listening])
"""


class Floor:
    """The three steps in milliseconds, and their sum."""

    def __init__(self, insert: Spread, publish: Spread, echo: Spread) -> None:
        self.insert, self.publish, self.echo = insert, publish, echo

    @property
    def p50(self) -> float:
        return self.insert.p50 + self.publish.p50 + self.echo.p50


async def floor(postgres_url: str, nats_url: str) -> Floor:
    return Floor(await _insert(postgres_url), await _publish(nats_url), await _echo())


async def _measure(step: Any) -> Spread:
    for _ in range(50):
        await step()
    taken = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        await step()
        taken.append((time.perf_counter() - began) * 1000)
    return Spread.of(taken)


async def _insert(url: str) -> Spread:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create table if not exists public.floor (id bigserial primary key, body text)")
        return await _measure(lambda: connection.execute("insert into public.floor (body) values ($1)", DOCUMENT))
    finally:
        await connection.execute("drop table public.floor")
        await connection.close()


async def _publish(url: str) -> Spread:
    connection = await nats.connect(url)
    try:
        stream = connection.jetstream()
        await stream.add_stream(StreamConfig(name="FLOOR", subjects=["floor"]))
        spread = await _measure(lambda: stream.publish("floor", DOCUMENT.encode()))
        await stream.delete_stream("FLOOR")
        return spread
    finally:
        await connection.close()


async def _echo() -> Spread:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ECHO, stdout=PIPE)
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    heard = asyncio.Event()
    try:
        made = await _eventually(port, heard)
        text = DOCUMENT.encode()

        async def step() -> None:
            heard.clear()
            made.say(text)
            await heard.wait()

        return await _measure(step)
    finally:
        process.terminate()
        await process.wait()


async def _eventually(port: int, heard: asyncio.Event) -> Any:
    """Connects as soon as the echo server listens, a moment after it prints its port."""
    for _ in range(200):
        try:
            return await open_websocket(port, "/", lambda _: heard.set())
        except OSError:
            await asyncio.sleep(0.02)
    raise TimeoutError("the echo did not come up")
