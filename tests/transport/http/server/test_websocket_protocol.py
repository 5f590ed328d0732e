"""What a client may ask of one WebSocket, and how one ends that asks for more or takes nothing."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from reyna.app.http_server import start_server, stop_servers
from reyna.embedded.tcp_ports import free_ports
from reyna.transport.http.server.anonymous_connections import MAX_WAITING_PER_ADDRESS
from reyna.transport.http.server.http_protocol import Connections, HttpProtocol
from reyna.transport.http.server.websocket_protocol import (
    CLOSE_TIMEOUT_SECONDS,
    MAX_ANONYMOUS_MESSAGE_BYTES,
    MAX_FRAGMENTS,
    MAX_MESSAGE_BYTES,
    SIGNED_IN,
    TOO_LARGE,
    TOO_MANY,
    TOO_SLOW,
    WRITE_TEXT,
    WebSocketLimits,
    WebSocketProtocol,
)
from tests.transport.http.websocket_bytes import CONTINUATION, PING, PONG, TEXT, RawWebSocket, frame, header

QUICK = WebSocketLimits(ping_interval_seconds=0.2, pong_timeout_seconds=0.2, write_timeout_seconds=0.2)
ANSWERABLE = WebSocketLimits(ping_interval_seconds=0.2, pong_timeout_seconds=1.0)  # also on a busy machine
FAST = WebSocketLimits(frames_per_second=1e6, burst_frames=1e6)
MUCH = "x" * 4_000


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says the length of whatever it hears; under `/known` somebody is known from the start, under `/flood` it talks
    without end."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"up"})
        return
    await receive()
    await send({"type": "websocket.accept", "headers": []})
    if scope["path"] != "/anonymous":
        scope["extensions"][SIGNED_IN]["call"]()
    while scope["path"] == "/flood":
        try:
            await send({"type": "websocket.send", "text": MUCH})
        except (OSError, RuntimeError):
            return
    if scope["path"] == "/at-once":
        await written_at_once(scope["extensions"][WRITE_TEXT]["call"], receive, send)
        return
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": str(len(message.get("text") or message["bytes"]))})


async def written_at_once(write: Callable[[str], bool], receive: Any, send: Any) -> None:
    """Says as often as it is asked to a text with its number, at once where that can be."""
    while (message := await receive())["type"] == "websocket.receive":
        times, size = map(int, message["text"].split())
        for number in range(times):
            text = f"{number}".ljust(size, "é")
            if not write(text):
                await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.send", "text": "end"})
    assert not write("nobody hears this")


@asynccontextmanager
async def serve_on_port(
    limits: WebSocketLimits | None = None, per_address: int = MAX_WAITING_PER_ADDRESS
) -> AsyncIterator[tuple[int, Callable[..., Awaitable[RawWebSocket]]]]:
    (port,) = free_ports(1)
    server = await start_server(echo, "127.0.0.1", port, Connections(per_address), limits=limits)
    wires: list[RawWebSocket] = []

    async def wire(path: str = "/known", *more: bytes) -> RawWebSocket:
        wires.append(await RawWebSocket.open(port, path, *more))
        return wires[-1]

    try:
        yield port, wire
    finally:
        for one in wires:
            one.close()
        await stop_servers([server])


# --- who does not read ---


@pytest.mark.parametrize("path", ["/known", "/anonymous"])
async def test_pings_whose_pongs_nobody_reads_wait_in_the_network(path: str) -> None:
    async with serve_on_port() as (port, wire):
        line = await wire(path)
        taken = await line.flood(frame(PING, b"p" * 125) * 250, 8_000_000)
        assert taken < 2_000_000, "of a client that reads nothing"
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "up"


async def test_who_reads_the_pongs_gets_all_of_them() -> None:
    async with serve_on_port(FAST) as (_, wire):
        line = await wire()
        await line.send(frame(PING, b"p") * 3_000)
        assert [await line.read() for _ in range(3_000)] == [(PONG, b"p")] * 3_000


async def test_more_frames_than_the_limit_come_later_and_none_is_lost() -> None:
    async with serve_on_port(WebSocketLimits(frames_per_second=500.0, burst_frames=50.0, control_frame_cost=1.0)) as (
        _,
        wire,
    ):
        line, began = await wire(), asyncio.get_running_loop().time()
        for _ in range(2):
            await line.send(frame(PING, b"p") * 300)
            assert [await line.read() for _ in range(300)] == [(PONG, b"p")] * 300
        assert asyncio.get_running_loop().time() - began >= 0.4


@pytest.mark.parametrize("path", ["/known", "/anonymous"])
async def test_pings_beyond_the_limit_wait_in_the_network_and_delay_nobody_else(path: str) -> None:
    async with serve_on_port() as (_, wire):
        flooding = await wire(path)
        await flooding.send(frame(PING, b"") * 3_000)
        assert [await flooding.read() for _ in range(100)] == [(PONG, b"")] * 100
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                assert [await flooding.read() for _ in range(200)] == []
        other = await wire(path, frame(TEXT, b"four"))
        assert await other.read() == (TEXT, b"4")


@pytest.mark.parametrize("path", ["/known", "/anonymous", "/flood"])
async def test_a_device_that_never_reads_is_told_that_it_is_too_slow(path: str) -> None:
    async with serve_on_port(QUICK) as (_, wire):
        line = await wire(path)
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=1.0)  # it does something else
        assert await line.closed() == (TOO_SLOW, "does not read; resume")


async def test_a_device_that_reads_and_answers_no_ping_is_told_so_too() -> None:
    async with serve_on_port(QUICK) as (_, wire):
        line = await wire("/flood")
        assert (await line.closed())[0] == TOO_SLOW


async def test_a_device_that_answers_pings_stays() -> None:
    async with serve_on_port(ANSWERABLE) as (port, _), connect(f"ws://127.0.0.1:{port}/known", proxy=None) as device:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(device.recv(), 0.8)
            await device.send("four")
            assert await device.recv() == "4"


# --- what is too large ---


@pytest.mark.parametrize(("path", "most"), [("/known", MAX_MESSAGE_BYTES), ("/anonymous", MAX_ANONYMOUS_MESSAGE_BYTES)])
async def test_a_message_of_the_largest_size_is_taken_and_a_larger_one_is_not(path: str, most: int) -> None:
    async with serve_on_port() as (_, wire):
        line = await wire(path, frame(TEXT, b"x" * most))
        assert await line.read() == (TEXT, str(most).encode())
        await line.send(frame(TEXT, b"x" * (most + 1)))
        assert await line.closed() == (TOO_LARGE, f"messages are at most {most} bytes")


async def test_a_client_that_answers_the_close_of_its_cut_off_message_need_not_wait_for_the_end() -> None:
    async with serve_on_port() as (port, _), connect(f"ws://127.0.0.1:{port}/known", proxy=None) as device:
        with suppress(ConnectionClosed):
            await device.send("x" * (MAX_MESSAGE_BYTES + 1))
        async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS / 2):
            await device.wait_closed()
        assert device.close_code == TOO_LARGE


@pytest.mark.parametrize("path", ["/known", "/anonymous"])
async def test_a_message_that_is_too_large_in_pieces_is_too_large(path: str) -> None:
    most = MAX_MESSAGE_BYTES if path == "/known" else MAX_ANONYMOUS_MESSAGE_BYTES
    async with serve_on_port() as (_, wire):
        line = await wire(path, frame(TEXT, b"x" * (most // 2), final=False))
        await line.send(frame(CONTINUATION, b"x" * (most // 2), final=False))
        await line.send(frame(CONTINUATION, b"x"))
        assert (await line.closed())[0] == TOO_LARGE


async def test_the_size_that_is_announced_is_enough() -> None:
    async with serve_on_port() as (_, wire):
        line = await wire("/known", header(TEXT, 2**40))
        assert (await line.closed())[0] == TOO_LARGE


async def test_a_message_of_endless_empty_pieces_ends() -> None:
    async with serve_on_port(FAST) as (_, wire):
        line = await wire("/known", frame(TEXT, b"x", final=False))
        await line.send(frame(CONTINUATION, final=False) * (MAX_FRAGMENTS + 1))
        assert (await line.closed())[0] == TOO_LARGE


async def test_who_signed_in_with_the_handshake_may_say_something_long_at_once() -> None:
    async with serve_on_port() as (_, wire):
        line = await wire("/known", frame(TEXT, b"x" * 100_000) * 3)
        assert [await line.read() for _ in range(3)] == [(TEXT, b"100000")] * 3


# --- who asks faster than it is answered ---


async def test_messages_that_come_all_at_once_are_answered_one_by_one() -> None:
    async with serve_on_port(FAST) as (_, wire):
        line = await wire()
        texts = [b"x" * (number % 50 + 1) for number in range(5_000)]
        await line.send(b"".join(frame(TEXT, text) for text in texts))
        assert [int((await line.read())[1]) for _ in texts] == [len(text) for text in texts]


# --- who says nothing ---


async def test_the_oldest_of_too_many_strangers_of_one_address_give_way_and_who_is_known_stays() -> None:
    async with serve_on_port(per_address=2) as (_, wire):
        known = await wire("/known")
        anonymous = [await wire("/anonymous") for _ in range(3)]
        assert (await anonymous[0].closed())[0] == TOO_MANY
        for line in (known, *anonymous[1:]):
            await line.send(frame(TEXT, b"x"))
            assert await line.read() == (TEXT, b"1")


# --- what is written at once ---


@pytest.mark.parametrize("size", [1, 62, 63, 64, 32_767, 32_768, 32_769, 1_000_000])  # in letters of two bytes
async def test_a_message_of_any_size_is_written_at_once(size: int) -> None:
    async with (
        serve_on_port() as (port, _),
        connect(f"ws://127.0.0.1:{port}/at-once", proxy=None, max_size=None) as device,
    ):
        await device.send(f"1 {size}")
        assert await device.recv() == "0".ljust(size, "é")
        assert await device.recv() == "end"


async def test_what_cannot_be_written_at_once_keeps_its_place() -> None:
    async with serve_on_port() as (port, _), connect(f"ws://127.0.0.1:{port}/at-once", proxy=None) as device:
        await device.send("2000 10000")
        heard = [await device.recv() for _ in range(2000)]
        assert [str(text).rstrip("é") for text in heard] == [str(number) for number in range(2000)]
        assert await device.recv() == "end"


# --- what an idle socket costs ---


async def test_a_device_that_is_signed_in_keeps_nothing_of_its_handshake() -> None:
    async with serve_on_port() as (_, wire):
        gc.collect()
        gc.disable()
        try:
            line = await wire("/known", frame(TEXT, b"four"))
            assert await line.read() == (TEXT, b"4")
            found = gc.get_objects()
        finally:
            gc.enable()
        assert [one for one in found if isinstance(one, HttpProtocol)] == []
        (protocol,) = [one for one in found if isinstance(one, WebSocketProtocol)]
        assert (protocol.scope["headers"], len(protocol.request.headers), len(protocol.response.headers)) == ((), 0, 0)
