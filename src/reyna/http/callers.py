"""Who asks: known by a token in the header, or by the browser's cookie, which only our own page may use."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.datastructures import Headers

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, NotSignedIn

COOKIE: Final = "reyna_session"
CSRF_HEADER: Final = "x-reyna-csrf"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Identify = Callable[[str], Awaitable[Caller]]
AnyRequest = Request[Any, Any, Any]


def bearer_of(headers: Headers) -> str | None:
    """The token from `Authorization: Bearer …`."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def token_of(headers: Headers, cookies: Mapping[str, str]) -> str:
    """The token from `Authorization: Bearer …` or from the session cookie. Raises NotSignedIn."""
    if token := bearer_of(headers) or cookies.get(COOKIE):
        return token
    raise NotSignedIn


def check_origin(headers: Headers) -> None:
    """A page of another origin may not act through the browser's cookie."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise Forbidden(f"Requests from {origin[:200]} are not accepted here.")


def caller_through(identify: Identify) -> Callable[[AnyRequest], Awaitable[Caller]]:
    async def caller(request: AnyRequest) -> Caller:
        token = token_of(request.headers, request.cookies)
        by_cookie = bearer_of(request.headers) is None
        if by_cookie and request.method not in SAFE_METHODS:
            check_origin(request.headers)
            if CSRF_HEADER not in request.headers:
                raise Forbidden(f"With the session cookie, send the header {CSRF_HEADER}: 1.")
        known = await identify(token)
        return msgspec.structs.replace(known, address=request.client.host if request.client else None)

    return caller
