"""A direct route answers what Litestar would answer: the same handlers are asked through both."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
import pytest
from litestar import get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, TimedOut, TooMuch, Unserved
from reyna.transport.http import DIRECT, CurrentCaller, IdempotencyKeyHeader, IfMatchHeader, create_app
from tests.transport.http.raw_requests import RawConnection, serve_on_port
from tests.transport.http.sample_service import NewThing, Things, Verbs, identify

RAISED: Final[Mapping[str, Exception]] = {
    "conflict": Conflict("Somebody was faster.", current=NewThing(name="a"), ids=["1", "2"]),
    "too much": TooMuch("Later.", retry_after=7),
    "late": TimedOut("No answer."),
    "away": Unserved("Nobody there."),
    "fault": Fault("The thing is in pieces.", id="fault-1"),
    "bug": RuntimeError("password=geheim"),
}
FAULT_ID: Final = re.compile(rb"fault-[0-9a-z]{10,}")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a handler was given."""

    thing: NewThing | None = None
    id: str | None = None
    caller: Caller
    key: str | None = None
    fingerprint: str | None = None
    if_match: str | None = None
    verbose: bool | None = None


async def create(things: Verbs, caller: CurrentCaller, data: JSONBody[NewThing], key: IdempotencyKeyHeader) -> Kept:
    if data.name in RAISED:
        raise RAISED[data.name]
    given = (None, None) if key is None else (key.text, key.fingerprint)
    return Kept(thing=await things.keep(caller, data), caller=anywhere(caller), key=given[0], fingerprint=given[1])


async def change(
    caller: CurrentCaller, id: FromPath[str], data: JSONBody[NewThing | None] = None, if_match: IfMatchHeader = None
) -> Kept:
    return Kept(thing=data, id=id, caller=anywhere(caller), if_match=if_match)


async def thing(caller: CurrentCaller, id: FromPath[str], verbose: FromQuery[bool | None] = None) -> Kept:
    return Kept(id=id, caller=anywhere(caller), verbose=verbose)


def anywhere(caller: Caller) -> Caller:
    assert caller.address is not None
    return msgspec.structs.replace(caller, address=None)


def app_of(opt: dict[str, Any]) -> Any:
    return create_app(
        title="Things",
        version="1.2.3",
        routes=[
            post("/api/things", opt=opt)(create),
            patch("/api/things/{id:str}", opt=opt)(change),
            get("/api/things/{id:str}", opt=opt)(thing),
        ],
        identify=identify,
        services={"things": Things()},
        checks={},
    )


@pytest.fixture(scope="module")
async def ports() -> AsyncIterator[tuple[int, int]]:
    """The ports of two applications that differ in their direct routes alone."""
    async with serve_on_port(app_of({})) as port, serve_on_port(app_of(DIRECT)) as direct_port:
        yield port, direct_port


Answer = tuple[int, list[tuple[str, str]], bytes]


async def answer(connection: RawConnection, *, has_body: bool = True) -> Answer:
    """Reads the next response, without its date and the ids of faults."""
    status = await connection.status()
    lines = [line.partition(": ") for line in connection.head.decode("latin-1").strip().splitlines()[1:]]
    headers = sorted((name.lower(), value) for name, _, value in lines if name.lower() != "date")
    return status, headers, FAULT_ID.sub(b"fault-?", await connection.body() if has_body else b"")


async def answer_of(port: int, line: str, headers: tuple[str, ...], body: bytes) -> Answer:
    connection = await RawConnection.open(port)
    host = [] if any(header.startswith("host:") for header in headers) else ["host: here"]
    length = [f"content-length: {len(body)}"] if body and not any("chunked" in header for header in headers) else []
    head = "\r\n".join([f"{line} HTTP/1.1", *host, *headers, *length, "", ""])
    await connection.send(head.encode("latin-1"), body)
    found = await answer(connection, has_body=not line.startswith("HEAD"))
    connection.close()
    return found


ANA: Final = "authorization: Bearer ana"
JSON: Final = "content-type: application/json"
COOKIE: Final = "cookie: reyna_session=ana"
THING: Final = b'{"name":"a","count":2,"data":{"text":"\xc3\xa9"}}'
POST: Final = "POST /api/things"
PATCH: Final = "PATCH /api/things/1"
GET: Final = "GET /api/things/1"
CHUNKED: Final = b'5\r\n{"nam\r\n7\r\ne":"a"}\r\n0\r\n\r\n'

REQUESTS: Final[list[tuple[int, str, tuple[str, ...], bytes]]] = [
    (201, POST, (ANA, JSON), THING),
    (201, POST, (ANA,), THING),
    (201, POST, (ANA, "content-type: application/vnd.api+json; charset=utf-8"), THING),
    (201, POST, (ANA, JSON, "idempotency-key: one"), THING),
    (201, POST, (ANA, JSON, "x-reyna-user: user-ana"), THING),
    (201, POST, (ANA, JSON, "if-match: 7"), THING),
    (201, POST, (ANA, JSON, "content-encoding: identity"), THING),
    (201, POST, (ANA, JSON), THING + b" " * 100_000),
    (201, POST, (ANA, JSON, "transfer-encoding: chunked"), CHUNKED),
    (201, POST, (ANA, JSON, "connection: close"), THING),
    (201, POST, (ANA, JSON, "host: studio.test:8010"), THING),
    (201, POST, (ANA, JSON, "host:"), THING),
    (201, POST, (ANA, JSON, "host: a'b"), THING),
    (201, "POST //api/things/", (ANA, JSON), THING),
    (201, "POST /api/th%69ngs", (ANA, JSON, "idempotency-key: one"), THING),
    (201, POST, (COOKIE, JSON, "origin: http://here", "x-reyna-csrf: 1"), THING),
    # refused by the guard
    (401, POST, (JSON,), THING),
    (401, POST, ("authorization: Bearer stranger", JSON), THING),
    (401, POST, ("authorization: Basic ana", JSON), THING),
    (403, POST, (COOKIE, JSON), THING),
    (403, POST, (COOKIE, JSON, "origin: http://elsewhere.test", "x-reyna-csrf: 1"), THING),
    (409, POST, (ANA, JSON, "x-reyna-user: user-bo"), THING),
    (415, POST, (ANA, "content-type: text/plain"), THING),
    (415, POST, (ANA, JSON, "content-encoding: gzip"), THING),
    (400, POST, (ANA, ANA, JSON), THING),
    (400, POST, (ANA, JSON, "host: here", "host: there"), THING),
    (422, POST, (ANA, JSON, "host: {}"), THING),
    # refused while it is read
    (422, POST, (ANA, JSON), b""),
    (422, POST, (ANA, JSON), b" "),
    (422, POST, (ANA, JSON), b"{"),
    (422, POST, (ANA, JSON), b"[]"),
    (422, POST, (ANA, JSON), b"null"),
    (422, POST, (ANA, JSON), b'{"name":"\xff"}'),
    (422, POST, (ANA, JSON), b'{"name":1}'),
    (422, POST, (ANA, JSON), b'{"name":"a","colour":"red"}'),
    (422, POST, (ANA, JSON), b'{"name":"a","data":1e-400}'),
    (422, POST, (ANA, JSON), b'{"name":"a","data":' + b"[" * 2_000 + b"]" * 2_000 + b"}"),
    (422, POST, (ANA, JSON, "idempotency-key:"), THING),
    (422, POST, (ANA, JSON, "idempotency-key: \xe9"), THING),
    (422, POST, (ANA, JSON, f"idempotency-key: {'k' * 201}"), THING),
    (422, POST, (ANA, JSON, "idempotency-key:"), b"{"),
    (400, POST, (ANA, JSON, "idempotency-key: one", "idempotency-key: two"), THING),
    (422, "POST /api/things?colour=red", (ANA, JSON), THING),
    (201, "POST /api/things?", (ANA, JSON), THING),
    # refused or failed by the verb
    (409, POST, (ANA, JSON), b'{"name":"conflict"}'),
    (429, POST, (ANA, JSON), b'{"name":"too much"}'),
    (504, POST, (ANA, JSON), b'{"name":"late"}'),
    (503, POST, (ANA, JSON), b'{"name":"away"}'),
    (500, POST, (ANA, JSON), b'{"name":"fault"}'),
    (500, POST, (ANA, JSON), b'{"name":"bug"}'),
    # other methods and addresses
    (200, PATCH, (ANA, JSON), THING),
    (200, PATCH, (ANA, JSON), b"null"),
    (200, PATCH, (ANA, JSON), b""),
    (200, PATCH, (ANA, JSON, 'if-match: "7"'), THING),
    (200, PATCH, (ANA, JSON, "if-match: \xe9"), THING),
    (422, PATCH, (ANA, JSON), b"[]"),
    (401, PATCH, (JSON,), THING),
    (200, "PATCH /api/things/a%20b%C3%A9", (ANA, JSON), THING),
    (404, "PATCH /api/things/%00", (ANA, JSON), THING),
    (404, "PATCH /api/things/..", (ANA, JSON), THING),
    (404, "PATCH /api/things/1/2", (ANA, JSON), THING),
    (200, GET, (ANA,), b""),
    (200, GET, (ANA,), THING),
    (200, GET, (ANA, 'if-none-match: "other"'), b""),
    (304, GET, (ANA, "if-none-match: *"), b""),
    (200, "GET /api/things/1?verbose=true", (ANA,), b""),
    (422, "GET /api/things/1?verbose=7", (ANA,), b""),
    (200, GET, (COOKIE,), b""),
    (403, GET, (COOKIE, "sec-fetch-site: cross-site"), b""),
    (401, GET, (), b""),
    (200, "GET /api/things/" + "x" * 5_000, (ANA,), b""),
    (200, "HEAD /api/things/1", (ANA,), b""),
    (204, "OPTIONS /api/things/1", (ANA,), b""),
    (405, "PUT /api/things/1", (ANA, JSON), THING),
    (405, "GET /api/things", (ANA,), b""),
    (404, "POST /api/nothing", (ANA, JSON), THING),
]


@pytest.mark.parametrize(("status", "line", "headers", "body"), REQUESTS)
async def test_a_direct_route_answers_as_litestar_does(
    ports: tuple[int, int], status: int, line: str, headers: tuple[str, ...], body: bytes
) -> None:
    expected, found = [await answer_of(port, line, headers, body) for port in ports]
    assert found == expected
    assert found[0] == status


async def test_requests_follow_each_other_on_one_connection(ports: tuple[int, int]) -> None:
    found = []
    for port in ports:
        connection = await RawConnection.open(port)
        for body in (THING, b"{", b'{"name":"bug"}', THING):
            await connection.request(POST, ANA, JSON, f"content-length: {len(body)}", body=body)
        found.append([await answer(connection) for _ in range(4)])
        connection.close()
    assert found[0] == found[1]
    assert [status for status, _, _ in found[1]] == [201, 422, 500, 201]


async def test_a_body_that_comes_in_pieces_is_read_to_its_end(ports: tuple[int, int]) -> None:
    for port in ports:
        connection = await RawConnection.open(port)
        await connection.request(POST, ANA, JSON, f"content-length: {len(THING)}", "expect: 100-continue")
        assert await connection.status() == 100
        for byte in THING:
            await connection.send(bytes([byte]))
            await asyncio.sleep(0)
        assert await connection.status() == 201
        connection.close()


@pytest.mark.parametrize("opt", [{}, DIRECT])
async def test_a_client_that_leaves_in_the_middle_of_a_body_harms_nobody(opt: dict[str, Any]) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"na', "more_body": True},
        {"type": "http.disconnect"},
    ]
    await app_of(opt)(scope_of("POST", "/api/things", {"content-length": "10"}), receive, send)
    assert sent[0]["status"] == 400
    assert b"The body ended too early." in sent[1]["body"]


PLAIN: Final = {"content-length": str(len(THING)), "host": "here"}
LEFT_TO_LITESTAR: Final = [
    ("POST", "/api/things", {}, b""),
    ("POST", "/api/things", {"content-length": "0"}, b""),
    ("POST", "/api/things", {"content-length": "1000000"}, b""),
    ("POST", "/api/things", {"content-length": "+1"}, b""),
    ("POST", "/api/things", PLAIN | {"host": "{}"}, b""),
    ("POST", "/api/things", PLAIN | {"transfer-encoding": "chunked"}, b""),
    ("POST", "/api/things", PLAIN, b"a=b"),
    ("GET", "/api/things/1", {}, b"verbose=true"),
    ("PUT", "/api/things/1", {}, b""),
    ("GET", "/api/nothing", {}, b""),
    ("GET", "/healthz", {}, b""),
]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [("POST", "/api/things", PLAIN), ("PATCH", "/api/things/1", PLAIN), ("GET", "/api/things/1", {})],
)
def test_a_plain_request_is_answered_directly(method: str, path: str, headers: dict[str, str]) -> None:
    assert app_of(DIRECT).direct_routes.find(scope_of(method, path, headers)) is not None
    assert app_of({}).direct_routes.find(scope_of(method, path, headers)) is None


@pytest.mark.parametrize(("method", "path", "headers", "query"), LEFT_TO_LITESTAR)
def test_what_is_not_plain_is_left_to_litestar(method: str, path: str, headers: dict[str, str], query: bytes) -> None:
    scope = scope_of(method, path, headers, query)
    before = dict(scope)
    assert app_of(DIRECT).direct_routes.find(scope) is None
    assert scope == before


def test_a_handler_that_only_litestar_can_call_cannot_be_direct() -> None:
    @get("/odd", opt=DIRECT)
    async def odd(number: FromPath[int]) -> None: ...

    with pytest.raises(TypeError, match="number"):
        create_app(title="Odd", version="1", routes=[odd], identify=identify, services={}, checks={})


def scope_of(method: str, path: str, headers: Mapping[str, str], query: bytes = b"") -> dict[str, Any]:
    named = {"authorization": "Bearer ana"} | dict(headers)
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": raw,
        "head": dict(raw),
        "client": ("192.0.2.1", 1),
    }
