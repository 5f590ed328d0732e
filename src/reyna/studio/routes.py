"""The studio's own doors: accounts, and the page."""

from contextlib import suppress
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.datastructures import Cookie

from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.http import COOKIE, check_origin, token_of
from reyna.studio.accounts import SESSION, AccountChange, Credentials, Registration, SignedIn, User
from reyna.studio.service import Me, Studio

AnyRequest = Request[Any, Any, Any]


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str


@post("/auth/register")
async def register(request: AnyRequest, studio: Studio, data: Registration) -> Response[SignedIn]:
    check_origin(request.headers)
    return _with_cookie(request, await studio.register(data), status=201)


@post("/auth/login", status_code=200)
async def login(request: AnyRequest, studio: Studio, data: Credentials) -> Response[SignedIn]:
    check_origin(request.headers)
    return _with_cookie(request, await studio.login(data))


@post("/auth/link", status_code=200)
async def follow_link(request: AnyRequest, studio: Studio, data: Link) -> Response[SignedIn]:
    """Sign in with the one-time link that the house printed."""
    check_origin(request.headers)
    return _with_cookie(request, await studio.follow(data.token))


@post("/auth/logout", status_code=204)
async def logout(request: AnyRequest, studio: Studio) -> Response[None]:
    check_origin(request.headers)
    with suppress(NotSignedIn):  # signed out already is what was asked for
        await studio.logout(token_of(request.headers, request.cookies))
    response: Response[None] = Response(None, status_code=204)
    response.delete_cookie(COOKIE)
    return response


@get("/me")
async def me(studio: Studio, caller: Caller) -> Me:
    return await studio.me(caller)


@patch("/me")
async def change_me(studio: Studio, caller: Caller, data: AccountChange) -> User:
    return await studio.change_account(caller, data)


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


routes: Final = [register, login, follow_link, logout, me, change_me]
