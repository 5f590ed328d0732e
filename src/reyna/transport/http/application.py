"""The ASGI application of a service: its routes, WebSockets and the rules that hold for every request."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from litestar import Litestar
from litestar.config.response_cache import ResponseCacheConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.types import ASGIApp, Receive, Send

from reyna.domain.errors import Refusal, UpgradeRequired
from reyna.transport.http.authentication import (
    Authenticator,
    InstallationNameLookup,
    RunTokenVerifier,
    no_installation_name,
)
from reyna.transport.http.dependencies import JsonRequest, check_query, get_caller, get_idempotency_key
from reyna.transport.http.direct_routes import DirectRoutes
from reyna.transport.http.etags import with_etag
from reyna.transport.http.health import Check, Meter, OptionalCheck, healthz_route, metrics_route, readyz_route
from reyna.transport.http.openapi.pages import OpenAPISettings, swagger_routes
from reyna.transport.http.problems import (
    MAX_BODY_BYTES,
    handle_fault,
    handle_http_exception,
    handle_refusal,
    methods_at,
    options_headers_at,
    send_refusal,
)
from reyna.transport.http.request_guard import RequestGuard
from reyna.transport.http.request_head import check_address, read_head
from reyna.transport.http.security_headers import with_security_headers


class HttpApplication(Litestar):
    """A Litestar application that refuses malformed requests itself and handles HEAD and OPTIONS for every route.

    HEAD is answered like GET without the body (RFC 9110, section 9.3.2), OPTIONS with the methods of the path. Every
    response is counted and carries the security headers. WebSockets go straight to their handler: the layers of a
    request would stay in memory for as long as the connection is open.
    """

    websockets: Mapping[str, ASGIApp] = {}
    meter: Meter
    direct_routes: DirectRoutes

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # type: ignore[override]
        if scope["type"] == "http":
            return await self._answer(scope, receive, send)
        if scope["type"] == "websocket" and (handler := self.websockets.get(scope["path"])) is not None:
            return await handler(scope, receive, send)
        return await super().__call__(scope, receive, send)

    async def _answer(self, scope: Any, receive: Receive, send: Send) -> None:
        started_at, status, method = time.perf_counter(), 0, scope["method"]
        if method == "HEAD":
            scope = scope | {"method": "GET", "is_head": True}

        async def send_message(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = message | {"headers": with_security_headers(message["headers"])}
            elif method == "HEAD":
                message = message | {"body": b""}
            await send(message)

        try:
            scope["head"] = read_head(scope["headers"])
            check_address(scope["path"], scope["raw_path"], scope["query_string"])
            if scope["path"] in self.websockets:
                raise UpgradeRequired
        except Refusal as refusal:
            await send_refusal(send_message, refusal)
        else:
            if method != "OPTIONS" or not await self._send_methods(scope["path"], send_message):
                direct_route = self.direct_routes.find(scope) if method != "HEAD" else None
                await (direct_route or super().__call__)(scope, receive, send_message)
        route = str(scope.get("path_template") or "-")
        self.meter.count(method, route, status, time.perf_counter() - started_at)

    async def _send_methods(self, path: str, send: Send) -> bool:
        """Answers OPTIONS. Returns False, having sent nothing, when no route has this path."""
        with suppress(NotFoundException):
            more = {"allow": ", ".join(methods_at(self, path))} | options_headers_at(self, path)
            headers = [(name.encode(), value.encode()) for name, value in more.items()]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return True
        return False


def create_app(
    *,
    title: str,
    version: str,
    routes: Sequence[Any],
    identify: Authenticator,
    services: Mapping[str, object],
    checks: Mapping[str, Check | OptionalCheck],
    meter: Meter | None = None,
    middleware: Sequence[Any] = (),
    websockets: Mapping[str, ASGIApp] = {},
    installation: InstallationNameLookup = no_installation_name,
    verify_run_token: RunTokenVerifier | None = None,
    **options: Any,
) -> Litestar:
    """Creates the application of a service. Each handler can take `caller` and the `services` by their names.

    `websockets` are ASGI applications by path, `installation` returns the part of the session cookie's name,
    `verify_run_token` verifies the tokens of workers, and `options` go to Litestar.
    """
    meter = meter or Meter()
    dependencies = _dependencies_of(services)
    layers = [RequestGuard(identify, installation, verify_run_token).middleware, with_etag, *middleware]
    application = HttpApplication(
        route_handlers=[
            healthz_route(title),
            readyz_route(checks),
            metrics_route(meter.registry),
            *swagger_routes(),
            *routes,
        ],
        dependencies=dependencies,
        exception_handlers={Refusal: handle_refusal, HTTPException: handle_http_exception, Exception: handle_fault},
        before_request=check_query,
        request_class=JsonRequest,
        middleware=layers,
        request_max_body_size=MAX_BODY_BYTES,
        response_cache_config=ResponseCacheConfig(default_expiration=0),
        openapi_config=OpenAPISettings.of(title, version),
        debug=False,
        logging_config=None,
        **options,
    )
    application.websockets, application.meter = websockets, meter
    application.direct_routes = DirectRoutes(application, layers, services)
    return application


def _dependencies_of(services: Mapping[str, object]) -> dict[str, Any]:
    """Returns the providers of the arguments that handlers can take."""
    dependencies: dict[str, Any] = {
        "caller": Provide(get_caller, sync_to_thread=False),
        "key": Provide(get_idempotency_key),
    }
    for name, service in services.items():
        dependencies[name] = Provide(_provider_of(service), sync_to_thread=False)
    return dependencies


def _provider_of(service: object) -> Callable[[], Any]:
    def provide() -> Any:
        return service

    return provide
