"""A small service whose routes show every behaviour of the HTTP layer."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from reyna.domain.caller import Caller
from reyna.domain.errors import BY_REASON, Conflict, Fault, NotSignedIn, TimedOut, Unserved
from reyna.domain.requests.page import DEFAULT_LIMIT
from reyna.transport.http import Check, CurrentCaller, Cursor, Limit, create_app
from reyna.transport.http.authentication import Authenticator
from reyna.transport.http.dependencies import JsonRequest

MUCH_BYTES: Final = 30_000_000  # more than a connection holds that nobody reads
BROKEN: Final = {
    "fault": Fault("The thing is in pieces.", id="fault-1"),
    "late": TimedOut("No answer."),
    "away": Unserved("Nobody there."),
    "bug": RuntimeError("password=geheim"),
}


class Maker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    born: int | None = None


class NewThing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    count: int = 1
    tags: tuple[str, ...] = ()
    maker: Maker | None = None
    data: Any = None


class Things:
    """The service that the routes call."""

    async def keep(self, caller: Caller, new: NewThing) -> NewThing:
        return new


Verbs = NamedDependency[Things]


@post("/things")
async def create(things: Verbs, caller: CurrentCaller, data: JSONBody[NewThing]) -> NewThing:
    return await things.keep(caller, data)


@post("/judged")
async def judge(caller: CurrentCaller, data: JSONBody[NewThing], limit: Limit = DEFAULT_LIMIT) -> None:
    """Refuses whatever it is given."""
    raise Conflict(name=data.name)


@post("/hello", status_code=200)
async def greet(data: JSONBody[NewThing]) -> dict[str, str]:
    """For anybody."""
    return {"hello": data.name}


@post("/things/{id:str}/press", status_code=200)
async def press(caller: CurrentCaller, id: FromPath[str]) -> dict[str, str]:
    """Reads no body."""
    return {"pressed": id}


@post("/much", status_code=200)
async def answer_much(caller: CurrentCaller) -> Stream:
    """More than any network holds."""
    return Stream(b"x" * 100_000 for _ in range(MUCH_BYTES // 100_000))


@post("/lines", status_code=200, request_max_body_size=None)
async def count_lines(
    request: JsonRequest,
    caller: CurrentCaller,
    word: Annotated[list[str] | None, QueryParameter(name="word")] = None,
) -> dict[str, Any]:
    """As many as one likes, counted while they arrive."""
    return {"lines": sum([piece.count(b"\n") async for piece in request.stream()]), "words": word or []}


@patch("/things/{id:str}")
async def change(caller: CurrentCaller, id: FromPath[str], data: JSONBody[NewThing | None] = None) -> dict[str, Any]:
    return {"id": id, "data": data}


@get("/things")
async def listed(
    caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None, name: FromQuery[str | None] = None
) -> dict[str, Any]:
    return {"limit": limit, "cursor": cursor, "name": name, "by": caller.user_id}


@get("/refused/{reason:str}")
async def refused(reason: FromPath[str]) -> None:
    raise BY_REASON[reason]("Not like this.", thing_id="thing-1", retry_after=7)


@get("/broken/{how:str}")
async def broken(how: FromPath[str]) -> None:
    raise BROKEN[how]


async def identify(token: str) -> Caller:
    if token not in {"ana", "bo"}:
        raise NotSignedIn
    return Caller(user_id=f"user-{token}")


def sample_app(checks: Mapping[str, Check] = {}, identify: Authenticator = identify) -> Any:
    return create_app(
        title="Things",
        version="1.2.3",
        routes=[create, judge, greet, press, answer_much, count_lines, change, listed, refused, broken],
        identify=identify,
        services={"things": Things()},
        checks=checks,
    )
