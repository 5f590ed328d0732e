"""What is refused is refused before its body is read, so that nobody has to send it, and nobody makes us keep it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httpx
import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.transport.http.problems import MAX_BODY_BYTES
from tests.transport.http.raw_requests import RawConnection, serve_on_port
from tests.transport.http.sample_service import identify, sample_app
from tests.transport.http.test_problems import is_a_problem

JSON: Final = "content-type: application/json"
ANA: Final = "authorization: Bearer ana"
COOKIE: Final = "cookie: reyna_session=ana"
ALL: Final = f"content-length: {MAX_BODY_BYTES}"
CHUNKED: Final = "transfer-encoding: chunked"
THEIRS: Final = "origin: http://elsewhere.test"
ANYBODY_BYTES: Final = 65_536
MUCH: Final = b" " * 65_536


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with serve_on_port(sample_app()) as port:
        yield port


@pytest.fixture
async def connection(port: int) -> AsyncIterator[RawConnection]:
    connection = await RawConnection.open(port)
    yield connection
    connection.close()


# line, headers, status: what is sent is the head alone
REFUSED: Final = [
    ("POST /things", (JSON, ALL), 401),
    ("POST /things", (ALL,), 401),
    ("POST /things", (CHUNKED,), 401),
    ("POST /things", (JSON, ALL, "expect: 100-continue"), 401),
    ("POST /things", ("authorization: Bearer stranger", JSON, ALL), 401),
    ("POST /things?limit=abc", (JSON, ALL), 401),
    ("POST /things", ("content-type: text/plain", ALL), 401),
    ("POST /things", ("content-length: 99999999999", JSON), 401),
    ("PATCH /things/1", (JSON, ALL), 401),
    ("POST /things/1/press", (ALL,), 401),
    ("POST /lines", (CHUNKED,), 401),
    ("GET /things", (ALL,), 401),
    ("POST /nothing", (JSON, ALL), 404),
    ("PUT /things", (JSON, ALL), 405),
    ("POST /things", (COOKIE, THEIRS, JSON, ALL), 403),
    ("POST /things", (COOKIE, ALL), 403),
    ("POST /hello", (THEIRS, ALL), 403),
    ("POST /hello", (JSON, f"content-length: {ANYBODY_BYTES + 1}"), 413),
    ("POST /hello", ("content-type: text/plain", CHUNKED), 415),
    ("POST /things", (ANA, JSON, f"content-length: {MAX_BODY_BYTES + 1}"), 413),
    ("POST /things", (ANA, JSON, "content-length: 99999999999999999999"), 413),
    ("POST /things", (ANA, "content-type: text/plain", ALL), 415),
    ("POST /things", (ANA, JSON, "content-encoding: gzip", ALL), 415),
    ("POST /lines", (ANA, "content-encoding: br", CHUNKED), 415),
    ("POST /things", (ANA, JSON, ALL, "expect: 100-continue", "authorization: Bearer bo"), 400),
]


@pytest.mark.parametrize(("line", "headers", "status"), REFUSED)
async def test_who_is_refused_need_not_send_the_body(
    connection: RawConnection, line: str, headers: tuple[str, ...], status: int
) -> None:
    await connection.request(line, *headers)
    assert await connection.status() in ((400, status) if "99999999999999999999" in headers[-1] else (status,))
    problem = msgspec.json.decode(await connection.body())
    assert problem["status"] == int(connection.head.split(b" ")[1])
    assert connection.header("content-type") == "application/problem+json"
    assert connection.header("connection") == "close", "what is left of the body must not be taken for a request"


@pytest.mark.parametrize(("line", "headers"), [("POST /things", (JSON,)), ("POST /hello", (THEIRS, JSON))])
async def test_who_sends_it_all_before_reading_still_learns_why(
    connection: RawConnection, line: str, headers: tuple[str, ...]
) -> None:
    await connection.request(line, *headers, ALL, body=b"[" + b'"ab",' * (MAX_BODY_BYTES // 5))
    assert await connection.status() in (401, 403)
    assert b'"forbidden"' in await connection.rest()


@pytest.mark.parametrize("headers", [(), (ANA,)])
async def test_who_never_stops_sending_is_cut_off(connection: RawConnection, headers: tuple[str, ...]) -> None:
    await connection.request("POST /things", *headers, JSON, CHUNKED)
    status = asyncio.create_task(connection.status())
    with pytest.raises(ConnectionError):
        for _ in range(2_000):
            await connection.send(b"10000\r\n", MUCH, b"\r\n")
    assert await status in (0, 401, 413)


async def test_a_chunked_body_of_anybody_is_cut_at_their_limit(connection: RawConnection) -> None:
    await connection.request("POST /hello", JSON, CHUNKED)
    await connection.send(b"10000\r\n", MUCH, b"\r\n1\r\n \r\n")
    assert await connection.status() == 413


async def test_who_asks_first_is_told_to_go_on(connection: RawConnection) -> None:
    await connection.request("POST /hello", JSON, "content-length: 12", "expect: 100-continue")
    assert await connection.status() == 100
    await connection.send(b'{"name":"a"}')
    assert await connection.status() == 200


async def test_a_small_refused_body_does_not_end_the_connection(connection: RawConnection) -> None:
    for _ in range(3):
        await connection.request("POST /things", JSON, "content-length: 12", body=b'{"name":"a"}')
        assert await connection.status() == 401
        await connection.body()


async def test_more_than_was_declared_is_no_part_of_the_body(connection: RawConnection) -> None:
    await connection.request("POST /hello", JSON, "content-length: 12", body=b'{"name":"a"}' + b"x" * 100)
    assert await connection.status() == 200
    assert await connection.body() == b'{"hello":"a"}'
    assert await connection.rest() == b"", "it ends the connection instead"


async def test_what_may_be_long_is_read_while_it_arrives(connection: RawConnection) -> None:
    await connection.request("POST /lines", ANA, CHUNKED)
    for _ in range(200):
        await connection.send(b"10000\r\n", b"\n" * 65_536, b"\r\n")
    await connection.send(b"0\r\n\r\n")
    assert await connection.status() == 200
    assert msgspec.json.decode(await connection.body())["lines"] == 200 * 65_536


async def test_who_asks_is_found_out_once() -> None:
    asked = list[str]()

    async def counting(token: str) -> Caller:
        asked.append(token)
        return await identify(token)

    transport = httpx.ASGITransport(sample_app(identify=counting))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        client.headers["authorization"] = "Bearer ana"
        assert (await client.post("/things", json={"name": "a"})).status_code == 201
    assert asked == ["ana"]


async def test_nobody_is_refused_for_a_query_before_they_are_known(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things?colour=red")).status_code == 401


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "x", "identity, gzip", "aes128gcm"])
async def test_a_coded_body_is_refused_and_told_how_to_send_it(ana_s: httpx.AsyncClient, coding: str) -> None:
    answer = await ana_s.post("/things", json={"name": "a"}, headers={"content-encoding": coding})
    is_a_problem(answer, 415, "invalid", "unsupported_media_type")
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_that_is_not_coded_may_say_so(ana_s: httpx.AsyncClient) -> None:
    answer = await ana_s.post("/things", json={"name": "a"}, headers={"content-encoding": "identity"})
    assert answer.status_code == 201
