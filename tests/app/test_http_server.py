"""Stopping HTTP servers: what the log says, and what clients see whose requests were under way."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from reyna.app import log
from reyna.app.http_server import HttpServer, start_server, stop_servers
from reyna.domain.errors import CannotStart
from reyna.embedded.tcp_ports import free_ports
from tests.support.collector import Collector

HOST: Final = "127.0.0.1"
MUCH: Final = b"x" * 65_536
SHORTLY: Final = 0.05  # seconds that requests get to finish here


class Slow:
    """An application whose requests take until `go_on`; `begun` are their paths.

    `/half` has answered a part by then, `/much` goes on answering for ever, and `/wrong` breaks when it is cut off.
    """

    def __init__(self) -> None:
        self.begun, self.go_on = Collector[str](), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        elif scope["path"] in ("/half", "/much"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        self.begun(scope["path"])
        while scope["path"] == "/much":
            await send({"type": "http.response.body", "body": MUCH, "more_body": True})
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            if scope["path"] == "/wrong":
                raise ZeroDivisionError from None
            raise
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def server(slow: Slow) -> AsyncIterator[tuple[HttpServer, str]]:
    (port,) = free_ports(1)
    server = await start_server(slow, HOST, port)
    yield server, f"{HOST}:{port}"
    slow.go_on.set()
    await stop_servers([server])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


class Written(io.StringIO):
    def lines(self) -> list[tuple[str, str]]:
        """Level and event of each."""
        found = [msgspec.json.decode(line) for line in self.getvalue().splitlines()]
        return [(line["level"], line["event"].strip()) for line in found]


@pytest.fixture
def written() -> Any:
    """What a user sees who has set nothing about the log."""
    stream = Written()
    log.configure("info", "json", stream)
    yield stream
    log.configure("info", "console")


async def test_what_ends_in_time_is_answered_and_nothing_is_said(
    slow: Slow, server: tuple[HttpServer, str], client: httpx.AsyncClient, written: Written
) -> None:
    asking = asyncio.create_task(client.get(f"http://{server[1]}/"))
    await slow.begun.first(1)
    closing = asyncio.create_task(stop_servers([server[0]]))
    slow.go_on.set()
    assert (await asking).text == "done"
    await closing
    assert written.lines() == []


async def test_what_takes_longer_is_told_so_and_one_line_says_how_many(
    slow: Slow, server: tuple[HttpServer, str], client: httpx.AsyncClient, written: Written
) -> None:
    asking = [asyncio.create_task(client.post(f"http://{server[1]}/{number}")) for number in range(3)]
    await slow.begun.first(3)
    await stop_servers([server[0]], within=SHORTLY)
    for answer in await asyncio.gather(*asking):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["code"], problem["reason"]) == (503, "fault", "stopping")
        assert "Idempotency-Key" in problem["detail"]
    assert written.lines() == [("warning", "Stopped with 3 request(s) unfinished: cut off after 0.05 seconds")]


async def test_half_an_answer_is_not_taken_for_a_whole_one(
    slow: Slow, server: tuple[HttpServer, str], client: httpx.AsyncClient, written: Written
) -> None:
    asking = asyncio.create_task(client.get(f"http://{server[1]}/half"))
    await slow.begun.first(1)
    await stop_servers([server[0]], within=SHORTLY)
    with pytest.raises(httpx.RemoteProtocolError):
        await asking
    assert written.lines() == [("warning", "Stopped with 1 request(s) unfinished: cut off after 0.05 seconds")]


async def test_whoever_does_not_fetch_an_answer_holds_nobody_up(
    slow: Slow, server: tuple[HttpServer, str], written: Written
) -> None:
    reader, writer = await asyncio.open_connection(*server[1].split(":"), limit=1)
    writer.write(b"GET /much HTTP/1.1\r\nhost: here\r\n\r\n")
    await slow.begun.first(1)
    await stop_servers([server[0]], within=SHORTLY)
    assert written.lines() == [("warning", "Stopped with 1 request(s) unfinished: cut off after 0.05 seconds")]
    got = b""
    with suppress(ConnectionError):  # it was dropped, as it should be
        while piece := await reader.read(len(MUCH)):
            got += piece
    assert got.startswith(b"HTTP/1.1 200")
    assert not got.endswith(b"\r\n0\r\n\r\n"), "this would be a whole answer"
    writer.close()


async def test_a_line_that_is_busy_ends_too(slow: Slow, server: tuple[HttpServer, str], written: Written) -> None:
    async with connect(f"ws://{server[1]}/line") as line:
        await slow.begun.first(1)
        await stop_servers([server[0]], within=SHORTLY)
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012  # service restart
    assert written.lines() == [("warning", "Stopped with 1 request(s) unfinished: cut off after 0.05 seconds")]


async def test_what_breaks_while_it_is_cut_off_is_still_an_error(
    slow: Slow, server: tuple[HttpServer, str], client: httpx.AsyncClient, written: Written
) -> None:
    asking = asyncio.create_task(client.get(f"http://{server[1]}/wrong"))
    await slow.begun.first(1)
    await stop_servers([server[0]], within=SHORTLY)
    assert (await asking).status_code == 500
    assert [level for level, _ in written.lines()] == ["warning", "error"]
    assert "ZeroDivisionError" in written.getvalue()


async def test_what_cancels_itself_while_the_door_is_open_is_still_an_error(
    client: httpx.AsyncClient, written: Written
) -> None:
    async def gives_up(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    (port,) = free_ports(1)
    server = await start_server(gives_up, HOST, port)
    assert (await client.get(f"http://{HOST}:{port}/")).status_code == 500
    await stop_servers([server])
    assert written.lines() == [("error", "Exception in ASGI application")]


async def test_nothing_is_left_behind_in_the_log_of_others(slow: Slow, server: tuple[HttpServer, str]) -> None:
    told = logging.getLogger("uvicorn.error")
    before = list(told.filters)
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(f"http://{server[1]}/"))
        await slow.begun.first(1)
        await stop_servers([server[0]], within=SHORTLY)
        await asking
    assert told.filters == before


async def test_a_port_that_is_taken_at_the_last_moment_is_one_clear_error(
    slow: Slow, server: tuple[HttpServer, str]
) -> None:
    address = server[1]
    with pytest.raises(CannotStart, match=f"cannot listen on {address}: Address already in use"):
        await start_server(slow, HOST, int(address.partition(":")[2]))
