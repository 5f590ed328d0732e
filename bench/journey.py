"""The latency from a create on one device to its event on the user's other device."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from bench.http_client import HttpConnection, open_connection, post_request
from bench.percentiles import Spread
from bench.websocket_client import WebSocketConnection, open_websocket

CONTENT: Final = ("The ship sailed into the storm, and nobody on board had slept since the harbour. " * 8)[:600]
BLOB_ID: Final = re.compile(rb'"blob_id":"([^"]+)"')
ANSWERED_ID: Final = re.compile(rb'"blob":\{"id":"([^"]+)"')
CREATED_ID: Final = re.compile(rb'^\{"id":"([^"]+)"')
REQUEST_ID: Final = re.compile(rb'"request_id":"([^"]+)"')
encode: Final = msgspec.json.encode


class Latencies(msgspec.Struct):
    """Latencies of answers and of events, in milliseconds."""

    answered: list[float] = []
    delivered: list[float] = []

    def spreads(self) -> tuple[Spread, Spread]:
        return Spread.of(self.answered), Spread.of(self.delivered)


Door = Literal["socket", "REST"]


class Pair:
    """Two devices of one user: one writes, over its socket or over REST, the other listens."""

    def __init__(self, bucket_id: str) -> None:
        self._bucket_id = bucket_id
        self._number = 0
        self._sent: dict[bytes, float] = {}  # by request
        self._made: dict[bytes, float] = {}  # by blob: when it was asked for
        self._early: dict[bytes, float] = {}  # events that overtook their answer
        self._greeted = asyncio.Semaphore(0)
        self.door: Door = "socket"
        self.times = Latencies()
        self.on_answered: Callable[[], None] = lambda: None
        self.on_delivered: Callable[[], None] = lambda: None
        self.writer: WebSocketConnection
        self.listener: WebSocketConnection | None
        self._connection: HttpConnection | None = None

    async def open(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self.writer = await open_websocket(port, "/ws", self._on_writer, token)
        self.listener = await open_websocket(port, "/ws", self._on_listener, token)
        self.listener.say(b'{"action":"ping"}')  # live frames wait for the first message
        await self._greeted.acquire()
        await self._greeted.acquire()

    async def use(self, door: Door) -> None:
        """Writes over this door from now on. A connection that was idle for some seconds is closed by the server."""
        self.door = door
        if door == "REST" and (self._connection is None or self._connection.closed):
            self._connection = await open_connection(self._port, self._on_response)

    @property
    def is_waiting(self) -> bool:
        """Tells whether a create has not been answered yet."""
        return bool(self._sent)

    def create(self) -> None:
        self._number += 1
        request = str(self._number).encode()
        new = {"schema_id": "text-input-v1", "data": {"content": CONTENT}, "bucket_ids": [self._bucket_id]}
        if self.door == "REST":
            text = post_request(self._port, "/api/blobs", self._token, encode(new))
            self._sent[request] = time.perf_counter()
            assert self._connection is not None
            self._connection.send(text)
            return
        text = encode({"action": "create_blob", "request_id": request.decode()} | new)
        self._sent[request] = time.perf_counter()
        self.writer.say(text)

    def _on_response(self, status: int, body: bytes) -> None:
        now, made = time.perf_counter(), CREATED_ID.search(body)
        if not status and not self._sent:
            return  # closed while it was idle
        if status != 201 or made is None:
            raise RuntimeError(f"{status} {body.decode()}")
        self._answered(next(iter(self._sent)), made[1], now)

    def _on_writer(self, text: bytes) -> None:
        now = time.perf_counter()
        if text.startswith(b'{"type":"ok"'):
            request, made = REQUEST_ID.search(text), ANSWERED_ID.search(text)
            assert request is not None
            assert made is not None
            self._answered(request[1], made[1], now)
        elif text.startswith(b'{"type":"hello"'):
            self._greeted.release()
        elif text.startswith(b'{"type":"error"'):
            raise RuntimeError(text.decode())

    def _answered(self, request: bytes, blob_id: bytes, now: float) -> None:
        began = self._sent.pop(request)
        self.times.answered.append((now - began) * 1000)
        if self.listener is None:
            self._told(now - began)
        elif (early := self._early.pop(blob_id, None)) is not None:
            self._told(early - began)
        else:
            self._made[blob_id] = began
        self.on_answered()

    def _on_listener(self, text: bytes) -> None:
        if text.startswith(b'{"type":"blob.created"'):
            now, made = time.perf_counter(), BLOB_ID.search(text)
            assert made is not None
            began = self._made.pop(made[1], None)
            if began is None:
                self._early[made[1]] = now
            else:
                self._told(now - began)
        elif text.startswith(b'{"type":"ok"'):
            self._greeted.release()

    def _told(self, seconds: float) -> None:
        self.times.delivered.append(seconds * 1000)
        self.on_delivered()

    def stop_listening(self) -> None:
        """Closes both sockets: nobody hears of what is created over REST from now on."""
        self.writer.close()
        if self.listener is not None:
            self.listener.close()
        self.listener = None

    def close(self) -> None:
        self.stop_listening()
        if self._connection is not None:
            self._connection.close()


async def open_pairs(port: int, register_users: list[tuple[str, str]]) -> list[Pair]:
    made = [Pair(bucket_id) for _, bucket_id in register_users]
    for pair, (token, _) in zip(made, register_users, strict=True):
        await pair.open(port, token)
    return made


async def create_one_by_one(pair: Pair, count: int) -> Latencies:
    """Closed loop: the next create when the last one was answered and delivered."""
    pair.times = Latencies()
    done: asyncio.Queue[None] = asyncio.Queue()
    pair.on_answered = pair.on_delivered = lambda: done.put_nowait(None)
    for _ in range(count):
        pair.create()
        async with asyncio.timeout(10):
            await done.get()
            await done.get()
    pair.on_answered = pair.on_delivered = lambda: None
    return pair.times


async def create_at_rate(among: list[Pair], per_second: float, seconds: float) -> Latencies:
    """Open loop: creates at fixed moments, whatever the answers do; a late one counts from its moment."""
    total = Latencies()
    for pair in among:
        pair.times = total
    loop = asyncio.get_running_loop()
    began, count = loop.time(), int(per_second * seconds)
    for number in range(count):
        pause = began + number / per_second - loop.time()
        if pause > 0:
            await asyncio.sleep(pause)
        among[number % len(among)].create()
    await _until(lambda: len(total.delivered) >= count and len(total.answered) >= count, 20)
    return total


async def create_as_fast_as_possible(among: list[Pair], seconds: float) -> tuple[int, float]:
    """Returns how many creates were answered and delivered in how many seconds, each pair in closed loop on the
    answer."""
    loop = asyncio.get_running_loop()
    stop = loop.time() + seconds
    total = Latencies()
    for pair in among:
        pair.times = total
        pair.on_answered = _again(pair, stop, loop)
    began = loop.time()
    for pair in among:
        pair.create()
    await asyncio.sleep(seconds)
    await _until(lambda: len(total.delivered) >= len(total.answered) and not any(pair.is_waiting for pair in among), 20)
    return len(total.delivered), loop.time() - began


def _again(pair: Pair, stop: float, loop: Any) -> Callable[[], None]:
    def again() -> None:
        if loop.time() < stop:
            pair.create()

    return again


async def _until(holds: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
