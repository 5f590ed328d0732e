"""Heads, bodies and connections have limits of size and time, and whoever goes beyond hinders nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx
import msgspec
import pytest

from reyna.transport.http.server.anonymous_connections import BURST_FACTOR, AnonymousConnections
from reyna.transport.http.server.http_protocol import (
    BODY_TIMEOUT_SECONDS,
    HEAD_TIMEOUT_SECONDS,
    LINGER_IDLE_SECONDS,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_PIPELINED_REQUESTS,
    MAX_URL_BYTES,
    WRITE_TIMEOUT_SECONDS,
    Connections,
)
from tests.transport.http.raw_requests import HOST, MAX_WAIT_SECONDS, RawConnection, serve_on_port
from tests.transport.http.sample_service import MUCH_BYTES, sample_app

FEW: Final = 3  # connections of one address that may wait here
MUCH: Final = b"x" * 65_536
ANA: Final = "authorization: Bearer ana"
JSON: Final = "content-type: application/json"


class ServedApplication:
    """A served application whose test says when a second has passed."""

    def __init__(self, connections: Connections, port: int) -> None:
        self.port, self._connections = port, connections

    @property
    def open_connections(self) -> int:
        return self._connections.count

    async def answers(self, connection: RawConnection) -> bool:
        await connection.request("GET /healthz")
        assert await connection.status() == 200
        return bool(await connection.body())

    def advance(self, seconds: float) -> None:
        self._connections.sweep(asyncio.get_running_loop().time() + seconds)


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[ServedApplication]:
    connections = Connections(FEW)
    async with serve_on_port(sample_app(), connections) as port:
        yield ServedApplication(connections, port)


@pytest.fixture
async def connection(served: ServedApplication) -> AsyncIterator[RawConnection]:
    connection = await RawConnection.open(served.port)
    yield connection
    connection.close()


async def expect_refusal(connection: RawConnection, status: int, reason: str) -> None:
    assert await connection.status() == status
    assert connection.header("content-type") == "application/problem+json"
    assert connection.header("connection") == "close"
    assert connection.header("x-content-type-options") == "nosniff"
    problem = msgspec.json.decode(await connection.body())
    assert (problem["status"], problem["reason"]) == (status, reason)
    assert await connection.rest() == b""


def headers(count: int, size: int) -> bytes:
    return b"".join(b"x-%d: %b\r\n" % (number, b"a" * size) for number in range(count))


ENDLESS: Final[dict[str, tuple[bytes, int, str]]] = {
    "a header": (b"GET /things HTTP/1.1\r\nhost: here\r\nx: ", 431, "head_too_large"),
    "a name of a header": (b"GET /things HTTP/1.1\r\nhost: here\r\n", 431, "head_too_large"),
    "an address": (b"GET /", 414, "address_too_long"),
    "a query": (b"GET /things?name=", 414, "address_too_long"),
    "a handshake": (
        b"GET /ws HTTP/1.1\r\nhost: here\r\nupgrade: websocket\r\nconnection: upgrade\r\nx: ",
        431,
        "head_too_large",
    ),
    "a chunk's extension": (
        b"POST /hello HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n1;",
        431,
        "head_too_large",
    ),
    "a trailer": (
        b"POST /lines HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ana\r\n"
        b"transfer-encoding: chunked\r\n\r\n0\r\nx: ",
        431,
        "head_too_large",
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_never_ends_is_cut_off(connection: RawConnection, what: str) -> None:
    begin, status, reason = ENDLESS[what]
    await connection.send(begin, MUCH)
    await expect_refusal(connection, status, reason)


async def test_headers_without_end_are_cut_off(connection: RawConnection) -> None:
    await connection.send(b"GET /things HTTP/1.1\r\nhost: here\r\n")
    answered = asyncio.create_task(expect_refusal(connection, 431, "head_too_large"))
    with pytest.raises(ConnectionError):
        for _ in range(10_000):
            await connection.send(headers(100, 100))
            if answered.done():
                connection.close()
                raise ConnectionError
    await answered


@pytest.mark.parametrize(
    ("count", "size", "status"),
    [
        (MAX_HEADERS - 1, 10, 200),
        (MAX_HEADERS + 1, 10, 431),
        (30, MAX_HEAD_BYTES // 40, 200),
        (45, MAX_HEAD_BYTES // 40, 431),
    ],
)
async def test_a_head_has_so_many_headers_and_bytes(
    connection: RawConnection, count: int, size: int, status: int
) -> None:
    await connection.send(b"GET /healthz HTTP/1.1\r\n", b"host: here\r\n", headers(count - 1, size), b"\r\n")
    assert await connection.status() == status


@pytest.mark.parametrize(("address", "header"), [("/ws", 9_000), ("/ws?" + "a" * 8_100, 1)])
async def test_a_line_that_is_too_long_for_a_handshake_is_refused(
    connection: RawConnection, address: str, header: int
) -> None:
    upgrade = ("upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13", f"x: {'a' * header}")
    await connection.request(f"GET {address}", *upgrade, "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")
    await expect_refusal(connection, 431, "head_too_large")


@pytest.mark.parametrize(("size", "status"), [(MAX_URL_BYTES, 404), (MAX_URL_BYTES + 1, 414)])
async def test_an_address_has_so_many_bytes(connection: RawConnection, size: int, status: int) -> None:
    await connection.request(f"GET /{'a' * (size - 1)}")
    assert await connection.status() == status


@pytest.mark.parametrize(
    "said",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # somebody tries TLS
        b"GET / HTTP/1.1\r\nhost: here\r\nno header\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: here\r\nx: a\x00b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: here\r\n\r\n",
        b"POST /hello HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST /hello HTTP/1.1\r\nhost: here\r\ncontent-length: -1\r\n\r\n",
        b"POST /hello HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST /lines HTTP/1.1\r\nhost: here\r\nauthorization: Bearer ana\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_is_answered_and_ends_the_connection(connection: RawConnection, said: bytes) -> None:
    await connection.send(said)
    await expect_refusal(connection, 400, "malformed")


async def test_what_stands_behind_a_body_is_no_header(connection: RawConnection) -> None:
    await connection.request("POST /lines", ANA, "transfer-encoding: chunked")
    await connection.send(b"1\r\n\n\r\n0\r\nauthorization: Bearer bo\r\ncontent-encoding: gzip\r\n\r\n")
    assert await connection.status() == 200
    assert msgspec.json.decode(await connection.body())["lines"] == 1


@pytest.mark.parametrize("begun", [b"", b"GET /thi", b"GET /things HTTP/1.1\r\nhost: he", b"\r\n"])
async def test_a_head_has_to_come_in_time(served: ServedApplication, connection: RawConnection, begun: bytes) -> None:
    await connection.send(begun)
    other = await RawConnection.open(served.port)
    await other.request("GET /healthz")
    assert await other.status() == 200  # by then what was said has arrived
    served.advance(HEAD_TIMEOUT_SECONDS - 1)
    served.advance(HEAD_TIMEOUT_SECONDS + 1)
    await expect_refusal(connection, 408, "too_slow")
    other.close()


async def test_the_head_of_a_later_request_has_to_come_in_time_too(
    served: ServedApplication, connection: RawConnection
) -> None:
    await connection.request("GET /healthz")
    assert await connection.status() == 200
    await connection.body()
    await connection.send(b"GET /hea")
    other = await RawConnection.open(served.port)
    await other.request("GET /healthz")
    assert await other.status() == 200
    served.advance(HEAD_TIMEOUT_SECONDS + 1)
    await expect_refusal(connection, 408, "too_slow")
    other.close()


async def test_a_body_has_to_come_in_time(served: ServedApplication, connection: RawConnection) -> None:
    await connection.request("POST /hello", JSON, "content-length: 12", "expect: 100-continue")
    assert await connection.status() == 100
    await connection.send(b"{")
    served.advance(BODY_TIMEOUT_SECONDS - 1)
    served.advance(BODY_TIMEOUT_SECONDS + 1)
    await expect_refusal(connection, 408, "too_slow")


async def test_a_body_that_comes_at_a_pace_may_take_long(served: ServedApplication, connection: RawConnection) -> None:
    await connection.request("POST /lines", ANA, "transfer-encoding: chunked", "expect: 100-continue")
    assert await connection.status() == 100
    await connection.send(b"10000\r\n", MUCH, b"\r\n")
    other = await RawConnection.open(served.port)
    await other.request("GET /healthz")
    assert await other.status() == 200
    served.advance(BODY_TIMEOUT_SECONDS + 30)  # 64 KiB, at one a second
    await connection.send(b"0\r\n\r\n")
    assert await connection.status() == 200
    other.close()


async def test_who_still_sends_what_nobody_wants_is_given_some_time(
    served: ServedApplication, connection: RawConnection
) -> None:
    await connection.request("POST /things", "content-length: 1000000")
    assert await connection.status() == 401
    await connection.body()
    await connection.send(b"[")
    served.advance(LINGER_IDLE_SECONDS + 1)
    with pytest.raises(ConnectionError):
        for _ in range(1_000):
            await connection.send(MUCH)


async def test_an_answer_has_to_be_taken(served: ServedApplication) -> None:
    connection = await RawConnection.open(served.port, limit=1)
    await connection.request("POST /much", ANA)
    other = await RawConnection.open(served.port)
    passed = 0.0
    async with asyncio.timeout(MAX_WAIT_SECONDS):
        while await served.answers(other) and served.open_connections > 1:
            passed += WRITE_TIMEOUT_SECONDS + 1
            served.advance(passed)
    assert len(await connection.rest()) < MUCH_BYTES
    other.close()


async def test_requests_far_ahead_of_their_answers_end_the_connection(connection: RawConnection) -> None:
    one = b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"
    await connection.send(one * (20 * MAX_PIPELINED_REQUESTS))
    answers = (await connection.rest()).count(b"HTTP/1.1 200")
    assert answers <= 2 * MAX_PIPELINED_REQUESTS


async def test_a_few_requests_ahead_of_their_answers_are_answered_in_order(connection: RawConnection) -> None:
    await connection.send(
        *(f"GET /things?name={name} HTTP/1.1\r\nhost: here\r\n{ANA}\r\n\r\n".encode() for name in "abc")
    )
    for name in "abc":
        assert await connection.status() == 200
        assert msgspec.json.decode(await connection.body())["name"] == name


# --- how many ---


async def test_of_too_many_that_wait_the_oldest_give_way(served: ServedApplication) -> None:
    waiting = [await RawConnection.open(served.port) for _ in range(FEW + 2)]
    known = await RawConnection.open(served.port)
    await known.request("GET /things", ANA)
    assert await known.status() == 200  # by then all have come
    await known.body()
    served.advance(0.5)  # each has a second, whoever else is there
    served.advance(2)
    for connection in waiting[:2]:
        await expect_refusal(connection, 429, "too_many_connections")
    for connection in (*waiting[2:], known):
        await connection.request("GET /healthz")
        assert await connection.status() == 200
        connection.close()


async def test_where_somebody_is_known_any_number_may_come_from_one_address(served: ServedApplication) -> None:
    known = [await RawConnection.open(served.port) for _ in range(4 * FEW)]
    for _ in range(2):
        for connection in known:
            await connection.request("GET /things", ANA)
            assert await connection.status() == 200
            await connection.body()
        served.advance(2)
    for connection in known:
        connection.close()


def append_to(by: list[int], number: int) -> Callable[[], None]:
    return lambda: by.append(number)


def add_connections(connections: AnonymousConnections, hosts: list[str], now: float = 0.0) -> list[int]:
    """Those that had to give way, by their place in the list."""
    gave_way = list[int]()
    for number, host in enumerate(hosts):
        assert connections.add((host, number), append_to(gave_way, number), now)
    connections.close_surplus(now + 2)
    return gave_way


@pytest.mark.parametrize(
    ("hosts", "gave_way"),
    [
        (["10.0.0.1"] * 5, [0, 1]),
        (["10.0.0.1", "10.0.0.2"] * 3, []),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:0:1::", "2001:db8:0:1::"], [0]),
        (["::ffff:10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"], [0]),
        (["fe80::1%eth0"] * 4, [0]),
        (["a name"] * 4, [0]),
    ],
)
def test_addresses_are_counted_each_for_itself(hosts: list[str], gave_way: list[int]) -> None:
    assert add_connections(AnonymousConnections(3), hosts) == gave_way


def test_a_crowd_that_comes_at_once_is_let_in_and_given_a_second() -> None:
    connections, gave_way, burst = AnonymousConnections(3), list[int](), 3 * BURST_FACTOR
    admitted = [connections.add(("10.0.0.1", number), append_to(gave_way, number), 0.0) for number in range(burst + 1)]
    assert admitted == [True] * burst + [False]
    connections.close_surplus(0.5)
    assert gave_way == []
    for number in range(burst):
        connections.remove(("10.0.0.1", number))
    connections.close_surplus(5)
    assert gave_way == []


def test_nothing_is_kept_of_who_is_gone() -> None:
    connections = AnonymousConnections(3)
    for number in range(100):
        client = (f"10.0.0.{number}", number)
        connections.add(client, lambda: None, 0.0)
        connections.authenticate(client)
        connections.forget(client)
    assert connections.count() == 0


async def test_the_honest_are_served_while_others_hold_their_connections(served: ServedApplication) -> None:
    slow = [await RawConnection.open(served.port) for _ in range(20)]
    for connection in slow:
        await connection.send(b"GET /things HTTP/1.1\r\nx: ")
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{HOST}:{served.port}/healthz")).status_code == 200
    for connection in slow:
        connection.close()
