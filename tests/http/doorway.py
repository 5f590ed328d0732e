"""A small door with everything that manners are shown on."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.caller import Caller
from reyna.domain.errors import BY_REASON, Fault, NotSignedIn, TimedOut, Unserved
from reyna.domain.page import DEFAULT_LIMIT
from reyna.http import Asking, Check, Cursor, Limit, door

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
    """What the door opens onto."""

    async def keep(self, caller: Caller, new: NewThing) -> NewThing:
        return new


Verbs = NamedDependency[Things]


@post("/things")
async def create(things: Verbs, caller: Asking, data: JSONBody[NewThing]) -> NewThing:
    return await things.keep(caller, data)


@patch("/things/{id:str}")
async def change(caller: Asking, id: FromPath[str], data: JSONBody[NewThing | None] = None) -> dict[str, Any]:
    return {"id": id, "data": data}


@get("/things")
async def listed(
    caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None, name: FromQuery[str | None] = None
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


def a_door(checks: Mapping[str, Check] = {}) -> Any:
    return door(
        title="Things",
        version="1.2.3",
        routes=[create, change, listed, refused, broken],
        identify=identify,
        verbs={"things": Things()},
        checks=checks,
    )
