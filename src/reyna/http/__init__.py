"""Manners that every REST door shares: who asks, refusals as problems, ETags, health and metrics."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Litestar
from litestar.config.response_cache import ResponseCacheConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Send

from reyna.domain.errors import Refusal
from reyna.http.asked import Asked, Asking, Cursor, Limit, check_query
from reyna.http.callers import COOKIE, Identify, bearer_of, caller_through, check_origin, token_of
from reyna.http.described import DescribedConfig, browsable, shown
from reyna.http.health import Check, Meter, healthz, metrics_of, readyz_of
from reyna.http.problems import BODY_BYTES, broken, mistaken, refused
from reyna.http.tags import with_etag

__all__ = ["COOKIE", "Asking", "Check", "Cursor", "Limit", "Meter", "bearer_of", "check_origin", "door", "token_of"]


class Door(Litestar):
    """Answers HEAD as it would GET, without the body (RFC 9110, section 9.3.2), and hands each WebSocket to whoever is
    at the other end of its path: what routes and middleware do for a request they would hold as long as it is open."""

    lines: Mapping[str, ASGIApp] = {}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # type: ignore[override]
        if scope["type"] == "websocket" and (line := self.lines.get(scope["path"])) is not None:
            return await line(scope, receive, send)
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await super().__call__(scope, receive, send)

        async def without_body(message: Any) -> None:
            await send(message | {"body": b""} if message["type"] == "http.response.body" else message)

        return await super().__call__(scope | {"method": "GET"}, receive, without_body)


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
    lines: Mapping[str, ASGIApp] = {},
    **more: Any,
) -> Litestar:
    """The REST door of a service: its routes, with `caller` and the named verbs handed to each handler; `lines` are its
    WebSockets by path."""
    meter = meter or Meter()
    dependencies: dict[str, Any] = {"caller": Provide(caller_through(identify))}
    for name, service in verbs.items():
        dependencies[name] = Provide(_giving(service), sync_to_thread=False)
    made = Door(
        route_handlers=[healthz, readyz_of(checks), metrics_of(meter.registry), *shown(), *routes],
        dependencies=dependencies,
        exception_handlers={Refusal: refused, HTTPException: mistaken, Exception: broken},
        before_request=check_query,
        request_class=Asked,
        middleware=[meter.middleware, with_etag, *middleware],
        request_max_body_size=BODY_BYTES,
        response_cache_config=ResponseCacheConfig(default_expiration=0),
        openapi_config=DescribedConfig(
            title=title,
            version=version,
            path="/schema",
            render_plugins=[browsable()],
            use_handler_docstrings=True,
        ),
        debug=False,
        logging_config=None,
        **more,
    )
    made.lines = lines
    return made
