"""Manners that every REST door shares: who asks, refusals as problems, ETags, health and metrics."""

import hashlib
import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.response_cache import ResponseCacheConfig
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from reyna.domain.caller import Caller
from reyna.domain.data import BLOB_BYTES
from reyna.domain.errors import Fault, Forbidden, Invalid, NotFound, NotSignedIn, Refusal, TimedOut, TooLarge, Unserved
from reyna.domain.ids import new_id
from reyna.domain.reading import malformed, misfit

PROBLEM: Final = "application/problem+json"
COOKIE: Final = "reyna_session"
CSRF_HEADER: Final = "x-reyna-csrf"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES: Final = 2 * BLOB_BYTES  # escapes and white space may double what is stored
FAULT_STATUS: Final = {TimedOut: 504, Unserved: 503}

Identify = Callable[[str], Awaitable[Caller]]
Check = Callable[[], Awaitable[None]]
log: Final = structlog.get_logger("reyna.http")
AnyRequest = Request[Any, Any, Any]


# --- who asks ---


def token_of(headers: Headers, cookies: Mapping[str, str]) -> str:
    """The token from `Authorization: Bearer …` or from the session cookie. Raises NotSignedIn."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if cookie := cookies.get(COOKIE):
        return cookie
    raise NotSignedIn


def check_origin(headers: Headers) -> None:
    """A page of another origin may not act through the browser's cookie."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise Forbidden(f"Requests from {origin[:200]} are not accepted here.")


def _caller_through(identify: Identify) -> Callable[[AnyRequest], Awaitable[Caller]]:
    async def caller(request: AnyRequest) -> Caller:
        token = token_of(request.headers, request.cookies)
        by_cookie = "authorization" not in request.headers
        if by_cookie and request.method not in SAFE_METHODS:
            check_origin(request.headers)
            if CSRF_HEADER not in request.headers:
                raise Forbidden(f"With the session cookie, send the header {CSRF_HEADER}: 1.")
        known = await identify(token)
        return msgspec.structs.replace(known, address=request.client.host if request.client else None)

    return caller


# --- errors ---


def _problem(status: int, body: Mapping[str, Any]) -> Response[Any]:
    content = {"type": "about:blank", "status": status} | dict(body)
    return Response(content, status_code=status, media_type=PROBLEM)


def refused(_: AnyRequest, refusal: Refusal) -> Response[Any]:
    """A refusal as RFC 9457 `application/problem+json`."""
    return _problem(refusal.status, refusal.problem())


def broken(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault: its id outside, its trace in the log."""
    if isinstance(error, UnicodeDecodeError | RecursionError) and _reads_body(error):
        return refused(request, malformed(error))
    fault = error if isinstance(error, Fault) else Fault()
    id = fault.id or new_id("fault")
    log.error("fault", id=id, path=request.url.path, exc_info=error)
    status = FAULT_STATUS.get(type(fault), 500)
    return _problem(status, {"code": "fault", "reason": "fault", "detail": fault.detail, "id": id})


def _reads_body(error: Exception) -> bool:
    return isinstance(error, UnicodeDecodeError) or "deserializing" in str(error)


def mistaken(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refused, in our words."""
    match error:
        case ValidationException():
            cause = str(error.__cause__) if error.__cause__ else error.detail
            return refused(request, _field_of(cause))
        case RequestEntityTooLarge():
            return refused(request, TooLarge(f"The request is larger than {BODY_BYTES:,} bytes."))
        case NotFoundException():
            return refused(request, NotFound("There is nothing under this address."))
        case MethodNotAllowedException():
            body = {"code": "not_found", "reason": "method_not_allowed", "detail": "This address knows other methods."}
            return _problem(405, body)
        case HTTPException(status_code=code) if 400 <= code < 500:
            return refused(request, Invalid(error.detail))
    return broken(request, error)


def _field_of(message: str) -> Refusal:
    # Litestar wraps body and parameters into one object: `$.data.name` is the field `name` of the body
    return misfit(message, within="/data")


async def _check_query(request: AnyRequest) -> None:
    """Refuse query parameters that the handler does not know; a misspelt filter must not answer everything."""
    known = inspect.signature(request.route_handler.fn).parameters
    for name in request.query_params:
        if name not in known or name in request.path_params:
            raise Invalid.at(f"/{name}", "is not a parameter of this address")


# --- ETag ---


def with_etag(app: ASGIApp) -> ASGIApp:
    """GETs that answer 200 in one piece carry an ETag; a matching If-None-Match is answered 304."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] is not ScopeType.HTTP or scope["method"] != "GET":
            return await app(scope, receive, send)
        started: Any = None

        async def tagging(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start" and message["status"] == 200:
                started = message
                return
            if started is not None and message["type"] == "http.response.body":
                start, started = started, None
                if not message.get("more_body") and not await _tag(scope, start, message, send):
                    return
                if message.get("more_body"):
                    await send(start)
            await send(message)

        await app(scope, receive, tagging)
        return None

    return middleware


async def _tag(scope: Scope, start: Any, body: Any, send: Send) -> bool:
    """Send the start of the answer with its tag; False when 304 was sent and no body must follow."""
    tag = f'"{hashlib.blake2b(body.get("body", b""), digest_size=12).hexdigest()}"'
    headers = MutableScopeHeaders(start)
    headers["etag"] = tag
    wanted = Headers.from_scope(scope).get("if-none-match", "")
    if tag in (part.strip().removeprefix("W/") for part in wanted.split(",")):
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in (b"content-length", b"content-type")
        ]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return False
    await send(start)
    return True


# --- health and metrics ---


class Meter:
    """Counts and times the requests of one service, by route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("reyna_http_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "reyna_http_seconds", "Time to the answer", ("method", "route"), registry=self.registry
        )

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] is not ScopeType.HTTP:
                return await app(scope, receive, send)
            began, status = time.perf_counter(), 0

            async def noting(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await app(scope, receive, noting)
            route = str(scope.get("path_template") or "-")
            self._requests.labels(scope["method"], route, str(status)).inc()
            self._seconds.labels(scope["method"], route).observe(time.perf_counter() - began)
            return None

        return measured


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process is up."""
    return {"status": "up"}


def _readyz(checks: Mapping[str, Check]) -> Any:
    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[Any]:
        """Every dependency by name: `up`, or what is wrong with it."""
        found: dict[str, str] = {}
        for name, check in checks.items():
            try:
                await check()
                found[name] = "up"
            except (Fault, Refusal) as error:
                found[name] = error.detail
        ready = all(state == "up" for state in found.values())
        return Response({"ready": ready, "dependencies": found}, status_code=200 if ready else 503)

    return readyz


def _metrics(registry: CollectorRegistry) -> Any:
    @get("/metrics", include_in_schema=False, media_type=MediaType.TEXT)
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics


# --- the app ---


def _giving(service: object) -> Callable[[], Any]:
    def give() -> Any:
        return service

    return give


def door(
    *,
    title: str,
    version: str,
    routes: Sequence[Any],
    identify: Identify,
    verbs: Mapping[str, object],
    checks: Mapping[str, Check],
    meter: Meter | None = None,
    middleware: Sequence[Any] = (),
    **more: Any,
) -> Litestar:
    """The REST door of a service: its routes, with `caller` and the named verbs handed to each handler."""
    meter = meter or Meter()
    dependencies: dict[str, Any] = {"caller": Provide(_caller_through(identify))}
    for name, service in verbs.items():
        dependencies[name] = Provide(_giving(service), sync_to_thread=False)
    return Litestar(
        route_handlers=[healthz, _readyz(checks), _metrics(meter.registry), *routes],
        dependencies=dependencies,
        exception_handlers={Refusal: refused, HTTPException: mistaken, Exception: broken},
        before_request=_check_query,
        middleware=[meter.middleware, with_etag, *middleware],
        request_max_body_size=BODY_BYTES,
        response_cache_config=ResponseCacheConfig(default_expiration=0),
        openapi_config=OpenAPIConfig(
            title=title,
            version=version,
            path="/schema",
            render_plugins=[ScalarRenderPlugin()],
            use_handler_docstrings=True,
        ),
        debug=False,
        logging_config=None,
        **more,
    )
