"""The studio's own doors: accounts, and the page."""

from contextlib import suppress
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from reyna.domain.errors import NotSignedIn
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.http import COOKIE, Asking, Cursor, Limit, check_origin, token_of
from reyna.studio.accounts import SESSION, AccountChange, Credentials, Registration, SignedIn, User
from reyna.studio.feed import Happened
from reyna.studio.service import Me, Studio

AnyRequest = Request[Any, Any, Any]
Verbs = NamedDependency[Studio]


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str


@post("/auth/register")
async def register(request: AnyRequest, studio: Verbs, data: JSONBody[Registration]) -> Response[SignedIn]:
    """Make an account, and be signed in."""
    check_origin(request.headers)
    return _with_cookie(request, await studio.register(data), status=201)


@post("/auth/login", status_code=200)
async def login(request: AnyRequest, studio: Verbs, data: JSONBody[Credentials]) -> Response[SignedIn]:
    """Sign in: the token is for programs, the cookie for the browser."""
    check_origin(request.headers)
    return _with_cookie(request, await studio.login(data))


@post("/auth/link", status_code=200)
async def follow_link(request: AnyRequest, studio: Verbs, data: JSONBody[Link]) -> Response[SignedIn]:
    """Sign in with the one-time link that the house printed."""
    check_origin(request.headers)
    return _with_cookie(request, await studio.follow(data.token))


@post("/auth/logout", status_code=204)
async def logout(request: AnyRequest, studio: Verbs) -> Response[None]:
    """End this session and close its sockets; signed out already is no error."""
    check_origin(request.headers)
    with suppress(NotSignedIn):  # signed out already is what was asked for
        await studio.logout(token_of(request.headers, request.cookies))
    response: Response[None] = Response(None, status_code=204)
    response.delete_cookie(COOKIE)
    return response


@get("/me")
async def me(studio: Verbs, caller: Asking) -> Me:
    """Who you are and what you keep."""
    return await studio.me(caller)


@patch("/me")
async def change_me(request: AnyRequest, studio: Verbs, caller: Asking, data: JSONBody[AccountChange]) -> User:
    """Another name, address or password; for the last two, give the old password if you have one. A new password
    ends all your other sessions."""
    return await studio.change_account(caller, data, token=token_of(request.headers, request.cookies))


@get("/events")
async def events(
    studio: Verbs,
    caller: Asking,
    since: FromQuery[str | None] = None,
    type: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Happened]:
    """What happened to what is yours, oldest first; `since` is a cursor or a time, `type` may end in `.*`."""
    return await studio.events(caller, since=since, type=type, limit=limit, cursor=cursor)


def _with_cookie(request: AnyRequest, signed_in: SignedIn, *, status: int = 200) -> Response[SignedIn]:
    """The browser keeps the session where no script can read it."""
    cookie = Cookie(
        key=COOKIE,
        value=signed_in.token,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        max_age=int(SESSION.total_seconds()),
    )
    return Response(signed_in, status_code=status, cookies=[cookie])


routes: Final = [register, login, follow_link, logout, me, change_me, events]
